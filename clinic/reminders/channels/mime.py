"""A letter as bytes. Python's own way costs more than all the rest of sending it, so ours are put together by hand."""

from base64 import encodebytes
from email.utils import formatdate
from secrets import token_hex
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.message import forbid_multi_line_headers

_LONGEST_HEADER: Final = 76  # RFC 5322, 2.1.1, less the line's end
_LONGEST_LINE: Final = 998
_END: Final = b"\r\n"


def as_bytes(mail: EmailMessage) -> bytes:
    """As it goes over the line, with lines that end in CR LF.

    Raises `ValueError` for a header or an address that cannot stand in a mail.
    """
    if not isinstance(mail, EmailMultiAlternatives) or not _is_plain_letter(mail):
        return _by_python(mail)
    boundary = f"=_{token_hex(16)}"
    content, _ = mail.alternatives[0]
    headers = [
        _header("MIME-Version", "1.0"),
        f'Content-Type: multipart/alternative; boundary="{boundary}"'.encode(),
        _header("Subject", mail.subject),
        _header("From", mail.from_email),
        _header("To", ", ".join(mail.to)),
        _header("Date", formatdate(localtime=settings.EMAIL_USE_LOCALTIME)),
        *(_header(name, value) for name, value in mail.extra_headers.items()),
    ]
    between = f"--{boundary}".encode()
    parts = [between, _part("plain", str(mail.body)), between, _part("html", str(content)), between + b"--", b""]
    return _END.join([*headers, b"", *parts])


def _is_plain_letter(mail: EmailMultiAlternatives) -> bool:
    """What our letters are: a text and the same in HTML, to one person."""
    return (
        [it[1] for it in mail.alternatives] == ["text/html"]
        and not (mail.attachments or mail.cc or mail.bcc or mail.reply_to or mail.encoding)
        and {"message-id"} == {it.lower() for it in mail.extra_headers} & {"message-id", "date", "from", "to"}
    )


def _header(name: str, value: object) -> bytes:
    text = str(value)
    if text.isascii() and text.isprintable() and len(name) + 2 + len(text) <= _LONGEST_HEADER:
        return f"{name}: {text}".encode()
    # Encoded and folded as Django does it; it also refuses a value of two lines, which would be a header of its own.
    _, safe = forbid_multi_line_headers(name, text, "utf-8")
    return _END.join(f"{name}: {safe}".encode().splitlines())


def _part(kind: str, text: str) -> bytes:
    lines = text.encode().splitlines()
    is_plain = text.isascii() and max(map(len, lines), default=0) <= _LONGEST_LINE
    how, body = ("7bit", lines) if is_plain else ("base64", encodebytes(text.encode()).splitlines())
    header = f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: {how}\r\n'
    return _END.join([header.encode(), *body, b""])


def _by_python(mail: EmailMessage) -> bytes:
    lines = mail.message().as_bytes().splitlines()
    return _END.join([*lines, b""])

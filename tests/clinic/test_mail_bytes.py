"""Letters put together by hand say what Python's own way would have made them say."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formataddr

import pytest
from django.core.mail import BadHeaderError, EmailMultiAlternatives
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from clinic.reminders.channels import mime

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029\x85"))
LINES = st.lists(WORDS, max_size=6).map("\n".join).map("Dear ".__add__)


def a_letter(subject: str = "Your visit", text: str = "Dear Leila,\n", **fields: str) -> EmailMultiAlternatives:
    mail = EmailMultiAlternatives(
        subject=subject,
        body=text,
        from_email=fields.get("sender", "Northgate <clinic@example.org>"),
        to=[fields.get("to", "leila@example.org")],
        headers={"Message-ID": "<one@rebalance-clinic>", "List-Unsubscribe": f"<https://{'long' * 30}.example.org/>"},
    )
    mail.attach_alternative(f"<p>{text}</p>", "text/html")
    return mail


def read(written: bytes) -> EmailMessage:
    return message_from_bytes(written, _class=EmailMessage, policy=policy.default)


def said(mail: EmailMessage) -> list[str]:
    parts = [mail.get_body((kind,)) for kind in ("plain", "html")]
    return [part.get_content().replace("\r\n", "\n").rstrip("\n") for part in parts if part]


@settings(max_examples=60, phases=[Phase.explicit, Phase.generate])
@given(subject=WORDS.filter(str.strip), text=LINES, name=WORDS)
def test_a_letter_reads_as_it_was_written(subject: str, text: str, name: str) -> None:
    letter = a_letter(subject, text, sender=formataddr((name, "clinic@example.org")))

    ours, pythons = mime.as_bytes(letter), letter.message().as_bytes()

    assert said(read(ours)) == [text.rstrip("\n"), f"<p>{text}</p>"]
    assert said(read(ours)) == said(read(pythons))
    for header in ("Subject", "From", "To", "Message-ID", "List-Unsubscribe"):
        assert read(ours)[header].strip() == read(pythons)[header].strip()
    assert b"\n" not in ours.replace(b"\r\n", b"")
    assert max(map(len, ours.splitlines())) <= 998
    assert ours.isascii()


@pytest.mark.parametrize("field", ["subject", "sender", "to"])
def test_no_value_can_add_a_header(field: str) -> None:
    letter = a_letter(**{field: "leila@example.org\nBcc: all@example.org"})

    with pytest.raises(BadHeaderError):
        mime.as_bytes(letter)


def test_a_mail_of_another_shape_goes_pythons_way() -> None:
    letter = a_letter()
    letter.attach("visit.ics", "BEGIN:VCALENDAR", "text/calendar")

    assert [part.get_content_type() for part in read(mime.as_bytes(letter)).walk()] == [
        *("multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar")
    ]

"""Mail: one line to the server, and what a broken line means at each step."""

import re
import smtplib
from collections.abc import Callable, Sequence
from functools import lru_cache
from types import TracebackType
from typing import Final, NoReturn, Self

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends import smtp
from django.core.mail.message import sanitize_address

from clinic.reminders.channels import mail_provider, mime
from clinic.reminders.channels.trouble import CalledOff, InDoubt, Refused, Trouble, TryLater, Unreachable

__all__ = ["CalledOff", "InDoubt", "Line", "Refused", "Trouble", "TryLater", "Unreachable"]

_PLAIN = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")  # nothing to encode
# RFC 5321, 4.2
_TAKEN: Final = (250, 251)
_GO_AHEAD: Final = 354
_CLOSING: Final = 421  # the server closes the connection
_PERMANENT: Final = 500
_DOT_AT_START: Final = re.compile(rb"(?m)^\.")  # 4.5.2: a line with nothing but a dot would end the text


class Line:
    """One connection for many mails, opened when first needed and again after it broke."""

    def __init__(self) -> None:
        self.provider = settings.EMAIL_PROVIDER or "smtp"
        # Called while the server thinks about the sender of a mail. It never raises.
        self.meanwhile: Callable[[], None] = _nothing
        self._backend = get_connection()
        self._is_open = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def open(self) -> None:
        """Raises `Unreachable`."""
        if self._is_open:
            return
        try:
            self._backend.open()
        except (OSError, smtplib.SMTPException) as error:  # the latter is one of the former, but say so
            self._hang_up()
            raise Unreachable(_code(error)) from error
        self._is_open = True

    def hand_over(self, mail: EmailMessage, *, go: Callable[[], bool]) -> str:
        """Give one mail to the server, and return what a provider calls it when it was accepted.

        Raises `Refused`, `TryLater` or `InDoubt`; and `CalledOff` if `go`, asked before the text leaves, says no.
        """
        if isinstance(self._backend, smtp.EmailBackend) and self._backend.connection is not None:
            self._speak(self._backend.connection, mail, go)
            return ""
        if not go():
            raise CalledOff
        if settings.EMAIL_PROVIDER:
            return mail_provider.given(self._backend, mail)
        try:
            self._backend.send_messages([mail])
        except OSError as error:  # the local mailbox: a full disk
            raise TryLater(_code(error)) from error
        return ""

    def _speak(self, server: smtplib.SMTP, mail: EmailMessage, go: Callable[[], bool]) -> None:
        """SMTP step by step, because what a broken line means depends on the step."""
        try:
            text = mime.as_bytes(mail)
            sender = _plain(settings.EMAIL_BOUNCES_TO or mail.from_email)
            addresses = [_plain(address) for address in mail.recipients()]
        except ValueError as error:
            raise Refused(_code(error), reason="bad_address") from error
        try:
            self._announce(server, sender, addresses)
        except (OSError, smtplib.SMTPException) as error:
            self._hang_up()
            raise TryLater(_code(error)) from error
        if not go():
            self._hang_up()  # it waits for the text, and only silence takes that back
            raise CalledOff
        try:
            server.send(_DOT_AT_START.sub(b"..", text) + b".\r\n")
            code = server.getreply()[0]
        except (OSError, smtplib.SMTPException) as error:
            self._hang_up()
            raise InDoubt(_code(error)) from error
        if code not in _TAKEN:
            self._rejected(server, code)

    def _announce(self, server: smtplib.SMTP, sender: str, addresses: Sequence[str]) -> None:
        """Say who writes to whom, until the server waits for the text: in one breath where it can listen so."""
        server.ehlo_or_helo_if_needed()
        envelope = [f"RCPT TO:{smtplib.quoteaddr(it)}" for it in addresses]
        commands = [f"MAIL FROM:{smtplib.quoteaddr(sender)}", *envelope, "DATA"]
        breaths = [commands] if server.has_extn("pipelining") else [[it] for it in commands]
        for breath in breaths:
            server.send("".join(f"{command}\r\n" for command in breath))
            if breath is breaths[0]:
                # Now, and not once the text is given: until what came of that is written, it is in doubt.
                self.meanwhile()
            self._all_welcome(server, breath)

    def _all_welcome(self, server: smtplib.SMTP, commands: Sequence[str]) -> None:
        """Each command has its answer, also after one that was refused: what is not read now would answer the next."""
        answers: list[int] = []
        for _ in commands:
            try:
                answers.append(server.getreply()[0])
            except smtplib.SMTPServerDisconnected:
                self._hang_up()
                if all(code in _TAKEN for code in answers):
                    raise
                break  # it said why before
        for command, code in zip(commands, answers, strict=False):
            if code in _TAKEN or (command, code) == ("DATA", _GO_AHEAD):
                continue
            if answers[-1] == _GO_AHEAD:
                self._hang_up()  # it waits for the text of a mail to nobody
            # A sender that is refused is our own fault, which somebody can mend: the patient still wants her mail.
            self._rejected(server, code, may_be_refused=not command.startswith("MAIL"))

    def _rejected(self, server: smtplib.SMTP, code: int, *, may_be_refused: bool = True) -> NoReturn:
        if code == _CLOSING:
            self._hang_up()
        elif self._is_open:
            self._reset(server)
        if code >= _PERMANENT and may_be_refused:
            raise Refused(str(code), reason="bounced")
        raise TryLater(str(code))

    def _reset(self, server: smtplib.SMTP) -> None:
        """Forget the refused mail, so that the next one starts clean."""
        try:
            server.rset()
        except (OSError, smtplib.SMTPException):
            self._hang_up()

    def _close(self) -> None:
        self._is_open = False
        try:
            self._backend.close()
        except (OSError, smtplib.SMTPException):  # it was broken already
            return

    def _hang_up(self) -> None:
        """Without a goodbye: a server that waits for text takes it for text, a silent one never answers it."""
        self._is_open = False
        if isinstance(self._backend, smtp.EmailBackend) and self._backend.connection is not None:
            self._backend.connection.close()
            self._backend.connection = None


def _nothing() -> None:
    """Nobody has anything else to do."""


@lru_cache(maxsize=1024)
def _plain(address: str) -> str:
    """As it may be said to a server. Raises `ValueError`."""
    return address if _PLAIN.fullmatch(address) else sanitize_address(address, "utf-8")


def _code(error: Exception) -> str:
    """What may be kept of an error: its kind and code. Its text often holds the address."""
    code = getattr(error, "smtp_code", None) or getattr(error, "errno", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__

"""Twilio's way of taking a text over HTTP; what a broken line means depends on the step.

It has no key by which a repeated request is known as one. So nothing is ever repeated here: an answer that does not
come is a doubt, and `look_up` asks later what became of it.
"""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode

from django.conf import settings

from clinic.reminders.channels.lines import was_hung_up
from clinic.reminders.channels.text import Account, Found, Text
from clinic.reminders.channels.trouble import CalledOff, InDoubt, Refused, TryLater, Unreachable
from clinic.reminders.rules import receipts

_OK: Final = frozenset({200, 201})
_NOT_TAKEN: Final = frozenset({429, 503})  # said before it was looked at
_NOT_US: Final = frozenset({401, 403})
_SERVERS_FAULT: Final = 500
_PAGE: Final = 50
_CLOCKS_DIFFER: Final = timedelta(minutes=2)
_REDACTED, _CUT_OFF = "redacted", "cut off"
CANNOT_EVER_TELL: Final = frozenset({_REDACTED, _CUT_OFF})  # asking again would not help
_LONGEST_VALID: Final = 36_000  # seconds; Twilio takes no more


class _InOnePiece(HTTPConnection):
    """Sends a request when it is told to, head and body at once: whoever is stopped between the two, and goes on when
    the message is somebody else's by then, would still have it sent.
    """

    _pieces: bytes = b""

    def send(self, data: Any) -> None:
        self._pieces += data

    def leave(self) -> None:
        """Raises what sending raises."""
        pieces, self._pieces = self._pieces, b""
        super().send(pieces)


class _SecureInOnePiece(_InOnePiece, HTTPSConnection):
    """The same over TLS."""


class Line:
    """One connection for many texts, opened when first needed and again after it broke."""

    provider = "twilio"

    def __init__(self, account: Account) -> None:
        self._account = account
        self._http: _InOnePiece | None = None
        key = base64.b64encode(f"{account.sid}:{account.secret}".encode()).decode()
        self._headers = {"Authorization": f"Basic {key}", "Accept": "application/json"}
        self._path = f"/2010-04-01/Accounts/{account.sid}/Messages.json"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def open(self) -> None:
        """Raises `Unreachable`."""
        if self._http and not was_hung_up(self._http):
            return
        self._close()
        kind = _SecureInOnePiece if self._account.is_secure else _InOnePiece
        http = kind(self._account.host, self._account.port, timeout=settings.SMS_TIMEOUT)
        http.auto_open = 0  # never reconnects in the middle of a text
        try:
            http.connect()
        except OSError as error:
            http.close()
            raise Unreachable(_kind(error)) from error
        self._http = http

    def hand_over(self, text: Text, *, go: Callable[[], bool]) -> str:
        """Give one text to Twilio, and return its SID.

        Raises `Refused`, `TryLater` or `InDoubt`; and `CalledOff` if `go`, asked before it leaves, says no.
        """
        form = {"To": text.to, "Body": text.body, self._sender_field: self._account.sender}
        if text.report_to:
            form["StatusCallback"] = text.report_to
        if text.valid_seconds:
            form["ValidityPeriod"] = str(min(text.valid_seconds, _LONGEST_VALID))
        headers = self._headers | {"Content-Type": "application/x-www-form-urlencoded"}
        self.open()
        try:
            status, answer = self._ask("POST", self._path, urlencode(form).encode(), headers, go=go)
        except (OSError, HTTPException, ValueError) as error:
            # Also when it broke while we were sending: the last byte may have gone through.
            self._close()
            raise InDoubt(_kind(error)) from error
        if status in _OK and (sid := str(answer.get("sid") or "")):
            return sid
        raise _trouble(status, answer)

    def look_up(self, text: Text, *, since: datetime) -> list[Found]:
        """Texts to this number with these words that Twilio took since then. Raises `TryLater` if it cannot tell."""
        # Not by DateSent: a text that still queues has none, and would seem absent.
        query = urlencode({"To": text.to, "PageSize": _PAGE})
        self.open()
        try:
            status, answer = self._ask("GET", f"{self._path}?{query}", b"", self._headers)
        except (OSError, HTTPException, ValueError) as error:
            self._close()
            raise TryLater(_kind(error)) from error
        rows = answer.get("messages")
        if status not in _OK or not isinstance(rows, list):
            raise TryLater(_note(status, answer))
        return _alike(rows, text, since - _CLOCKS_DIFFER, is_all=len(rows) < _PAGE)

    @property
    def _sender_field(self) -> str:
        return "From" if self._account.sender.startswith("+") else "MessagingServiceSid"

    def _ask(
        self, verb: str, path: str, body: bytes, headers: dict[str, str], *, go: Callable[[], bool] | None = None
    ) -> tuple[int, dict[str, Any]]:
        assert self._http is not None  # noqa: S101  (open() was called; for the type checker)
        self._http.putrequest(verb, path)
        for name, value in (headers | ({"Content-Length": str(len(body))} if body else {})).items():
            self._http.putheader(name, value)
        self._http.endheaders(body)
        # With nothing left to do but to send it: who is stopped between this and that may be a minute late.
        if go and not go():
            self._close()
            raise CalledOff
        self._http.leave()
        response = self._http.getresponse()
        text = response.read()
        answer = json.loads(text) if response.status in _OK else _read(text)
        return response.status, answer if isinstance(answer, dict) else {}

    def _close(self) -> None:
        if self._http:
            self._http.close()
        self._http = None


def _alike(rows: list[dict[str, Any]], text: Text, since: datetime, *, is_all: bool) -> list[Found]:
    """Raises `TryLater` where the list is cut off too early, or its words were blotted out (Twilio's redaction)."""
    found, oldest = [], datetime.max.replace(tzinfo=UTC)
    for row in rows:
        created = parsedate_to_datetime(str(row.get("date_created")))
        oldest = min(oldest, created)
        if created < since or row.get("direction") == "inbound":
            continue
        if not row.get("body"):
            raise TryLater(_REDACTED)
        # By its link rather than by every word: she may have got another name since.
        if (text.mark in row["body"]) if text.mark else (row["body"] == text.body):
            found.append(Found(str(row.get("sid")), str(row.get("status"))))
    if not found and not is_all and oldest >= since:
        raise TryLater(_CUT_OFF)
    return found


def _trouble(status: int, answer: dict[str, Any]) -> Exception:
    code = int(answer.get("code") or 0)
    note = _note(status, answer)
    if status in _NOT_US or receipts.is_ours_to_mend(code):
        return Unreachable(note)
    if status in _NOT_TAKEN:
        return TryLater(note)
    if status >= _SERVERS_FAULT or status in _OK:
        return InDoubt(note)
    if reason := receipts.reason(code):
        return Refused(note, reason=reason)
    return TryLater(note)


def _read(text: bytes) -> Any:
    """What an error says, if it says it in JSON; a proxy in between answers in HTML."""
    try:
        return json.loads(text)
    except ValueError:
        return {}


def _note(status: int, answer: dict[str, Any]) -> str:
    return f"{status} {answer.get('code') or ''}".strip()


def _kind(error: Exception) -> str:
    """What may be kept of an error: its text may hold the number."""
    code = getattr(error, "errno", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__

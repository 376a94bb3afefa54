"""Messages on a phone's or computer's own screen (RFC 8030). Without `PUSH_KEY` there are none."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from clinic.reminders.actions import screens
from clinic.reminders.channels import sealing
from clinic.reminders.channels.lines import was_hung_up
from clinic.reminders.channels.trouble import CalledOff, InDoubt, Refused, TryLater
from clinic.reminders.models import PushSubscription

_log = logging.getLogger(__name__)
_TAKEN: Final = frozenset({200, 201, 202, 204})
_GONE: Final = frozenset({404, 410})  # RFC 8030, 7.3: the browser takes no more
_NOT_US: Final = frozenset({401, 403})
_IN_DOUBT, _LATER = 0, 1  # instead of a status
_FILLED_TO: Final = 1024  # bytes; the same for every message


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    screens: tuple[PushSubscription, ...]
    body: bytes
    topic: str  # the same at each try: what still waits is replaced and not shown twice
    ttl_seconds: int


def is_on() -> bool:
    return bool(settings.PUSH_KEY)


@lru_cache(maxsize=2)
def own_key(said: str) -> ec.EllipticCurvePrivateKey:
    """Raises `ImproperlyConfigured`, without the key in its words."""
    try:
        return sealing.own_key(said)
    except ValueError as error:
        raise ImproperlyConfigured("PUSH_KEY is no key. Make one: manage.py push_key") from error


class Line:
    """To every push service that the patients' browsers use; a connection to each, opened when first needed."""

    provider = "push"

    def __init__(self) -> None:
        self._key = own_key(settings.PUSH_KEY)
        self._lines: dict[str, HTTPConnection] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for service in tuple(self._lines):
            self._close(service)

    def open(self) -> None:
        """There is no one line that all go over."""

    def hand_over(self, notice: Notice, *, go: Callable[[], bool]) -> str:
        """To every screen of the patient; enough if one of them took it.

        Raises `Refused` where none is left, `TryLater`, `InDoubt`, and `CalledOff` if `go` says no.
        """
        if not go():
            raise CalledOff
        answers = [(screen, self._answer(screen, notice)) for screen in notice.screens]
        screens.answered(
            taken=[screen.pk for screen, status in answers if status in _TAKEN],
            gone=[screen.pk for screen, status in answers if status in _GONE],
            now=timezone.now(),
        )
        statuses = {status for _, status in answers}
        note = " ".join(str(status) for _, status in answers)
        if statuses & _TAKEN:
            return ""
        if _IN_DOUBT in statuses:
            raise InDoubt(note)
        if statuses - _GONE:
            raise TryLater(note)
        raise Refused(note, reason="no_push")

    def _answer(self, screen: PushSubscription, notice: Notice) -> int:
        parts = urlsplit(screen.endpoint)
        service = f"{parts.scheme}://{parts.netloc}"
        keys = screen.public_key, screen.auth_secret
        contact = f"mailto:{settings.DEFAULT_FROM_EMAIL}"
        headers = {
            "Authorization": sealing.signed(self._key, service=service, contact=contact, now=timezone.now()),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(notice.ttl_seconds),
            "Topic": notice.topic,
        }
        where = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        try:
            line = self._open(service)
        except OSError:
            self._close(service)
            return _LATER
        try:
            line.request("POST", where, sealing.sealed(notice.body, *keys, pad_to=_FILLED_TO), headers)
            answer = line.getresponse()
            answer.read()
        except (OSError, HTTPException):
            self._close(service)
            return _IN_DOUBT
        if answer.status in _NOT_US:
            _log.warning("A push service does not know our key: %s", answer.status)
        return answer.status

    def _open(self, service: str) -> HTTPConnection:
        line = self._lines.get(service)
        if line and not was_hung_up(line):
            return line
        self._close(service)
        parts = urlsplit(service)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._lines[service] = line = kind(parts.hostname or "", parts.port, timeout=settings.PUSH_TIMEOUT)
        line.auto_open = 0  # never reconnects in the middle of a message
        line.connect()
        return line

    def _close(self, service: str) -> None:
        if line := self._lines.pop(service, None):
            line.close()

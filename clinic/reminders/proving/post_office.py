"""A mail server on loopback that keeps a ledger of what it took, and misbehaves as it is told."""

import asyncio
import logging
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from typing import Final, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

OK: Final = "250 OK"


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail that was accepted: whatever the clinic believes, it would have reached a mailbox."""

    message_id: str
    at: float  # time.time()
    words: str = ""


class PostOffice:
    """Accepts everything unless told otherwise.

    `loses` is the share of mails, by chance, that are taken and whose answer is lost. `answers` are given to the next
    texts in order; "hang" takes the mail and says nothing. `strangers` are addresses that it refuses for good.
    `pace_seconds` is how long it thinks about each, and `keeps_words` keeps what was written.
    """

    def __init__(self, *, port: int = 0, loses: float = 0.0, pace_seconds: float = 0.0, seed: int = 7) -> None:
        self.taken: list[Taken] = []
        self.answers: list[str] = []
        self.strangers: set[str] = set()
        self.refused, self.keeps_words = 0, False
        self.loses, self.pace_seconds, self.lost = loses, pace_seconds, 0
        self._chance = random.Random(seed)  # noqa: S311  (the same faults in each run)
        self._lock = threading.Lock()
        self.port = port or free_port()
        self._controller: Controller | None = None

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def open(self) -> None:
        """At the same address as before."""
        logging.getLogger("mail.log").setLevel(logging.WARNING)  # it tells of every command
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def close(self) -> None:
        """Nobody answers any more; what was taken stays taken."""
        if self._controller:
            self._controller.stop()
            self._controller = None

    @contextmanager
    def thinking(self, seconds: float) -> Iterator[None]:
        """For as long about each mail, for a while."""
        before, self.pace_seconds = self.pace_seconds, seconds
        try:
            yield
        finally:
            self.pace_seconds = before

    def counts(self) -> Counter[str]:
        """How often each Message-ID was accepted."""
        with self._lock:
            return Counter(it.message_id for it in self.taken)

    def seconds(self) -> float:
        """Between the first mail that it took and the last."""
        with self._lock:
            moments = [it.at for it in self.taken]
        return max(moments) - min(moments) if moments else 0.0

    async def handle_EHLO(  # noqa: N802  aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """It reads line by line, so several at once are no trouble to it: as with any server in earnest."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_RCPT(  # noqa: N802  aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.strangers:
            self.refused += 1
            return "550 no such person here"
        envelope.rcpt_tos.append(address)
        return OK

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's
        answer = self.answers.pop(0) if self.answers else OK
        if self.pace_seconds:
            await asyncio.sleep(self.pace_seconds)
        is_lost = self._chance.random() < self.loses
        if answer in (OK, "hang"):
            headers = BytesHeaderParser().parsebytes(_head(envelope.content or b""))
            with self._lock:
                self.taken.append(Taken(str(headers["Message-ID"]), time.time(), self._words(envelope)))
                self.lost += is_lost or answer == "hang"
        if answer == "hang":
            await asyncio.sleep(60)
        self.refused += answer.startswith("5")
        if is_lost and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()  # it took the mail, and the line broke before it said so
        return answer

    def _words(self, envelope: Envelope) -> str:
        content = envelope.content or b""
        if not self.keeps_words:
            return ""
        return (content if isinstance(content, str) else content.decode("utf-8", "replace")).replace("=\r\n", "")


def _head(content: str | bytes) -> bytes:
    text = content.encode() if isinstance(content, str) else content
    return text.partition(b"\r\n\r\n")[0]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

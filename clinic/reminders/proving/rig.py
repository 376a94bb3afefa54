"""All that a reminder passes on its way, real and on loopback: worker, broker, PostgreSQL, mail server, gateway."""

import random
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from types import TracebackType
from typing import Final, Self

from celery import Celery
from django.db import DatabaseError
from django.utils import timezone
from kombu.exceptions import OperationalError as NoBroker

from clinic.reminders.models import Message
from clinic.reminders.proving import world
from clinic.reminders.proving.findings import Bounds, Delivery, Findings, found
from clinic.reminders.proving.post_office import PostOffice
from clinic.reminders.proving.processes import Broker, Process, Processes, children_of
from clinic.reminders.proving.sms_gateway import SmsGateway
from clinic.reminders.proving.world import Owed

LEASE_SECONDS: Final = 4  # instead of 60: the same rules, sooner
_PACE_SECONDS: Final = 0.004  # a quick provider's
_TICK_SECONDS: Final = 0.2
_WORKER_DIES: Final = 0.05  # share of the kills: it takes seconds until another one is there
LOOK: Final = "clinic.reminders.tasks.look"


class Rig:
    """Owes messages, lets workers at them, and counts at the other side. Ends all that it started."""

    def __init__(self, *, database_url: str, cut: Callable[[], int], messages: int, seed: int = 1) -> None:
        self.messages, self.chance = messages, random.Random(seed)  # noqa: S311  (the same faults in each run)
        self.cut, self._database_url = cut, database_url
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.office = self._stack.enter_context(PostOffice(pace_seconds=_PACE_SECONDS))
        self.gateway = self._stack.enter_context(SmsGateway())
        environment = {
            "DATABASE_URL": self._database_url,
            "EMAIL_URL": f"smtp://127.0.0.1:{self.office.port}",
            "SMS_URL": self.gateway.url,
            "OUTBOX_LEASE_SECONDS": str(LEASE_SECONDS),
            "EMAIL_TIMEOUT": str(LEASE_SECONDS / 2),
            "SMS_TIMEOUT": str(LEASE_SECONDS / 2),
            "LOOKOUT_SECONDS": "1",
            "LOG_LEVEL": "WARNING",
            "PYTHONWARNINGS": "ignore",
        }
        self.processes = self._stack.enter_context(Processes(environment))
        self.broker = Broker(self.processes)
        self.broker.start()
        # Its own line to the broker, as beat has: no settings of this process lead there.
        self._celery = Celery("prove", broker=self.broker.url)
        self._celery.conf.broker_transport_options = {"socket_connect_timeout": 1, "socket_timeout": 1}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def owe(self, *, channel: str = "email", at_hour: int = 12, count: int = 0) -> "Trial":
        now = timezone.now()
        owed = world.owe(count or self.messages, now=now, channel=channel, at_hour=at_hour)
        return Trial(self, owed, channel, now)

    def poke(self) -> None:
        """What beat sends: look now."""
        with suppress(NoBroker, OSError):
            self._celery.send_task(LOOK, expires=10, retry=False)

    def deliveries(self, channel: str) -> list[Delivery]:
        if channel == "sms":
            return [Delivery(text.to, text.at.timestamp()) for text in tuple(self.gateway.taken)]
        return [Delivery(mail.message_id, mail.at) for mail in tuple(self.office.taken)]

    def a_victim(self, workers: Sequence[Process]) -> int | None:
        """Mostly one of the children, which are there again at once; now and then a worker itself. None yet: None."""
        children = [pid for worker in workers for pid in children_of(worker)]
        if not children:
            return None
        return self.chance.choice(workers).pid if self.chance.random() < _WORKER_DIES else self.chance.choice(children)


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

    def wait(self, meanwhile: Callable[[], object] = lambda: None, *, seconds: float = 90) -> None:
        """Until all is settled. `meanwhile` happens every fifth of a second, and "look now" is sent as often."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.is_settled():
            self.rig.poke()
            meanwhile()
            time.sleep(_TICK_SECONDS)

    def wait_for(self, count: int, *, seconds: float = 30) -> None:
        """Until so many have left."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and len(self.deliveries()) < count:
            self.rig.poke()
            time.sleep(0.02)

    def is_settled(self) -> bool:
        try:
            mine = Message.objects.filter(pk__in=[it.message_id for it in self.owed])
            return not mine.filter(state__in=Message.OPEN).exists()
        except DatabaseError:  # our own connection was cut with all others
            return False

    def found(self, name: str, *, bounds: Bounds) -> Findings:
        return found(
            name,
            self.owed,
            self.deliveries(),
            untrue_since=self.untrue_since,
            began=self._began,
            faults=self.faults,
            ended=time.time(),
            bounds=bounds,
        )

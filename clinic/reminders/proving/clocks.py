"""When things are said: whatever the clocks do, and however many of them run."""

import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone

from clinic.reminders.actions import planning
from clinic.reminders.proving import stepping, world
from clinic.reminders.proving.findings import Bounds, Delivery, Findings, Seen, found
from clinic.reminders.proving.processes import Process, kill
from clinic.reminders.proving.rig import Rig, Trial
from clinic.reminders.proving.world import Owed

_FAKETIME: Final = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
_BEATS: Final = 3
_A_BEAT_AND_A_HALF: Final = 15  # seconds

ZONES: Final = (
    "America/New_York",
    "America/Santiago",
    "Europe/Berlin",
    "Africa/Cairo",
    "Australia/Lord_Howe",  # its clocks change by half an hour
    "Pacific/Auckland",
)
YEAR: Final = 2032  # has a leap day, and nothing else was booked in it
_STEP: Final = timedelta(minutes=30)
_VISITS_AT: Final = (clock_time(9), clock_time(12), clock_time(17, 30))
# Written here again, and not read from the product: what is held against it.
_EVE, _BEFORE, _SPEAK = clock_time(18), timedelta(hours=2), (8, 20)


def beats(rig: Rig) -> Findings:
    """R6: three beats, one of them two hours ahead, and everybody plans at once: each visit is announced once."""
    now = timezone.now()
    visits = world.book(rig.messages, now=now)
    ahead = {"LD_PRELOAD": _FAKETIME, "FAKETIME": "+2h"} if os.path.exists(_FAKETIME) else {}  # noqa: PTH110
    trial, began = Trial(rig, [], "email", now), time.monotonic()

    def is_over() -> bool:
        trial.owed = [it for it, _ in world.told(visits, ["booked"])]
        is_late_enough = time.monotonic() > began + _A_BEAT_AND_A_HALF
        return is_late_enough and len(trial.owed) >= len(visits) and trial.is_settled()

    with rig.workers():
        several = [rig.processes.beat(**(ahead if n == 0 else {})) for n in range(_BEATS)]
        trial.faults = _BEATS
        trial.wait(lambda: planning.plan(now=timezone.now()), is_over=is_over)
        for beat in several:
            kill(beat)
    announced = {it.visit_id for it in trial.owed}
    return trial.found("R6 three beats", bounds=Bounds()).also(
        planned_twice=len(trial.owed) - len(announced), never_planned=len(visits) - len(announced)
    )


def night(rig: Rig) -> Findings:
    """R9: it is ten in the evening where they live. Nobody is woken."""
    trial = rig.owe(at_hour=22, count=20)
    with rig.workers():
        trial.wait(seconds=6)
    return trial.found("R9 at night", bounds=Bounds(nothing_leaves=True))


def clock_changes(rig: Rig) -> Findings:
    """R9: the days around every change of the clocks of a year in six zones, a leap day, a clock that is set back."""
    began = time.time()
    world.clear(timezone.now())
    worker = rig.processes.asked(sys.executable, "-m", stepping.__name__)
    owed: list[Owed] = []
    taken: list[Delivery] = []
    due: dict[str, float] = {}
    missing, misspoken, rig.office.keeps_words = 0, 0, True
    days = sorted({*_changes(), date(YEAR, 2, 29)})
    for day in days:
        expected, times = _book_around(day)
        before = len(rig.office.taken)
        taken += _live_through(rig, worker, day)
        told = world.told({visit for visit, _ in expected}, ["reminder"])
        said_in = {it.message_id: it.words for it in rig.office.taken[before:]}
        misspoken += sum(times[it.visit_id] not in said_in.get(it.key, times[it.visit_id]) for it, _ in told)
        mine = {it.key: expected.pop((it.visit_id, said.rpartition("#")[2]), None) for it, said in told}
        missing += len(expected)
        due |= {key: at.timestamp() for key, at in mine.items() if at}
        owed += [it for it, _ in told]
    kill(worker)
    rig.office.keeps_words = False
    seen = Seen(owed=owed, deliveries=taken, began=began, ended=time.time(), faults=len(days), due=due)
    late = [it for it in taken if it.at - due.get(it.key, 0) >= 2 * _STEP.total_seconds()]
    return found("R9 clocks change", seen, bounds=Bounds()).also(
        never_planned=missing,
        planned_for_nothing=len(owed) - len(due),
        said_an_hour_late=len(late),
        said_with_the_wrong_hour=misspoken,
    )


def _changes() -> Iterator[date]:
    for name in ZONES:
        for hour in range(366 * 24):
            before = datetime(YEAR, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
            zone, after = ZoneInfo(name), before + timedelta(hours=1)
            if before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
                yield after.astimezone(zone).date()


def _book_around(day: date) -> tuple[dict[tuple[UUID, str], datetime], dict[UUID, str]]:
    """Visits on that day and the next in every zone.

    When each reminder is to come, by our own reckoning; and the hour that it has to say.
    """
    expected: dict[tuple[UUID, str], datetime] = {}
    times: dict[UUID, str] = {}
    for nth, name in enumerate(ZONES):
        zone, days = ZoneInfo(name), (day, day + timedelta(days=1))
        starts = [datetime.combine(each, at, zone).astimezone(UTC) for each in days for at in _VISITS_AT]
        visits = world.visits_at(name, starts, first=nth * len(starts))
        for visit, starts_at in zip(visits, starts, strict=True):
            there = starts_at.astimezone(zone)
            times[visit] = f"{there:%I:%M}".removeprefix("0") + f"{there:%p}".lower()
            expected[visit, "eve"] = datetime.combine(there.date() - timedelta(days=1), _EVE, zone)
            soon = starts_at - _BEFORE
            if _SPEAK[0] <= soon.astimezone(zone).hour < _SPEAK[1]:
                expected[visit, "soon"] = soon
    return expected, times


def _live_through(rig: Rig, worker: Process, day: date) -> list[Delivery]:
    """Half an hour at a time; at noon of the day its clock is set back by an hour. What left, and when."""
    # From before the first evening, which is Auckland's, until after the last afternoon, which is New York's.
    first = datetime.combine(day, clock_time(4), UTC) - timedelta(days=1)
    moments = [first + n * _STEP for n in range(int(timedelta(days=2, hours=18) / _STEP))]
    noon = len(moments) // 2
    taken: list[Delivery] = []
    for moment in [*moments[:noon], *moments[noon - 2 :]]:
        before = len(rig.office.taken)
        _let_it_be(worker, moment)
        taken += [Delivery(it.message_id, moment.timestamp()) for it in rig.office.taken[before:]]
    return taken


def _let_it_be(worker: Process, moment: datetime) -> None:
    assert worker.stdin  # noqa: S101  for the type checker: it was started with both
    assert worker.stdout  # noqa: S101
    worker.stdin.write(f"{moment.isoformat()}\n".encode())
    worker.stdin.flush()
    if not worker.stdout.readline():
        raise RuntimeError("The worker whose clock is turned has ended.")

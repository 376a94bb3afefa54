"""Two desks book two whole plans over the same scarce device in the same instant."""

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations, cycle
from threading import Barrier
from typing import Any
from uuid import uuid4

from django.db import connection, connections
from django.utils import timezone

from clinic.appointments.actions import series
from clinic.appointments.actions.series_problem import Asked, task
from clinic.appointments.models import Appointment, Resource
from clinic.appointments.rules.series.answer import Proposal
from clinic.bench.database import OwnDatabase, own_database
from clinic.bench.frame import Bench, Table
from clinic.bench.race import OVERLAPS, PATIENCE
from clinic.simulation import house
from clinic.simulation.house import House
from patients.actions import registration
from people.models import User
from people.rules.refusal import Refused
from programs.actions import plans
from programs.models import Plan

TEMPLATE = "tpl_acute_spasm_conservative"
DEVICE = "dev_laser_3b"
# PostgreSQL's own count: one that was undone and tried again would not be seen from outside.
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
COUNTED = "SELECT pg_stat_force_next_flush()"  # else what a connection has seen is told a second later
EMPTY = "TRUNCATE appointments_hold, appointments_visitchange, appointments_appointment CASCADE"
DESKS = 2
BEGIN_IN = (0, 0, 1, 2)  # days: two plans want all of their times both, others some of them, each in another order
ANSWERED = ("both at once", "one was told", "both were told")  # by how many of the two were told
WRONG = ("overlaps", "deadlocks", "errors", "halves", "left without")


class PlanRace(Bench):
    name = "plan-race"
    help = "Two desks book two whole plans over one laser at once: both are booked in the end, nothing twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rounds", type=int, default=200)

    def run(self, options: Mapping[str, Any]) -> Table:
        seen: Counter[str] = Counter()
        with own_database("plans") as database:
            pairs = cycle(combinations(_desks(house.open_doors(now=timezone.now())), DESKS))
            with ThreadPoolExecutor(DESKS) as pool:
                for _n in range(options["rounds"]):
                    seen.update(_round(next(pairs), pool))
                    _emptied(database)
                _hung_up(pool)
            with database.raw() as raw:
                ((seen["deadlocks"],),) = raw.execute(DEADLOCKS).fetchall()
        wrong = sum(seen[name] for name in WRONG)
        return Table(
            title="Two desks book two whole plans over one laser at once.",
            columns=["rounds", *ANSWERED, *WRONG],
            rows=[(options["rounds"], *(seen[name] for name in (*ANSWERED, *WRONG)))],
            last=(
                f"{seen['overlaps']} overlaps, {seen['deadlocks']} deadlocks, {seen['errors']} errors, "
                f"{seen['halves']} half booked and {seen['left without']} left without a plan "
                f"in {options['rounds']} rounds (goal 0)"
            ),
            figures={name: seen[name] for name in (*ANSWERED, *WRONG)},
            is_wrong=bool(wrong),
        )


@dataclass(frozen=True, slots=True)
class _Desk:
    """Who books, and what is on the screen."""

    by: User
    plan: Plan
    now: datetime
    shown: tuple[Proposal, Mapping[Any, Any]]

    @property
    def visits(self) -> int:
        return Appointment.objects.filter(session__plan=self.plan).count()

    @property
    def wanted(self) -> int:
        return len(self.shown[0].placed)

    def book(self) -> series.Done:
        made, sessions = self.shown
        return series.commit(self.plan, made.placed, sessions=sessions, key=uuid4(), by=self.by, now=self.now)


def _desks(made: House) -> list[_Desk]:
    """Plans whose proposals want times of the only laser."""
    for laser in list(Resource.objects.filter(kind="device", offers__contains=[DEVICE]))[1:]:
        Resource.objects.filter(pk=laser.pk).update(is_active=False)
    now = timezone.now()
    found = []
    for n, days in enumerate(BEGIN_IN):
        patient = registration.register(
            by=made.desk, now=now, even_if_known=True, given_name=f"Patient {n}", family_name="Race",
            birth_date=date(1980, 1, 1 + n),
        )  # fmt: skip
        plan = plans.start(
            patient,
            template_code=TEMPLATE,
            starts_on=plans.clinic_day(now) + timedelta(days=days),
            remind_at=None,
            by=made.doctors[n],
            now=now,
        )
        found.append(_Desk(made.desk, plan, now, _proposed(plan, now)))
    return found


def _proposed(plan: Plan, now: datetime) -> tuple[Proposal, Mapping[Any, Any]]:
    found = task(plan, Asked(), now=now)
    made = series.propose(found)
    if not isinstance(made, Proposal):
        raise RuntimeError("the clinic of the race is too small for its plans")
    return made, found.sessions


def _round(desks: Sequence[_Desk], pool: ThreadPoolExecutor) -> Counter[str]:
    barrier = Barrier(len(desks))

    def raced(deed: Callable[[], object]) -> str:
        barrier.wait(PATIENCE)
        try:
            deed()
        except Refused:
            return "told"
        except Exception as error:  # noqa: BLE001  counted: anything but a yes or a no is a failure
            return type(error).__name__
        return "booked"

    answers = list(pool.map(raced, [desk.book for desk in desks]))
    seen: Counter[str] = Counter()
    told = answers.count("told")
    seen["errors"] = sum(it not in {"told", "booked"} for it in answers)
    seen[ANSWERED[told]] = 1
    for desk, answer in zip(desks, answers, strict=True):
        seen["halves"] += desk.visits != (desk.wanted if answer == "booked" else 0)
        if answer == "told":
            # Who was told that somebody was quicker looks once more, and books.
            again = _Desk(desk.by, desk.plan, desk.now, _proposed(desk.plan, desk.now))
            again.book()
            seen["left without"] += again.visits != again.wanted
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPS)
        seen["overlaps"] = int(cursor.fetchone()[0])
    return seen


def _hung_up(pool: ThreadPoolExecutor) -> None:
    """Every thread closes its connection: the database of the race is dropped next."""
    barrier = Barrier(DESKS)

    def hang_up() -> None:
        barrier.wait(PATIENCE)
        with connection.cursor() as cursor:
            cursor.execute(COUNTED)
        connections.close_all()

    for done in [pool.submit(hang_up) for _n in range(DESKS)]:
        done.result()


def _emptied(database: OwnDatabase) -> None:
    """As if nothing had been booked, for the next round."""
    with database.as_admin() as admin:
        admin.execute(EMPTY)

"""Bookings a second, by one desk and by many at once, through the action and through the page."""

import uuid
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import count, product
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from clinic.appointments.actions import booking
from clinic.appointments.models import Appointment, Hold, Resource
from clinic.bench.big_clinic import DAYS_BOOKED_AHEAD, OPENS, BigClinic, a_big_clinic
from clinic.bench.clients import Crowd, Deed, together, web_server
from clinic.bench.database import OwnDatabase, own_database
from clinic.bench.desk_line import DeskLine, signed_in
from clinic.bench.frame import Bench, Table, Timing, timed_in_turn
from patients.models import Patient
from people.actions import audit
from people.models import Site, User
from people.rules.permissions import Role
from programs.actions import offering

CLIENTS = (1, 4, 16)
A_DAY = 12  # visits, an hour apart
STEP = timedelta(hours=1)
GOAL_OF_LEAST = 80  # %
LEAST, ACTION = "the least through the ORM", "the action"
GOAL = 250  # bookings a second over HTTP with 4 clients, on a quiet machine

VISIT = """INSERT INTO appointments_appointment (id, patient_id, service_code, clinician_id, site_id, starts_at,
    ends_at, status, revision, booked_at, timed_at, cancel_reason, overbooked_because, is_walk_in)
    VALUES (%s, %s, 'review', %s, %s, %s, %s, 'booked', 0, now(), now(), '', '', false)"""
HOLD = """INSERT INTO appointments_hold (appointment_id, resource_id, during, is_overbooked)
    VALUES (%s, %s, %s, false), (%s, %s, %s, false), (%s, %s, %s, false)"""


@dataclass(frozen=True, slots=True)
class Slot:
    patient: Patient
    holder: Resource
    clinician: Resource
    room: Resource
    site: Site
    starts_at: datetime


class Booking(Bench):
    name = "booking"
    help = "Bookings a second and p95 with 1, 4 and 16 clients: the action, and the page, against a raw guarded INSERT."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--visits", type=int, default=50_000, help="in the book already")
        parser.add_argument("--patients", type=int, default=5_000)
        parser.add_argument("--bookings", type=int, default=100, help="by each client")
        parser.add_argument("--clients", type=int, nargs="+", default=list(CLIENTS))

    def run(self, options: Mapping[str, Any]) -> Table:
        each, crowds = options["bookings"], options["clients"]
        found: dict[str, dict[int, Crowd]] = {}
        held: list[float] = []
        with own_database(self.name) as database:
            made = a_big_clinic(database, visits=options["visits"], patients=options["patients"], now=timezone.now())
            desk = User.objects.create_user(email="desk@example.org", name="Desk", role=Role.FRONT_DESK)
            slots, session = _Slots(made), signed_in(desk)
            with web_server(database) as server:
                deeds: Mapping[str, Callable[[], Deed]] = {
                    "raw: two guarded INSERTs": lambda: _raw(database, slots.of_crowd()),
                    LEAST: lambda: _least(slots.of_crowd(), desk),
                    ACTION: lambda: _action(slots.of_crowd(), desk),
                    "over HTTP": lambda: _page(slots.of_crowd(), server.port, session),
                }
                alone = timed_in_turn(
                    {name: deeds[name]()(nth) for nth, name in enumerate([LEAST, ACTION])}, rounds=each
                )
                # All of one crowd in turn: a slow minute is slow for all.
                for n, (name, deed) in product(crowds, deeds.items()):
                    found.setdefault(name, {})[n] = together(n, deed(), times=each)
                    held.append(server.worker_mb())
        return _table(found, alone, held, options)


def _table(
    found: Mapping[str, Mapping[int, Crowd]],
    alone: Mapping[str, Timing],
    held: Sequence[float],
    options: Mapping[str, Any],
) -> Table:
    raw, _least, action, web = found.values()
    most = max(options["clients"])
    some = 4 if 4 in web else most
    of_least = 100 * alone[LEAST].p50 / alone[ACTION].p50
    return Table(
        title=f"Bookings into a book of {options['visits']:,} visits; every one is committed.",
        columns=["what", "clients", "a second", "p50 ms", "p95 ms", "% of raw"],
        rows=[
            (name, n, it.per_second, it.timing.p50, it.timing.p95, 100 * it.per_second / raw[n].per_second)
            for name, by_clients in found.items()
            for n, it in by_clients.items()
        ],
        last=(
            f"{web[some].per_second:.0f} bookings/s over HTTP with {some} clients (goal {GOAL} on a quiet machine), "
            f"{100 * web[some].per_second / raw[some].per_second:.0f} % of the raw guarded INSERT; "
            f"the action {100 * action[some].per_second / raw[some].per_second:.0f} %, and in turn with it "
            f"{of_least:.0f} % of the least through the ORM (medians, goal {GOAL_OF_LEAST} %); "
            f"a web worker holds {held[len(found) - 1]:.0f} MB after the first client and {held[-1]:.0f} MB after all"
        ),
        figures={
            "http_per_second": web[some].per_second,
            "http_p95_ms": web[some].timing.p95,
            "action_per_second": action[some].per_second,
            "raw_per_second": raw[some].per_second,
            "action_of_least_percent": of_least,
            "worker_mb": held[-1],
            "worker_grew_mb": held[-1] - held[len(found) - 1],
        },
    )


class _Slots:
    """Times that nobody else wants: each client has a clinician, a room and patients of its own."""

    def __init__(self, made: BigClinic) -> None:
        self.made = made
        self.rooms = list(Resource.objects.rooms())
        holders = Resource.objects.filter(kind=Resource.Kind.PATIENT).select_related("patient").order_by("pk")
        self.holders = [(holder, holder.patient) for holder in holders[:2000] if holder.patient]
        self._crowds = count()

    def of_crowd(self) -> Callable[[int], Iterator[Slot]]:
        """For the next crowd, days of its own."""
        first = self.made.first + timedelta(days=DAYS_BOOKED_AHEAD + 12 * next(self._crowds))
        opens = datetime.combine(first, time(OPENS), tzinfo=self.made.site.zone)

        def of_client(nth: int) -> Iterator[Slot]:
            mine = self.holders[nth::20]
            for turn in count():
                starts_at = opens + timedelta(days=turn // A_DAY) + STEP * (turn % A_DAY)
                holder, patient = mine[turn % len(mine)]
                yield Slot(patient, holder, self.made.clinicians[nth], self.rooms[2 * nth], self.made.site, starts_at)

        return of_client


def _raw(database: OwnDatabase, slots: Callable[[int], Iterator[Slot]]) -> Callable[[int], Callable[[], object]]:
    """What any product that lets the database decide would have to write."""

    def client(nth: int) -> Callable[[], object]:
        mine, line = slots(nth), database.raw()

        def book() -> None:
            it, pk = next(mine), uuid.uuid4()
            ends_at = it.starts_at + timedelta(minutes=30)
            during = DateTimeTZRange(it.starts_at, ends_at)
            held = [(pk, piece.pk, during) for piece in (it.clinician, it.room, it.holder)]
            with line.transaction():
                line.execute(VISIT, [pk, it.patient.pk, it.clinician.pk, it.site.pk, it.starts_at, ends_at])
                line.execute(HOLD, [value for row in held for value in row])

        return book

    return client


def _least(slots: Callable[[int], Iterator[Slot]], desk: User) -> Callable[[int], Callable[[], object]]:
    """Five reads and three writes with models, which check nothing: no rights, no hours, no limits, no safety."""

    def client(nth: int) -> Callable[[], object]:
        mine = slots(nth)

        @transaction.atomic
        def book() -> None:
            it, now = next(mine), timezone.now()
            patient, site = Patient.objects.get(pk=it.patient.pk), Site.objects.get(pk=it.site.pk)
            pieces = [Resource.objects.get(pk=piece.pk) for piece in (it.clinician, it.room, it.holder)]
            visit = Appointment(
                patient=patient,
                service_code="review",
                clinician=pieces[0],
                site=site,
                starts_at=it.starts_at,
                ends_at=it.starts_at + timedelta(minutes=30),
                booked_at=now,
                timed_at=now,
            )
            visit.save(force_insert=True)
            during = DateTimeTZRange(visit.starts_at, visit.ends_at)
            Hold.objects.bulk_create(Hold(appointment=visit, resource=piece, during=during) for piece in pieces)
            audit.record(desk, "appointment.booked", visit)

        return book

    return client


def _action(slots: Callable[[int], Iterator[Slot]], desk: User) -> Callable[[int], Callable[[], object]]:
    def client(nth: int) -> Callable[[], object]:
        mine = slots(nth)

        def book() -> None:
            it = next(mine)
            booking.book(
                patient=it.patient,
                service=offering.current()["review"],
                site=it.site,
                starts_at=it.starts_at,
                resources=[it.clinician, it.room],
                by=desk,
                now=timezone.now(),
                request_key=uuid.uuid4(),
            )

        return book

    return client


def _page(slots: Callable[[int], Iterator[Slot]], port: int, session: str) -> Callable[[int], Callable[[], object]]:
    def client(nth: int) -> Callable[[], object]:
        mine, line = slots(nth), DeskLine(port, session)

        def book() -> None:
            it = next(mine)
            line.book(it.patient, it.clinician, it.room, it.starts_at)

        return book

    return client

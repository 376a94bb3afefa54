"""Bookings a second, by one desk and by many at once, through the action and through the page."""

import http.client
import uuid
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from importlib import import_module
from itertools import count
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from clinic.appointments.actions import booking
from clinic.appointments.models import Resource
from clinic.bench.big_clinic import DAYS_BOOKED_AHEAD, OPENS, BigClinic, a_big_clinic
from clinic.bench.clients import Crowd, together, web_server
from clinic.bench.database import OwnDatabase, own_database
from clinic.bench.frame import Bench, Table
from patients.models import Patient
from people.models import Site, User
from people.rules.permissions import Role
from programs.actions import offering

CLIENTS = (1, 4, 16)
A_DAY = 12  # visits, an hour apart
STEP = timedelta(hours=1)
GOAL = 250  # bookings a second over HTTP with 4 clients, on a quiet machine
TOKEN = "a" * 32  # no secret: a cookie and a header that agree

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
        with own_database(self.name) as database:
            made = a_big_clinic(database, visits=options["visits"], patients=options["patients"], now=timezone.now())
            desk = User.objects.create_user(email="desk@example.org", name="Desk", role=Role.FRONT_DESK)
            slots = _Slots(made)
            found["raw: two guarded INSERTs"] = {
                n: together(n, _raw(database, slots.of_crowd()), times=each) for n in crowds
            }
            found["the action"] = {n: together(n, _action(slots.of_crowd(), desk), times=each) for n in crowds}
            session = _signed_in(desk)
            with web_server(database) as port:
                found["over HTTP"] = {
                    n: together(n, _page(slots.of_crowd(), port, session), times=each) for n in crowds
                }
        return _table(found, options)


def _table(found: Mapping[str, Mapping[int, Crowd]], options: Mapping[str, Any]) -> Table:
    (raw, action, web), most = (found[name] for name in found), max(options["clients"])
    some = 4 if 4 in web else most
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
            f"the action {100 * action[some].per_second / raw[some].per_second:.0f} %"
        ),
        figures={
            "http_per_second": web[some].per_second,
            "http_p95_ms": web[some].timing.p95,
            "action_per_second": action[some].per_second,
            "raw_per_second": raw[some].per_second,
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


def _signed_in(desk: User) -> str:
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session["_auth_user_id"] = str(desk.pk)
    session["_auth_user_backend"] = "people.web.backends.RightsBackend"
    session["_auth_user_hash"] = desk.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def _page(slots: Callable[[int], Iterator[Slot]], port: int, session: str) -> Callable[[int], Callable[[], object]]:
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={TOKEN}",
        "X-CSRFToken": TOKEN,
    }

    def client(nth: int) -> Callable[[], object]:
        mine, line = slots(nth), http.client.HTTPConnection("127.0.0.1", port, timeout=60)

        def book() -> None:
            it = next(mine)
            utc = it.starts_at.astimezone(timezone.get_fixed_timezone(0))
            fields = {
                "patient": it.patient.pk,
                "service": "review",
                "request_key": uuid.uuid4(),
                "offer": f"{utc:%Y%m%dT%H%M}~{it.clinician.pk.hex}~{it.room.pk.hex}",
            }
            line.request("POST", "/desk/book/", urlencode(fields), headers)
            answer = line.getresponse()
            text = answer.read()
            if answer.status != http.client.FOUND or b"signin" in answer.getheader("Location", "").encode():
                raise RuntimeError(f"Not booked: {answer.status} {text[:2000]!r}")

        return book

    return client

"""Requests of many patients, one upon the other over connections that are kept: does one ever see another's row?"""

import http.client
import random
import threading
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock
from uuid import UUID

from django.conf import settings
from django.db import connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.appointments.models import Appointment, Hold
from clinic.bench.big_clinic import CLINICIANS, a_big_clinic
from clinic.bench.clients import PATIENCE, web_server
from clinic.bench.database import OwnDatabase, own_database
from clinic.bench.desk_line import signed_in
from clinic.bench.frame import Bench, Table, Timing, timed_in_turn
from patients.actions import intake
from patients.models import Intake, Patient
from people.actions import wall
from people.models import AuditEvent, User
from people.rules.permissions import Role

THREADS = 8
PAGES_ARE = 5  # one in so many requests: a whole page takes twenty times as long as what the wall does
VISITS_EACH = 30
ROUNDS = 100
MOST_TIMES = 1.15  # what the wall may cost at the median
# Whose the rows are that somebody who forgot every filter would find.
EVERYTHING = {
    "patients": Patient.objects.values_list("pk", flat=True),
    "visits": Appointment.objects.values_list("patient_id", flat=True),
    "holds": Hold.objects.exclude(appointment=None).values_list("appointment__patient_id", flat=True),
    "forms": Intake.objects.values_list("patient_id", flat=True),
    "trail": AuditEvent.objects.exclude(patient_id=None).values_list("patient_id", flat=True),
}


@dataclass(frozen=True, slots=True)
class Person:
    """A patient whose name stands nowhere else."""

    patient: Patient
    user: User
    canary: str
    visit: UUID
    session: str


@dataclass(slots=True)
class Seen:
    """What came of so many requests."""

    requests: int = 0
    rows: int = 0
    leaks: int = 0
    left_over: int = 0  # a request began as somebody else had ended
    errors: int = 0

    @property
    def cells(self) -> tuple[int, ...]:
        return self.requests, self.rows, self.leaks, self.left_over, self.errors

    def __iadd__(self, other: "Seen") -> "Seen":
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self


class Isolation(Bench):
    name = "isolation"
    help = "Rows of somebody else in interleaved requests of twenty patients, with every filter taken away: 0."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--requests", type=int, default=10_000, help="in all; a fifth of them pages over HTTP")
        parser.add_argument("--patients", type=int, default=CLINICIANS, help=f"at least {CLINICIANS}")

    def run(self, options: Mapping[str, Any]) -> Table:
        # Every clinician has somebody at the same hour.
        requests, patients = options["requests"], max(CLINICIANS, options["patients"])
        with own_database(self.name) as database:
            people = some_people(database, patients)
            found = {
                "pages, over HTTP": _over_http(database, people, requests // PAGES_ARE),
                "no filter at all": interleaved(people, requests - requests // PAGES_ARE, forgetful),
            }
            control = interleaved(people, max(200, requests // 20), kept_by_the_session)
            speed = _speed(people[0])
        return _table(found, control, speed)


def some_people(database: OwnDatabase, count: int) -> list[Person]:
    now = timezone.now()
    a_big_clinic(database, visits=count * VISITS_EACH, patients=count, now=now)
    people = []
    for n, patient in enumerate(Patient.objects.order_by("number")):
        user = User.objects.create_user(email=f"patient{n}@example.org", name=f"Patient {n}", role=Role.PATIENT)
        patient.user, patient.portal_confirmed_at, patient.given_name = user, now, f"Canary{n:03}x"
        patient.save(update_fields=["user", "portal_confirmed_at", "given_name"])
        intake.start(patient, by=user, now=now)
        visit = Appointment.objects.filter(patient=patient, starts_at__gt=now).order_by("starts_at")[0].pk
        people.append(Person(patient, user, patient.given_name, visit, signed_in(user)))
    return people


def interleaved(
    people: Sequence[Person], requests: int, one: Callable[[random.Random, Sequence[Person]], Seen]
) -> Seen:
    """So many requests on `THREADS` kept connections, each of whoever comes next."""
    total, lock = Seen(), threading.Lock()

    def work(nth: int) -> None:
        chance, mine = random.Random(nth), Seen()  # noqa: S311  for show
        for _ in range(requests // THREADS):
            mine += one(chance, people)
        connections.close_all()
        with lock:
            total.__iadd__(mine)

    threads = [threading.Thread(target=work, args=(nth,)) for nth in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return total


def forgetful(chance: random.Random, people: Sequence[Person]) -> Seen:
    """One request that asks for everybody's rows. Every fourth has no record open and may see no row of any."""
    it, is_open = chance.choice(people), chance.random() < 0.75
    seen = Seen(requests=1, left_over=_left_over())

    def answer() -> None:
        if is_open:
            wall.open_only(it.patient.pk)
        _count(seen, it, is_open=is_open)

    wall.answered(it.user, answer)
    return seen


def kept_by_the_session(chance: random.Random, people: Sequence[Person]) -> Seen:
    """The same done wrong: what is set stays in the connection, and who has no record open sets nothing."""
    it, is_open = chance.choice(people), chance.random() < 0.75
    seen = Seen(requests=1, left_over=_left_over())
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('role', %s, false)", [wall.PORTAL])
        cursor.execute("SELECT set_config('app.user_id', %s, false)", [str(it.user.pk)])
        if is_open:
            cursor.execute("SELECT set_config('app.patient_id', %s, false)", [str(it.patient.pk)])
    _count(seen, it, is_open=is_open)
    return seen


def _left_over() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user = session_user AND coalesce(current_setting('app.patient_id', true), '') = ''"
        )
        row = cursor.fetchone()
    return 0 if row and row[0] else 1


def _count(seen: Seen, it: Person, *, is_open: bool) -> None:
    for name, rows in EVERYTHING.items():
        whose = Counter(rows.all())
        seen.rows += whose.total()
        # The account's own record is shown, and its own lines of the trail: it has to be asked for whom it is.
        mine = whose[it.patient.pk] if is_open or name in {"patients", "trail"} else 0
        seen.leaks += whose.total() - mine


def _over_http(database: OwnDatabase, people: Sequence[Person], requests: int) -> Seen:
    """Pages as browsers ask for them. Each says who it is for; nobody else's name or visit may stand in it."""
    with web_server(database) as server, _lines(server.port) as line:

        def one(chance: random.Random, people: Sequence[Person]) -> Seen:
            it, other = chance.sample(people, 2)
            path, status = chance.choice(
                [
                    (reverse("portal:today"), 200),
                    (reverse("portal:visits"), 200),
                    (reverse("portal:visit_change", args=[it.visit]), 200),
                    (reverse("portal:visit_change", args=[other.visit]), 404),
                ]
            )
            got, text = line(path, it.session)
            strangers = sum(each.canary in text or str(each.visit) in text for each in people if each is not it)
            is_told = path == reverse("portal:today") and it.canary not in text
            return Seen(requests=1, rows=1, leaks=strangers, errors=int(got != status or is_told))

        return interleaved(people, requests, one)


@contextmanager
def _lines(port: int) -> Iterator[Callable[[str, str], tuple[int, str]]]:
    """One open connection for each thread."""
    mine = threading.local()

    def get(path: str, session: str) -> tuple[int, str]:
        if not hasattr(mine, "line"):
            mine.line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        mine.line.request("GET", path, headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"})
        answer = mine.line.getresponse()
        return answer.status, answer.read().decode(errors="replace")

    yield get


def _speed(it: Person) -> dict[str, Timing]:
    """The same page with the wall and without."""
    client = Client(headers={"host": "127.0.0.1"})
    client.cookies[settings.SESSION_COOKIE_NAME] = it.session

    def page() -> None:
        if client.get(reverse("portal:visits")).status_code != http.client.OK:
            raise RuntimeError("The page does not answer.")

    def bare() -> None:
        with mock.patch.object(wall, "answered", lambda _user, answer: answer()):
            page()

    return timed_in_turn({"wall": page, "bare": bare}, rounds=ROUNDS)


def _table(found: Mapping[str, Seen], control: Seen, speed: Mapping[str, Timing]) -> Table:
    requests = sum(it.requests for it in found.values())
    leaks = sum(it.leaks + it.left_over for it in found.values())
    errors = sum(it.errors for it in found.values())
    times = speed["wall"].p50 / speed["bare"].p50
    return Table(
        title="Requests of many patients one upon the other, over connections that are kept.",
        columns=["requests", "number", "rows looked at", "of others", "left over", "errors"],
        rows=[(name, *it.cells) for name, it in {**found, "control: set for the session": control}.items()],
        last=(
            f"{leaks} leaks and {errors} errors in {requests:,} requests (goal 0 and 0); the control leaked"
            f" {control.leaks:,} rows (goal: more than 0); with the wall a page takes {speed['wall'].p50:.1f} ms,"
            f" {times:.2f} x without (p50, goal <= {MOST_TIMES} x)"
        ),
        figures={
            "requests": requests,
            "leaks": leaks,
            "errors": errors,
            "control_leaks": control.leaks,
            "times": times,
        },
        is_wrong=bool(leaks or errors or not control.leaks),
    )

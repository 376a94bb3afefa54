"""The days of the simulation, one after the other."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any, Final
from unittest import mock
from zoneinfo import ZoneInfo

from clinic.appointments.actions import roster
from clinic.appointments.models import Appointment
from clinic.simulation import house, story
from clinic.simulation.desk import Desk
from clinic.simulation.house import House
from clinic.simulation.person import EXPECTED, Person
from clinic.simulation.story import Told
from patients.actions import registration
from people.rules.refusal import Refused
from programs.rules.rulebook import rulebook

FIRST: Final = date(2026, 1, 5)  # a Monday; summer time begins in the tenth week
ZONE: Final = ZoneInfo(house.ZONE)
BEGIN_WITHIN: Final = 9  # days in which everybody's plan begins
MORNING, EVENING = time(7), time(20)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be lived: so many patients of each program for so many weeks."""

    templates: Sequence[str]
    patients: int
    weeks: int
    seed: int


@dataclass(slots=True)
class World:
    asked: Asked
    house: House
    people: list[Person]
    told: dict[str, Told]
    chance: Random

    def live(self, say: Say) -> None:
        """Every day up to the last, on which whoever is still in treatment is discharged."""
        last = FIRST + timedelta(weeks=self.asked.weeks)
        day = FIRST
        while day < last:
            self._day(day)
            day += timedelta(days=1)
            if day.weekday() == FIRST.weekday():
                say(self._week((day - FIRST).days // 7))
        for person in self.people:
            if person.is_followed:
                person.discharge(now=at(last, MORNING))

    def _day(self, day: date) -> None:
        now = at(day, MORNING)
        self._absences(day)
        for person in self.people:
            if person.starts_on == day:
                person.begin(now=now)
            elif person.is_followed:
                person.morning(now=now)
        for visit, person in self._visits(day):
            person.visit(visit)
        for person in self.people:
            if person.is_followed:
                person.evening(now=at(day, EVENING))

    def _visits(self, day: date) -> Iterator[tuple[Appointment, Person]]:
        known = {person.patient.pk: person for person in self.people}
        rows = Appointment.objects.filter(status__in=EXPECTED, patient__in=known)
        rows = rows.filter(starts_at__gte=at(day, time()), starts_at__lt=at(day + timedelta(days=1), time()))
        related = ("patient", "site", "clinician__user", "session__plan")
        for visit in rows.select_related(*related).order_by("starts_at", "pk"):
            yield visit, known[visit.patient_id]

    def _absences(self, day: date) -> None:
        """Somebody calls in sick, something breaks: whoever is booked there is mended at once."""
        for pieces, often in ((self.house.clinicians, story.SICK), (self.house.devices, story.BROKEN)):
            if self.chance.random() < often:
                piece, until = self.chance.choice(pieces), day + timedelta(days=self.chance.randrange(1, 5))
                begins, ends = at(day, time()), at(until, time())
                try:
                    roster.add_absence(
                        piece, starts_at=begins, ends_at=ends, reason="Sick or broken", by=self.house.owner
                    )
                except Refused:
                    continue  # away already
                self._mend(Appointment.objects.filter(
                    holds__resource=piece, starts_at__gte=begins, starts_at__lt=ends, status__in=EXPECTED
                ), day)  # fmt: skip

    def _mend(self, lost: Any, day: date) -> None:
        known = {person.patient.pk: person for person in self.people}
        now = at(day, MORNING)
        for visit in list(lost.select_related("session").order_by("starts_at", "pk")):
            person = known[visit.patient_id]
            person.told.counts["lost to sickness"] += 1
            if visit.starts_at.astimezone(ZONE).date() == day:
                person.desk.call_off(visit, now=now, reason="Nobody is there for it")
            person.to_book, person.try_again_on = True, date.min

    def _week(self, number: int) -> str:
        followed = sum(person.is_followed for person in self.people)
        given = sum(told.counts["delivered"] for told in self.told.values())
        return f"week {number:2} of {self.asked.weeks}: {followed} in treatment, {given} sessions given"


def at(day: date, hour: time) -> datetime:
    """A moment on the clinic's clock."""
    return datetime.combine(day, hour, tzinfo=ZONE)


def a_world(asked: Asked) -> World:
    """The clinic and its patients on the first morning."""
    now = at(FIRST, time(6))
    made = house.open_doors(now=now - timedelta(days=30))
    told = {code: Told() for code in asked.templates}
    people = [_person(asked, made, code, n, told[code], now) for code in asked.templates for n in range(asked.patients)]
    return World(asked, made, people, told, Random(f"{asked.seed}:clinic"))  # noqa: S311  (chance by seed)


def _person(asked: Asked, made: House, template: str, n: int, told: Told, now: datetime) -> Person:
    chance = Random(f"{asked.seed}:{template}:{n}")  # noqa: S311  (chance by seed)
    patient = registration.register(
        by=made.desk, now=now, even_if_known=True, given_name=f"Patient {n}", family_name=template,
        birth_date=date(chance.randrange(1945, 2005), chance.randrange(1, 13), chance.randrange(1, 28)),
    )  # fmt: skip
    begins = [day for k in range(BEGIN_WITHIN) if (day := FIRST + timedelta(days=k)).weekday() < 6]
    return Person(
        number=n, patient=patient, template=template, starts_on=chance.choice(begins), chance=chance, told=told,
        house=made, desk=Desk(made.desk), pain=chance.randrange(4, 9), region=chance.choice(story.REGIONS),
    )  # fmt: skip


def templates() -> tuple[str, ...]:
    return tuple(rulebook().templates)


@contextmanager
def ids_by(seed: int) -> Iterator[None]:
    """Ids by chance too: the solver and the database order by them, and a seed must give the same again."""
    chance = Random(f"{seed}:ids")  # noqa: S311  (chance by seed)
    with mock.patch.object(uuid, "os", SimpleNamespace(urandom=chance.randbytes)):
        yield

"""The demo's visits: booked, come to, missed, called off, each at the moment it would have happened."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from clinic.appointments.actions import booking
from clinic.appointments.models import Appointment
from clinic.appointments.rules.status import Status
from clinic.demo.timetable import Place, Timetable
from patients.models import Patient
from people.models import User
from programs.models import PlannedSession
from programs.rules.rulebook import rulebook

WAITS = timedelta(minutes=6)


@dataclass
class Diary:
    timetable: Timetable
    desk: User
    now: datetime
    chance: random.Random

    def book(
        self,
        patient: Patient,
        service_code: str,
        days: Iterable[date],
        *,
        booked_at: datetime,
        not_before: datetime | None = None,
        session: PlannedSession | None = None,
    ) -> Appointment | None:
        """Book the first time that fits and live it up to now; None when those days are full."""
        service = rulebook().services[service_code]
        place = self.timetable.first_place(service, patient.pk, days, after=not_before or booked_at)
        if place is None:
            return None
        self.timetable.pencil_in(service, patient.pk, place)
        visit = booking.book(
            patient=patient,
            service=service,
            site=place.site,
            starts_at=place.starts_at,
            resources=place.resources,
            by=self.desk,
            now=booked_at,
            session=session,
        )
        return self._live(visit, place, booked_at)

    def _live(self, visit: Appointment, place: Place, booked_at: datetime) -> Appointment:
        confirmed_at = max(booked_at, place.starts_at - timedelta(days=2))
        if self.chance.random() < 0.7 and confirmed_at < self.now:
            visit = booking.confirm(visit, by=None, now=confirmed_at)
        for status, at in self._steps(visit):
            if at > self.now:
                break
            visit = booking.set_status(visit, status, was=visit.status, by=self.desk, now=at)
        return visit

    def _steps(self, visit: Appointment) -> list[tuple[str, datetime]]:
        if self.chance.random() < 0.05:
            return [(Status.MISSED, visit.starts_at + timedelta(minutes=20))]
        return [
            (Status.ARRIVED, visit.starts_at - WAITS),
            (Status.IN_ROOM, visit.starts_at + timedelta(minutes=2)),
            (Status.DONE, visit.ends_at),
        ]

    def call_off(self, visit: Appointment) -> None:
        booking.cancel(visit, reason="Cannot come, will call again", by=self.desk, now=self.now - timedelta(hours=2))

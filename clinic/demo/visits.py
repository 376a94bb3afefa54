"""The demo's visits: booked, come to, missed, called off, each at the moment it would have happened."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from clinic.appointments.actions import attendance, booking
from clinic.appointments.actions.asked import asked_in
from clinic.appointments.actions.wanted import Wanted
from clinic.appointments.models import Appointment
from clinic.appointments.rules.status import Status
from clinic.demo.timetable import Timetable
from patients.models import Patient
from people.models import User
from programs.actions.safety import Contraindicated, HeldByRedFlag
from programs.models import PlannedSession
from programs.rules.rulebook import rulebook

WAITS = timedelta(minutes=6)


@dataclass(frozen=True)
class Wish:
    service_code: str
    days: Iterable[date]
    session: PlannedSession | None = None


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
        wish = Wish(service_code, days, session)
        return next(iter(self.book_all(patient, [wish], booked_at=booked_at, not_before=not_before)), None)

    def book_all(
        self,
        patient: Patient,
        wishes: Iterable[Wish],
        *,
        booked_at: datetime,
        not_before: datetime | None = None,
    ) -> list[Appointment]:
        """Book in one go, each at the first time that fits, and live them up to now; full days are passed over."""
        wanted = []
        for wish in wishes:
            service = asked_in(wish.session, rulebook().services[wish.service_code])
            place = self.timetable.first_place(service, patient.pk, wish.days, after=not_before or booked_at)
            if place:
                self.timetable.pencil_in(service, patient.pk, place)
                wanted.append(
                    Wanted(
                        service=service,
                        site=place.site,
                        starts_at=place.starts_at,
                        resource_ids=[piece.pk for piece in place.resources],
                        session=wish.session,
                    )
                )
        if not wanted:
            return []
        visits = booking.book_all(patient, wanted, by=self.desk, now=booked_at)
        return [self._live(visit, booked_at) for visit in visits]

    def _live(self, visit: Appointment, booked_at: datetime) -> Appointment:
        confirmed_at = max(booked_at, visit.starts_at - timedelta(days=2))
        if self.chance.random() < 0.7 and confirmed_at < self.now:
            visit = attendance.confirm(visit, by=None, now=confirmed_at)
        for status, at in self._steps(visit):
            if at > self.now:
                break
            try:
                visit = attendance.set_status(visit, status, was=visit.status, by=self.desk, now=at)
            except (HeldByRedFlag, Contraindicated):
                return attendance.wait_for_clinician(visit, is_here=True, by=self.desk, now=at)
        return visit

    def _steps(self, visit: Appointment) -> list[tuple[str, datetime]]:
        if self.chance.random() < 0.05:
            return [(Status.MISSED, visit.starts_at + timedelta(minutes=20))]
        came: list[tuple[str, datetime]] = [(Status.ARRIVED, visit.starts_at - WAITS), (Status.DONE, visit.ends_at)]
        if visit.ends_at > self.now:
            came.insert(1, (Status.IN_ROOM, visit.starts_at + timedelta(minutes=2)))
        return came

    def call_off(self, visit: Appointment) -> None:
        booking.cancel(visit, reason="Cannot come, will call again", by=self.desk, now=self.now - timedelta(hours=2))

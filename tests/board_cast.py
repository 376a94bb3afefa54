"""The board of a Monday at noon, and a class on it. Everybody in here is made up."""

from typing import Any

from booking_cast import Cast, at
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from factories import NOW

from clinic.appointments.models import Appointment, GroupSession, Hold

NOON = at(12)
DAY = "/desk/day/2026-09-14/"


def a_class(cast: Cast, *patients: Any) -> GroupSession:
    group = GroupSession.objects.create(
        name="Neck group", service_code="exercise_class", clinician=cast.sara, site=cast.site, places=6,
        starts_at=at(14), ends_at=at(15),
    )  # fmt: skip
    for resource in cast.pieces:
        Hold.objects.create(group=group, resource=resource, during=DateTimeTZRange(at(14), at(15)))
    for seat, patient in enumerate(patients, start=1):
        Appointment.objects.create(
            patient=patient, service_code="exercise_class", clinician=cast.sara, site=cast.site, group=group, seat=seat,
            booked_at=NOW, timed_at=NOW, starts_at=at(14), ends_at=at(15), status="arrived" if seat == 1 else "booked",
        )  # fmt: skip
    return group

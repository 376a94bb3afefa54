"""A clinic of twenty clinicians whose book is as full as wanted: the data under several benchmarks."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from time import perf_counter
from typing import Any

import psycopg
from django.db import transaction

from clinic.appointments.models import Resource, Shift
from clinic.bench.crowd import add_patients
from clinic.bench.database import OwnDatabase, fill, tidy
from people.models import Clinic, Site, User
from people.rules.permissions import Role

CLINICIANS = 20
ROOMS_EACH = 2  # one is cleaned while the next patient sits in the other
OPENS = 7  # o’clock
HALF_HOURS = 24  # until 19:00
VISITS_A_DAY = 20  # of each clinician: every sixth half hour is free
DAYS_BOOKED_AHEAD = 31
ZONE = "America/New_York"


@dataclass(frozen=True, slots=True)
class BigClinic:
    site: Site
    clinicians: list[Resource]
    first: date  # the first day to ask for: `DAYS_BOOKED_AHEAD` are booked as full as all those before
    now: datetime
    filled_in: float = 0  # seconds, for all patients and visits


def a_big_clinic(database: OwnDatabase, *, visits: int, patients: int, now: datetime) -> BigClinic:
    """Twenty clinicians and `visits` of half an hour: a month ahead, and as far back as they must reach."""
    made = _people_and_rooms(now)
    began = perf_counter()
    with database.as_admin() as admin:
        add_patients(admin, patients, registered_at=now)
        _give_each_patient_a_place(admin)
        last = made.first + timedelta(days=DAYS_BOOKED_AHEAD - 1)
        _sketch(admin, made, first=last - timedelta(days=-(-visits // (CLINICIANS * VISITS_A_DAY)) - 1), visits=visits)
        fill(admin, "appointments_appointment", [_VISITS])
        fill(admin, "appointments_hold", [_HOLDS])
    filled_in = perf_counter() - began
    tidy(database)
    return replace(made, filled_in=filled_in)


@transaction.atomic
def _people_and_rooms(now: datetime) -> BigClinic:
    Clinic.objects.create(id=1, name="Northgate Clinic", sender_name="Northgate", time_zone=ZONE, is_demo=True)
    site = Site.objects.create(name="Northgate Main", time_zone=ZONE)
    clinicians = [
        Resource.objects.create(
            kind=Resource.Kind.CLINICIAN,
            name=f"Clinician {n}",
            ordinal=n,
            offers=["physical_therapist"],
            user=User.objects.create_user(
                email=f"clinician{n}@example.org",
                name=f"Clinician {n}",
                role=Role.CLINICIAN,
                profession="physical_therapist",
            ),
        )
        for n in range(CLINICIANS)
    ]
    Resource.objects.bulk_create(
        Resource(kind=Resource.Kind.ROOM, name=f"Room {n:02}", ordinal=n, site=site, offers=["room_consult"])
        for n in range(CLINICIANS * ROOMS_EACH)
    )
    Shift.objects.bulk_create(
        Shift(resource=who, site=site, weekday=day, starts=time(OPENS), ends=time(19), valid_from=date(2000, 1, 1))
        for who in clinicians
        for day in range(7)
    )
    return BigClinic(site, clinicians, now.astimezone(site.zone).date() + timedelta(days=1), now)


def _give_each_patient_a_place(admin: "psycopg.Connection[tuple[Any, ...]]") -> None:
    admin.execute(
        "INSERT INTO appointments_resource (id, kind, name, offers, ordinal, is_active, patient_id)"
        " SELECT gen_random_uuid(), 'patient', 'RC-' || number, '{}', 0, true, id FROM patients_patient"
    )


def _sketch(admin: "psycopg.Connection[tuple[Any, ...]]", made: BigClinic, *, first: date, visits: int) -> None:
    """Who comes when, to whom and where, numbered: nobody and nothing is in two places at once."""
    # Tables that PostgreSQL knows the size of: joined as they are, a million visits took a quarter of an hour.
    for kind in ("clinician", "room", "patient"):
        admin.execute(
            f"""CREATE TEMP TABLE {kind}s AS
                SELECT row_number() OVER (ORDER BY ordinal, id) - 1 AS n, id, patient_id
                FROM appointments_resource WHERE kind = '{kind}'"""  # noqa: S608  our own words
        )
        admin.execute(f"ALTER TABLE {kind}s ADD PRIMARY KEY (n)")
        admin.execute(f"ANALYZE {kind}s")
    asked = {"site": made.site.pk, "zone": ZONE, "first": first, "visits": visits, "now": made.now}
    admin.execute(_SKETCH, asked)


_SKETCH = f"""
CREATE TEMP TABLE sketch AS
WITH slot AS (SELECT day, half_hour, row_number() OVER (ORDER BY day, half_hour) AS n
              FROM generate_series(0, %(visits)s / {CLINICIANS * VISITS_A_DAY}) day,
                   generate_series(0, {HALF_HOURS - 1}) half_hour),
     visit AS (SELECT slot.*, clinicians.id AS clinician, clinicians.n AS who,
                      (slot.n * {CLINICIANS} + clinicians.n) %% (SELECT count(*) FROM patients) AS patient_n,
                      clinicians.n * {ROOMS_EACH} + slot.half_hour %% {ROOMS_EACH} AS room_n
               FROM slot CROSS JOIN clinicians
               WHERE (slot.half_hour + clinicians.n + slot.day) %% 6 <> 5
               ORDER BY slot.n, clinicians.n
               LIMIT %(visits)s)
SELECT gen_random_uuid() AS id, patients.patient_id, patients.id AS patient, visit.clinician, rooms.id AS room,
       %(site)s::uuid AS site, %(now)s::timestamptz AS made_at,
       (%(first)s::date + visit.day + time '0{OPENS}:00' + visit.half_hour * interval '30 minutes')
         AT TIME ZONE %(zone)s AS starts_at
FROM visit JOIN rooms ON rooms.n = visit.room_n JOIN patients ON patients.n = visit.patient_n
"""  # noqa: S608  our own numbers

_VISITS = """
INSERT INTO appointments_appointment (id, patient_id, service_code, clinician_id, site_id, starts_at, ends_at, status,
    revision, booked_at, timed_at, cancel_reason, overbooked_because, is_walk_in)
SELECT id, patient_id, 'review', clinician, site, starts_at, starts_at + interval '30 minutes',
    CASE WHEN starts_at < made_at THEN 'done' ELSE 'booked' END, 0, made_at, made_at, '', '', false
FROM sketch
"""

_HOLDS = """
INSERT INTO appointments_hold (appointment_id, resource_id, during, is_overbooked)
SELECT sketch.id, held.resource, tstzrange(starts_at, starts_at + interval '30 minutes' + held.cleaning), false
FROM sketch CROSS JOIN LATERAL (VALUES
    (clinician, interval '0'), (room, interval '5 minutes'), (patient, interval '0')) AS held (resource, cleaning)
"""

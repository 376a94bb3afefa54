"""A clinic with visits by the hundred thousand, or with reminders that are all due in this second."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4

import psycopg
from django.db import transaction

from clinic.appointments.models import Resource
from clinic.bench.crowd import add_patients
from clinic.bench.database import OwnDatabase, fill, tidy
from people.models import Clinic, Site, User
from people.rules.permissions import Role

_ALL_DAY = 13  # o’clock on the site's clock whenever the benchmark runs: reminders keep quiet hours


@dataclass(frozen=True, slots=True)
class Owing:
    site: Site
    clinician: Resource
    now: datetime


def a_clinic_that_owes(database: OwnDatabase, *, patients: int, now: datetime) -> Owing:
    """Patients with an address each, one clinician, one site, and nothing booked."""
    made = _house(now)
    with database.as_admin() as admin:
        add_patients(admin, patients, registered_at=now)
        admin.execute("UPDATE patients_patient SET email = 'p' || number || '@example.org'")
    return made


@transaction.atomic
def _house(now: datetime) -> Owing:
    hours = _ALL_DAY - now.hour
    zone = f"Etc/GMT{-hours:+d}"  # POSIX: west is positive
    Clinic.objects.create(id=1, name="Northgate Clinic", sender_name="Northgate", time_zone=zone, is_demo=True)
    site = Site.objects.create(name="Northgate Main", time_zone=zone)
    user = User.objects.create_user(
        email="clinician@example.org", name="Clinician", role=Role.CLINICIAN, profession="physical_therapist"
    )
    clinician = Resource.objects.create(
        kind=Resource.Kind.CLINICIAN, name="Clinician", ordinal=1, offers=["physical_therapist"], user=user
    )
    return Owing(site, clinician, now)


def book_ahead(database: OwnDatabase, made: Owing, *, visits: int, days: int) -> None:
    """Visits booked a month ago, spread evenly over the hours of the next `days`."""
    with database.as_admin() as admin:
        _sketch(admin, made, visits, first=made.now + timedelta(days=1), over=timedelta(days=days - 1))
        fill(admin, "appointments_appointment", [_VISITS])
    tidy(database)


def owe_now(database: OwnDatabase, made: Owing, *, reminders: int, due_at: datetime) -> str:
    """Visits of the day after tomorrow, and for each a reminder that is due at `due_at`; all others are settled.

    Gives what their occasions end in.
    """
    run = uuid4().hex
    day = datetime.combine(made.now.date() + timedelta(days=2), time(12), tzinfo=made.now.tzinfo)
    with database.as_admin() as admin:
        _sketch(admin, made, reminders, first=day, over=timedelta(hours=8))
        fill(admin, "appointments_appointment", [_VISITS])
        admin.execute("UPDATE reminders_message SET state = 'expired' WHERE state = 'ready'")
        # Else these patients had enough for today after the fourth pipe, and ours would rightly send them nothing.
        admin.execute(
            "UPDATE reminders_message SET due_at = due_at - interval '60 days', sent_at = sent_at - interval '60 days'"
        )
        admin.execute(_MESSAGES, {"due_at": due_at, "run": run})
    with database.as_admin() as admin:
        admin.autocommit = True  # as autovacuum does overnight, of what has changed
        admin.execute("VACUUM ANALYZE reminders_message, appointments_appointment")
    return run


def _sketch(
    admin: "psycopg.Connection[tuple[Any, ...]]", made: Owing, visits: int, *, first: datetime, over: timedelta
) -> None:
    asked = {"site": made.site.pk, "clinician": made.clinician.pk, "first": first, "over": over, "visits": visits}
    admin.execute("DROP TABLE IF EXISTS sketch")
    admin.execute(_SKETCH, asked | {"made_at": made.now - timedelta(days=30)})


_SKETCH = """
CREATE TABLE sketch AS
WITH patient AS (SELECT id, row_number() OVER (ORDER BY number) - 1 AS n FROM patients_patient)
SELECT gen_random_uuid() AS id, patient.id AS patient_id, %(site)s::uuid AS site, %(clinician)s::uuid AS clinician,
       %(first)s::timestamptz + %(over)s::interval * ((nth - 1) / %(visits)s::float) AS starts_at,
       %(made_at)s::timestamptz AS made_at, nth
FROM generate_series(1, %(visits)s) nth JOIN patient ON patient.n = nth %% (SELECT count(*) FROM patients_patient)
"""

_VISITS = """
INSERT INTO appointments_appointment (id, patient_id, service_code, clinician_id, site_id, starts_at, ends_at, status,
    revision, booked_at, timed_at, cancel_reason, overbooked_because, is_walk_in)
SELECT id, patient_id, 'review', clinician, site, starts_at, starts_at + interval '30 minutes', 'booked', 0, made_at,
    made_at, '', '', false
FROM sketch
"""

_MESSAGES = """
INSERT INTO reminders_message (id, occasion, kind, channel, patient_id, appointment_id, starts_at, due_at, not_before,
    not_after, state, reason, token, attempts, language, address_digest, address_hint)
SELECT gen_random_uuid(), 'visit:' || id || '#eve' || %(run)s, 'reminder',
    'email', patient_id, id, starts_at, %(due_at)s,
    %(due_at)s, starts_at - interval '2 hours', 'ready', '', 0, 0, '', '', ''
FROM sketch
"""

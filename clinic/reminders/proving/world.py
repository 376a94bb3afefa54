"""A small clinic that owes each of its patients one message, at an hour at which it may speak."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from clinic.appointments.models import Appointment, Resource
from clinic.appointments.rules.status import Status
from clinic.reminders.models import Message
from clinic.reminders.rules import occasions
from patients.models import Patient
from people.actions import audit
from people.models import Clinic, Site, User
from people.rules.permissions import Role

_NOON = 12


@dataclass(frozen=True, slots=True)
class Owed:
    """`key` is what the other side's ledger knows it by: a Message-ID, or a number."""

    message_id: UUID
    visit_id: UUID
    key: str


@transaction.atomic
def build(*, patients: int, now: datetime) -> None:
    """A clinic at noon, whatever the hour of the machine."""
    clinic = Clinic.objects.create(
        id=1, name="Northgate Clinic", sender_name="Northgate", time_zone=_zone_where(now, _NOON), is_demo=True
    )
    Site.objects.create(name="Northgate", time_zone=clinic.time_zone)
    user = User.objects.create_user(
        email="maria@example.org", name="Maria", role=Role.CLINICIAN, profession="physical_therapist"
    )
    Resource.objects.create(kind=Resource.Kind.CLINICIAN, name="Maria", user=user, offers=["physical_therapist"])
    Patient.objects.bulk_create(
        Patient(
            given_name="Leila",
            family_name=f"Proof {n}",
            email=f"p{n}@example.org",
            mobile=f"+1202555{n:04d}",
            registered_at=now,
        )
        for n in range(patients)
    )
    audit.record(None, "prove.built", clinic, count=patients)


@transaction.atomic
def owe(count: int, *, now: datetime, channel: str = "email", at_hour: int = _NOON) -> list[Owed]:
    """Visits of the day after tomorrow and a reminder for each, due now; what was owed before is settled.

    `at_hour` is what the clock of the site says at this moment.
    """
    Message.objects.filter(state__in=Message.OPEN).update(state=Message.State.EXPIRED, token=F("token") + 1)
    Site.objects.update(time_zone=_zone_where(now, at_hour))
    site, clinician = Site.objects.get(), Resource.objects.clinicians().get()
    starts_at = now.replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
    visits, messages, owed = [], [], []
    for patient in Patient.objects.order_by("number")[:count]:
        visit = Appointment(
            patient=patient,
            service_code="review",
            site=site,
            clinician=clinician,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=30),
            booked_at=now - timedelta(days=30),
            timed_at=now - timedelta(days=30),
        )
        message = Message(
            occasion=occasions.visit(visit.pk, starts_at, which="eve"),
            kind=Message.Kind.REMINDER,
            channel=channel,
            patient=patient,
            appointment=visit,
            starts_at=starts_at,
            due_at=now,
            not_before=now,
            not_after=starts_at - timedelta(hours=2),
        )
        visits.append(visit)
        messages.append(message)
        owed.append(Owed(message.pk, visit.pk, message.mail_id if channel == "email" else str(patient.mobile)))
    Appointment.objects.bulk_create(visits)
    Message.objects.bulk_create(messages)
    return owed


@transaction.atomic
def call_off(visit_id: UUID, *, now: datetime) -> None:
    """It will not be, and nobody can undo that."""
    Appointment.objects.filter(pk=visit_id).update(status=Status.CANCELLED, cancelled_at=now)


@transaction.atomic
def move(visit_id: UUID, *, now: datetime) -> None:
    later = timedelta(days=1)
    Appointment.objects.filter(pk=visit_id).update(
        starts_at=F("starts_at") + later, ends_at=F("ends_at") + later, timed_at=now
    )


@transaction.atomic
def decline(visit_id: UUID) -> None:
    """The patient wants no more mail."""
    Patient.objects.filter(appointments__pk=visit_id).update(may_be_mailed=False)


@transaction.atomic
def forgive() -> None:
    """Everybody may be written to again."""
    Patient.objects.update(may_be_mailed=True)


def _zone_where(now: datetime, hour: int) -> str:
    """A zone in which it is that hour now. The sign is POSIX's: west is positive."""
    east = (hour - now.hour + 12) % 24 - 12
    return f"Etc/GMT{-east:+d}"

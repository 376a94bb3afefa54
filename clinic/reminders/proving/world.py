"""A small clinic that owes each of its patients one message, at an hour at which it may speak."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F

from clinic.appointments.models import Appointment, Resource
from clinic.appointments.rules.status import Status
from clinic.reminders.actions import wishes
from clinic.reminders.models import ContactPreference, Message, OptOut, ReminderPolicy, SendingRule
from clinic.reminders.rules import occasions
from patients.models import Patient
from people.actions import audit
from people.models import Clinic, Site, User
from people.rules.permissions import Role

_NOON: Final = 12
_SITE: Final = "Northgate"
_LONG_AGO: Final = timedelta(days=60)  # longer than any cap looks back
Kind, State = Message.Kind, Message.State


@dataclass(frozen=True, slots=True)
class Owed:
    """`key` is what the other side's ledger knows it by: a Message-ID, or a number. `zone` is where they live."""

    message_id: UUID
    visit_id: UUID
    key: str
    zone: str
    address: str = ""


@transaction.atomic
def build(*, patients: int, now: datetime) -> None:
    """A clinic at noon, whatever the hour of the machine."""
    clinic = Clinic.objects.create(
        id=1, name="Northgate Clinic", sender_name="Northgate", time_zone=_zone_where(now, _NOON), is_demo=True
    )
    Site.objects.create(name=_SITE, time_zone=clinic.time_zone)
    # The planner of the workers is real too: it must not owe more than the experiment counts.
    SendingRule.objects.create(kind=Kind.REMINDER, which="early", is_on=False)
    user = User.objects.create_user(
        email="maria@example.org", name="Maria", role=Role.CLINICIAN, profession="physical_therapist"
    )
    Resource.objects.create(kind=Resource.Kind.CLINICIAN, name="Maria", user=user, offers=["physical_therapist"])
    Patient.objects.bulk_create(
        Patient(
            given_name="Leila",
            family_name=f"Proof {n}",
            email=f"p{n}@example.org",
            mobile=f"+1202{n + 2_000_000:07d}",
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
    clear(now)
    # Else the planner of the workers would write to everybody by mail first, as a new clinic does.
    ReminderPolicy.objects.update_or_create(pk=1, defaults={"first_channel": channel})
    zone = _zone_where(now, at_hour)
    Site.objects.filter(name=_SITE).update(time_zone=zone)
    starts_at = now.replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
    visits = _visits([starts_at] * count, Site.objects.get(name=_SITE), booked_at=now - _LONG_AGO)
    messages = [
        Message(
            occasion=occasions.visit(visit.pk, starts_at, which="eve"),
            kind=Kind.REMINDER,
            channel=channel,
            patient=visit.patient,
            appointment=visit,
            starts_at=starts_at,
            due_at=now,
            not_before=now,
            not_after=starts_at - timedelta(hours=2),
        )
        for visit in visits
    ]
    Message.objects.bulk_create(messages)
    return [_owed(message, zone) for message in messages]


@transaction.atomic
def book(count: int, *, now: datetime) -> list[UUID]:
    """Visits booked a moment ago, of which nobody was told yet."""
    clear(now)
    site = Site.objects.get(name=_SITE)
    starts_at = now.replace(minute=0, second=0, microsecond=0) + timedelta(days=9)
    return [it.pk for it in _visits([starts_at] * count, site, booked_at=now - timedelta(minutes=5))]


@transaction.atomic
def visits_at(place: str, times: Sequence[datetime], *, first: int) -> list[UUID]:
    """Visits booked long ago, at a site of that zone, each of another patient: the `first` and those after."""
    site, _ = Site.objects.get_or_create(name=place, time_zone=place)
    return [it.pk for it in _visits(times, site, booked_at=min(times) - _LONG_AGO, first=first)]


def told(visits: Iterable[UUID], kinds: Iterable[str]) -> list[tuple[Owed, str]]:
    """What became owed about these visits, each with its occasion."""
    rows = Message.objects.filter(appointment__in=list(visits), kind__in=list(kinds))
    rows = rows.select_related("patient", "appointment__site")
    return [(_owed(it, it.appointment.site.time_zone), it.occasion) for it in rows if it.appointment]


def _owed(message: Message, zone: str) -> Owed:
    patient = message.patient
    assert patient  # noqa: S101  for the type checker: all messages here are to patients
    is_text = message.channel == Message.Channel.SMS
    key = str(patient.mobile) if is_text else message.mail_id
    return Owed(message.pk, message.appointment_id or UUID(int=0), key, zone, patient.email)


def _visits(times: Sequence[datetime], site: Site, *, booked_at: datetime, first: int = 0) -> list[Appointment]:
    clinician = Resource.objects.clinicians().get()
    patients = Patient.objects.order_by("number")[first : first + len(times)]
    return Appointment.objects.bulk_create(
        Appointment(
            patient=patient,
            service_code="review",
            site=site,
            clinician=clinician,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=30),
            booked_at=booked_at,
            timed_at=booked_at,
        )
        for patient, starts_at in zip(patients, times, strict=True)
    )


@transaction.atomic
def clear(now: datetime) -> None:
    """What earlier experiments owed is not sent any more, and what they sent counts in nobody's cap."""
    Message.objects.filter(state__in=Message.OPEN).update(state=State.EXPIRED, token=F("token") + 1, lease_until=None)
    Message.objects.exclude(state__in=Message.OPEN).update(due_at=now - _LONG_AGO)
    Message.objects.filter(state=State.SENT).update(sent_at=now - _LONG_AGO)
    # Also those that fell out in an earlier experiment: that is no news any more, by whichever way.
    Appointment.objects.filter(status__in=[Status.BOOKED, Status.CANCELLED]).update(
        status=Status.CANCELLED, cancelled_at=now - _LONG_AGO
    )
    _forgive(now)


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


def decline(address: str, *, now: datetime) -> None:
    """The patient presses the link under a mail: no more."""
    wishes.stop("email", address=address, how=OptOut.How.LINK, by=None, now=now, proof="proved")


def _forgive(now: datetime) -> None:
    """Everybody may be written to again: who said STOP, and whose address was refused."""
    out = OptOut.objects.filter(is_out=True).select_related("patient")
    for channel, patient in {(it.channel, it.patient) for it in out if it.patient}:
        address = patient.email if channel == Message.Channel.EMAIL else str(patient.mobile)
        wishes.start(channel, address=address, how=OptOut.How.LINK, by=None, now=now, proof="proved")
    desk = User.objects.get()
    for doubted in ContactPreference.objects.exclude(doubtful_email="").select_related("patient"):
        wishes.trust(doubted.patient, Message.Channel.EMAIL, by=desk)


def _zone_where(now: datetime, hour: int) -> str:
    """A zone in which it is that hour now. The sign is POSIX's: west is positive."""
    east = (hour - now.hour + 12) % 24 - 12
    return f"Etc/GMT{-east:+d}"

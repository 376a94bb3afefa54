"""What the clinic asks of every booking, whoever makes it."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.appointments.actions import hours
from clinic.appointments.models import Appointment, Hold, Resource
from clinic.appointments.rules import needs, slots
from clinic.appointments.rules.refusals import (
    InThePast,
    NotOffered,
    NotTreatedAnyMore,
    OfAnotherPlan,
    OffTheGrid,
    OutsideHours,
    SlotTaken,
    TooFarAhead,
    Unfit,
)
from clinic.appointments.rules.slots import Span
from patients.models import Patient
from programs.actions.safety import refuse_if_held

CHANGED = _("Somebody else changed this visit first. Nothing was saved: look at it again.")


def may_be_booked(asked: Appointment, pieces: Collection[Resource], *, holder: Resource, now: datetime) -> None:
    """Refuse what no clinic would book. `holder` is the patient's row in the book; all are fresh and locked.

    Raises `InThePast`, `TooFarAhead`, `OffTheGrid`, `SlotTaken`, `NotOffered`, `Unfit`, `NotTreatedAnyMore`,
    `OfAnotherPlan`, `OutsideHours`, and `HeldByRedFlag` for a treatment while a warning sign is open.
    """
    _time(asked, now)
    _taken(asked, [*pieces, holder])
    if not asked.service.is_enabled:
        raise NotOffered
    if not needs.fits(asked.service, pieces, site_id=asked.site_id):
        raise Unfit
    _patient(asked.patient)
    _session(asked)
    _hours(asked, pieces)
    refuse_if_held(asked.patient, asked.service.modality)


def _time(asked: Appointment, now: datetime) -> None:
    if asked.starts_at < now:
        raise InThePast
    if asked.starts_at > now + slots.HORIZON:
        raise TooFarAhead
    if not slots.is_on_grid(asked.starts_at):
        raise OffTheGrid


def _taken(asked: Appointment, pieces: Collection[Resource]) -> None:
    """Says early, and in more words, what the database would refuse in the end. Only its constraint decides."""
    during = (asked.starts_at, asked.ends_at)
    cleaned = (asked.starts_at, asked.ends_at + timedelta(minutes=asked.service.cleanup_minutes))
    rooms = [piece.pk for piece in pieces if piece.kind == Resource.Kind.ROOM]
    others = [piece.pk for piece in pieces if piece.kind != Resource.Kind.ROOM]
    held = Hold.objects.filter(
        Q(resource__in=others, during__overlap=during) | Q(resource__in=rooms, during__overlap=cleaned)
    )
    taken = set(held.exclude(appointment=asked.pk).values_list("resource_id", flat=True))
    if taken:
        raise SlotTaken({piece.kind for piece in pieces if piece.pk in taken})


def _patient(patient: Patient) -> None:
    # Read anew: the page that asks may have been opened before somebody recorded a death.
    if not Patient.objects.current().filter(pk=patient.pk, died_on=None).exists():
        raise NotTreatedAnyMore


def _session(asked: Appointment) -> None:
    """A form names the session by an id that anybody can change."""
    session = asked.session
    if session and (session.patient_id != asked.patient_id or session.modality != asked.service_code):
        raise OfAnotherPlan


def _hours(asked: Appointment, pieces: Collection[Resource]) -> None:
    visit = Span.of(asked.starts_at, asked.ends_at)
    cleaned = Span(visit.starts, visit.ends + asked.service.cleanup_minutes)
    first = timezone.localtime(asked.starts_at, asked.site.zone).date()
    # A visit does not run past midnight, but the cleaning of its room may.
    roster = hours.hours([piece.pk for piece in pieces], first=first, last=first + timedelta(days=1))
    for piece in pieces:
        if piece.kind == Resource.Kind.CLINICIAN and not roster.is_working(piece.pk, asked.site_id, visit):
            raise OutsideHours
        if roster.is_away(piece.pk, cleaned if piece.kind == Resource.Kind.ROOM else visit):
            raise OutsideHours

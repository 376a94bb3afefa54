"""What the clinic asks of every booking, whoever makes it. Whether a time is still free is not asked here:
only the database can answer that."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.appointments.actions import hours
from clinic.appointments.models import Appointment, Resource
from clinic.appointments.rules import needs, slots
from clinic.appointments.rules.refusals import (
    InThePast,
    NotOffered,
    NotTreatedAnyMore,
    OfAnotherPlan,
    OffTheGrid,
    OutsideHours,
    TooFarAhead,
    Unfit,
)
from clinic.appointments.rules.slots import Span
from patients.models import Patient
from programs.actions.safety import refuse_if_held

CHANGED = _("Somebody else changed this visit first. Nothing was saved: look at it again.")


def may_be_booked(asked: Appointment, pieces: Collection[Resource], *, holder: Resource, now: datetime) -> None:
    """Refuse what no clinic would book. `holder` is the patient's row in the book; all rows are fresh and locked.

    Raises `InThePast`, `TooFarAhead`, `OffTheGrid`, `NotOffered`, `Unfit`, `OutsideHours`, `NotTreatedAnyMore`,
    `OfAnotherPlan`, and `HeldByRedFlag` for a treatment while a warning sign is open.
    """
    _time(asked, now)
    if not asked.service.is_enabled:
        raise NotOffered
    if not needs.fits(asked.service, pieces, site_id=asked.site_id):
        raise Unfit
    _patient(holder.patient)
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


def _patient(patient: Patient | None) -> None:
    if patient is None or patient.is_archived or patient.is_dead:
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

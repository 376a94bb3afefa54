"""What the clinic asks of every booking, whoever makes it."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Q
from django.utils import timezone

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

Pieces = Collection[Resource]
Asked = Collection[tuple[Appointment, Pieces]]


def may_be_booked(asked: Asked, *, holder: Resource, now: datetime) -> None:
    """Refuse what no clinic would book: visits of one patient, each with what it would hold.

    `holder` is the patient's row in the book; all are fresh and locked. As many queries for a series as for one.

    Raises `InThePast`, `TooFarAhead`, `OffTheGrid`, `SlotTaken`, `NotOffered`, `Unfit`, `NotTreatedAnyMore`,
    `OfAnotherPlan`, `OutsideHours`, and `HeldByRedFlag` for a treatment while a warning sign is open.
    """
    for visit, pieces in asked:
        _time(visit, now)
        if not visit.service.is_enabled:
            raise NotOffered
        if not needs.fits(visit.service, pieces, site_id=visit.site_id):
            raise Unfit
        _session(visit)
    _taken(asked, holder)
    patient = next(visit.patient for visit, _ in asked)
    _patient(patient)
    _hours(asked)
    refuse_if_held(patient, {visit.service.modality for visit, _ in asked})


def _time(asked: Appointment, now: datetime) -> None:
    if asked.starts_at < now:
        raise InThePast
    if asked.starts_at > now + slots.HORIZON:
        raise TooFarAhead
    if not slots.is_on_grid(asked.starts_at):
        raise OffTheGrid


def _taken(asked: Asked, holder: Resource) -> None:
    """Says early, and in more words, what the database would refuse in the end. Only its constraint decides."""
    wanted = reduce(
        or_,
        (
            Q(resource=piece, during__overlap=(visit.starts_at, visit.keeps_until(piece)))
            for visit, pieces in asked
            for piece in [*pieces, holder]
        ),
    )
    ours = [visit.pk for visit, _ in asked]
    kinds = set(Hold.objects.filter(wanted).exclude(appointment__in=ours).values_list("resource__kind", flat=True))
    if kinds:
        raise SlotTaken(kinds)


def _patient(patient: Patient) -> None:
    # Read anew: the page that asks may have been opened before somebody recorded a death.
    if not Patient.objects.current().filter(pk=patient.pk, died_on=None).exists():
        raise NotTreatedAnyMore


def _session(asked: Appointment) -> None:
    """A form names the session by an id that anybody can change."""
    session = asked.session
    if session and (session.patient_id != asked.patient_id or session.modality != asked.service_code):
        raise OfAnotherPlan


def _hours(asked: Asked) -> None:
    days = [timezone.localtime(visit.starts_at, visit.site.zone).date() for visit, _ in asked]
    # A visit does not run past midnight, but the cleaning of its room may.
    ids = {piece.pk for _, pieces in asked for piece in pieces}
    roster = hours.hours(ids, first=min(days), last=max(days) + timedelta(days=1))
    for visit, pieces in asked:
        for piece in pieces:
            if piece.kind == Resource.Kind.CLINICIAN and not roster.is_working(
                piece.pk, visit.site_id, Span.of(visit.starts_at, visit.ends_at)
            ):
                raise OutsideHours
            if roster.is_away(piece.pk, Span.of(visit.starts_at, visit.keeps_until(piece))):
                raise OutsideHours

"""What the clinic asks of every booking, whoever makes it."""

from collections.abc import Collection
from dataclasses import dataclass
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
from programs.rules.services import Service


@dataclass(frozen=True, slots=True)
class Asked:
    """A visit that is asked for, what it is, and what it would hold besides the patient."""

    visit: Appointment
    service: Service
    pieces: Collection[Resource]

    def during(self, piece: Resource) -> tuple[datetime, datetime]:
        """How long it holds the piece: a room has to be cleaned before the next patient."""
        before, after = self.service.margins(piece.kind)
        return self.visit.starts_at - timedelta(minutes=before), self.visit.ends_at + timedelta(minutes=after)


def may_be_booked(asked: Collection[Asked], *, holder: Resource, now: datetime) -> None:
    """Refuse what no clinic would book: visits of one patient, each with what it would hold.

    `holder` is the patient's row in the book; all are fresh and locked. As many queries for a series as for one.

    Raises `InThePast`, `TooFarAhead`, `OffTheGrid`, `SlotTaken`, `NotOffered`, `Unfit`, `NotTreatedAnyMore`,
    `OfAnotherPlan`, `OutsideHours`, and `HeldByRedFlag` for a treatment while a warning sign is open.
    """
    for each in asked:
        _time(each.visit, now)
        if not each.service.is_enabled:
            raise NotOffered
        if not needs.fits(each.service, each.pieces, site_id=each.visit.site_id):
            raise Unfit
        _session(each.visit, each.service)
    _taken(asked, holder)
    patient = next(each.visit.patient for each in asked)
    _patient(patient)
    _hours(asked)
    refuse_if_held(patient, {each.service.modality for each in asked})


def _time(asked: Appointment, now: datetime) -> None:
    if asked.starts_at < now:
        raise InThePast
    if asked.starts_at > now + slots.HORIZON:
        raise TooFarAhead
    if not slots.is_on_grid(asked.starts_at):
        raise OffTheGrid


def _taken(asked: Collection[Asked], holder: Resource) -> None:
    """Says early, and in more words, what the database would refuse in the end. Only its constraint decides."""
    wanted = reduce(
        or_,
        (Q(resource=piece, during__overlap=each.during(piece)) for each in asked for piece in [*each.pieces, holder]),
    )
    ours = [each.visit.pk for each in asked]
    others = Hold.objects.filter(wanted).exclude(appointment__in=ours)
    kinds = set(others.values_list("resource__kind", flat=True))
    if kinds:
        raise SlotTaken(kinds)


def _patient(patient: Patient) -> None:
    # Read anew: the page that asks may have been opened before somebody recorded a death.
    if not Patient.objects.current().filter(pk=patient.pk, died_on=None).exists():
        raise NotTreatedAnyMore


def _session(asked: Appointment, service: Service) -> None:
    """A form names the session by an id that anybody can change."""
    session = asked.session
    if session and (session.patient_id != asked.patient_id or session.modality != service.modality):
        raise OfAnotherPlan


def _hours(asked: Collection[Asked]) -> None:
    days = [timezone.localtime(each.visit.starts_at, each.visit.site.zone).date() for each in asked]
    # A visit does not run past midnight, but the cleaning of its room may.
    ids = {piece.pk for each in asked for piece in each.pieces}
    roster = hours.hours(ids, first=min(days), last=max(days) + timedelta(days=1))
    for each in asked:
        for piece in each.pieces:
            span = Span.of(*each.during(piece))
            if piece.kind == Resource.Kind.CLINICIAN and not roster.is_working(piece.pk, each.visit.site_id, span):
                raise OutsideHours
            if roster.is_away(piece.pk, span):
                raise OutsideHours

"""Who will come, who came and who did not."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clinic.appointments.actions import booking, packages
from clinic.appointments.actions.asked import treatment
from clinic.appointments.models import Appointment
from clinic.appointments.rules.refusals import CHANGED, CannotBecome, IsHere, NotExpected, NotYet
from clinic.appointments.rules.status import MAY_BE_MOVED, Status, may_follow
from people.actions import audit
from people.models import User
from people.rules.refusal import ChangedMeanwhile
from programs.actions import beginning, safety
from programs.actions.safety import Treatment
from programs.actions.safety_file import Nearby

BEGUN = frozenset({Status.IN_ROOM, Status.DONE})


@transaction.atomic
def set_status(appointment: Appointment, status: str, *, was: str, by: User, now: datetime) -> Appointment:
    """Take the visit one step on, or one step back. `was` is what the screen showed.

    Raises `ChangedMeanwhile` if it is no longer `was`, `CannotBecome`, `NotYet` or `IsHere` if no step leads there,
    and what `_may_come_in` and `_may_begin` refuse. Checking in keeps since when she is here.
    """
    _may_step(appointment, status, was=was, by=by, now=now)
    is_early = status == Status.MISSED and now < appointment.starts_at
    if is_early or not may_follow(was, status) or not _step(appointment, Status(status), was, now):
        _as_it_stands(appointment)
        if appointment.status == status:
            return appointment  # two people tapped the same button: both got what they wanted
        if appointment.status != was:
            raise ChangedMeanwhile(CHANGED)
        raise NotYet if is_early else CannotBecome
    audit.record(by, "appointment.status_set", appointment, was=was, status=str(status))
    if status == Status.DONE:
        packages.use_if_any(appointment, by=by, now=now)
    elif was == Status.DONE or (was == Status.MISSED and status != Status.MISSED):
        packages.give_back(appointment, by=by, now=now)
    return appointment


def _may_step(visit: Appointment, status: str, *, was: str, by: User, now: datetime) -> None:
    if status == Status.ARRIVED and was not in BEGUN:
        _may_come_in(visit)
    elif was == Status.ARRIVED and status in BEGUN:
        _may_begin(visit, by=by, now=now)
    elif status == Status.MISSED and visit.waits_for_clinician:
        raise IsHere


def _may_come_in(visit: Appointment) -> None:
    """Who must not have the treatment is not checked in for it: a clinician looks first.

    Raises `HeldByRedFlag` and `Contraindicated`.
    """
    if wanted := _to_be_given(visit):
        words = _("Clinician check needed before the patient can be checked in.")
        safety.refuse_if_unsafe(visit.patient, [wanted], words=words, nearby=_here(visit))


def _may_begin(visit: Appointment, *, by: User, now: datetime) -> None:
    """Raises what `beginning.let_begin` does."""
    if wanted := _to_be_given(visit):
        beginning.let_begin(
            visit.patient,
            wanted,
            visit.session,
            given_by=visit.clinician.offers,
            by=by,
            now=now,
            words=_("Clinician check needed before this visit can begin."),
            nearby=_here(visit),
        )


def _to_be_given(visit: Appointment) -> Treatment | None:
    """None for an assessment, and once its note is signed: what was given then was judged, and nothing follows."""
    is_over = visit.assessment is not None and visit.assessment.is_signed
    return None if is_over else treatment(visit, visit.service)


def _here(visit: Appointment) -> Nearby:
    return Nearby(sitting=visit.assessment_id)  # what this visit's own note says was given is no other treatment


@transaction.atomic
def wait_for_clinician(appointment: Appointment, *, is_here: bool, by: User, now: datetime) -> Appointment:
    """She stands at the desk and cannot be checked in until a clinician has looked; or she does not stand there.

    Saying so twice changes nothing. Raises `NotExpected` once she is checked in, or will not come, and
    `ChangedMeanwhile` if the visit was moved since.
    """
    seen = Appointment.objects.filter(pk=appointment.pk, revision=appointment.revision, status__in=MAY_BE_MOVED)
    if seen.filter(arrived_at__isnull=is_here).update(arrived_at=now if is_here else None):
        appointment.arrived_at = now if is_here else None
        audit.record(by, "appointment.waits_for_clinician" if is_here else "appointment.does_not_wait", appointment)
    elif not seen.exists():
        _as_it_stands(appointment)
        raise NotExpected
    return appointment


@transaction.atomic
def confirm(appointment: Appointment, *, by: User | None, now: datetime) -> Appointment:
    """The patient will come. Saying so twice changes nothing. `by` is None through the link in a message.

    Raises `CannotBecome` for a visit that is over, called off or under way, and `ChangedMeanwhile` for one that
    was moved since: the yes was to another time.
    """
    if now >= appointment.ends_at or not _step(appointment, Status.CONFIRMED, Status.BOOKED, now):
        _as_it_stands(appointment)
        if appointment.status == Status.CONFIRMED:
            return appointment
        raise CannotBecome
    audit.record(by, "appointment.confirmed" if by else "appointment.confirmed_by_link", appointment)
    return appointment


@transaction.atomic
def expect(appointment: Appointment, at: datetime | None, *, by: User, now: datetime) -> Appointment:
    """The patient has phoned: on the way, here at `at`. None takes it back: they will be on time.

    Raises `NotExpected` once they have come, or will not come, and `ChangedMeanwhile` if the visit was moved since.
    """
    coming = Appointment.objects.filter(pk=appointment.pk, revision=appointment.revision)
    if not coming.expected().update(expected_at=at):
        _as_it_stands(appointment)
        raise NotExpected
    appointment.expected_at = at
    late = (at - appointment.starts_at) // timedelta(minutes=1) if at else 0
    audit.record(by, "appointment.expected_late" if at else "appointment.expected_in_time", appointment, minutes=late)
    return appointment


def _step(visit: Appointment, status: Status, was: str, now: datetime) -> bool:
    """Compare and swap: in one statement, and only if nobody has moved or stepped the visit meanwhile."""
    changes: dict[str, object] = {"status": status}
    if status == Status.BOOKED:
        changes["confirmed_at"] = None
    if status == Status.CONFIRMED and was == Status.BOOKED:
        changes["confirmed_at"] = now
    if status == Status.ARRIVED and was != Status.IN_ROOM:
        changes["arrived_at"] = visit.arrived_at or now  # she may have waited for a clinician since before
    elif status in MAY_BE_MOVED and was not in MAY_BE_MOVED:
        changes["arrived_at"] = None
    seen = Appointment.objects.filter(pk=visit.pk, revision=visit.revision, status=was)
    try:
        if not seen.update(**changes):
            return False
    except IntegrityError as error:  # a missed visit comes back, but its session was booked anew
        raise booking.refusal(error) from error
    for name, value in changes.items():
        setattr(visit, name, value)
    return True


def _as_it_stands(visit: Appointment) -> None:
    """Bring the status up to date. Raises `ChangedMeanwhile` if the visit was moved or called off."""
    revision, visit.status = Appointment.objects.values_list("revision", "status").get(pk=visit.pk)
    if revision != visit.revision:
        raise ChangedMeanwhile(CHANGED)

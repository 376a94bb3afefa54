"""Who will come, who came and who did not."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clinic.appointments.actions import booking, packages
from clinic.appointments.actions.asked import treatment
from clinic.appointments.models import Appointment
from clinic.appointments.rules.refusals import CHANGED, CannotBecome, NotExpected, NotYet
from clinic.appointments.rules.status import Status, may_follow
from people.actions import audit
from people.models import User
from people.rules.refusal import ChangedMeanwhile
from programs.actions import checkpoints, consents, safety
from programs.actions.safety_file import Nearby
from programs.models import SafetyDecision

BEGUN = frozenset({Status.IN_ROOM, Status.DONE})


@transaction.atomic
def set_status(appointment: Appointment, status: str, *, was: str, by: User, now: datetime) -> Appointment:
    """Take the visit one step on, or one step back. `was` is what the screen showed.

    Raises `ChangedMeanwhile` if it is no longer `was`, `CannotBecome` or `NotYet` if no step leads there, and what
    `_may_begin` refuses.
    """
    if was == Status.ARRIVED and status in BEGUN:
        _may_begin(appointment, by=by, now=now)
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


def _may_begin(visit: Appointment, *, by: User, now: datetime) -> None:
    """A treatment begins only if it is safe today, its consents are signed and its plan was looked at in time.

    Raises `HeldByRedFlag`, `Contraindicated`, `ConsentMissing` and `NotDecided`.
    """
    wanted = treatment(visit, visit.service)
    if wanted is None:
        return
    words = _("Clinician check needed before this visit can begin.")
    here = Nearby(sitting=visit.assessment_id)  # what this visit's own note says was given is no other treatment
    safety.decide(visit.patient, [wanted], SafetyDecision.Moment.STARTED, by=by, now=now, words=words, nearby=here)
    consents.refuse_unless_given(visit.patient, wanted.modality, on=wanted.on)
    checkpoints.refuse_if_undecided(visit.session, on=wanted.on)


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
        changes["arrived_at"] = now
    elif status in {Status.BOOKED, Status.CONFIRMED}:
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

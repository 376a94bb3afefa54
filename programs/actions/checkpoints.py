"""Looking at a plan again: what the measures say, and how it goes on."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from patients.rules.change import BETTER, WORSE
from people.actions import audit
from people.models import User
from people.rules.permissions import Permission
from people.rules.refusal import ChangedMeanwhile, NotAllowed, Refused
from programs.actions import plan_known, plans
from programs.actions.plan_known import Compared
from programs.models import Checkpoint, Plan, PlannedSession, TreatmentGiven
from programs.rules import notices
from programs.rules.rulebook import rulebook

# A score this much older than the checkpoint does not speak for it.
FRESH = timedelta(days=7)


class NotDecided(Refused):
    """A checkpoint has passed without a clear change and without a decision. The words are for the desk."""

    is_to_decide = False  # whether a clinician can lift it on the page where a plan is looked at again


class LookFirst(NotDecided):
    """A clinician must look at the plan again before more of it is given."""

    is_to_decide = True


class CannotBeDecided(Refused):
    """A decision without a reason, or one that there is not."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the measures say at a checkpoint."""

    rows: tuple[Compared, ...]
    to_measure: tuple[str, ...]  # codes of measures that nobody has taken since

    @property
    def is_clear(self) -> bool:
        """Whether one scale is better by its published threshold, and none is worse by it."""
        said = {it.change.verdict for it in self.rows if it.change}
        return BETTER in said and WORSE not in said


def numbers(plan: Plan, it: Checkpoint, *, on: date) -> Numbers:
    """From the beginning of the plan to the checkpoint, or to `on` if that is later. One query."""
    rows, fresh_from = plan_known.outcomes_of(plan.patient), it.due_on - FRESH
    taken = {row.measure for row in rows if fresh_from <= row.on <= on}
    return Numbers(
        rows=tuple(
            plan_known.compared(rows, code, since=plan.starts_on, on=on, fresh_from=fresh_from)
            for code in plan_known.COMPARED
            if code in it.measures
        ),
        to_measure=tuple(code for code in it.measures if code not in taken),
    )


@transaction.atomic
def decide(plan: Plan, it: Checkpoint | None, *, decision: str, reason: str, by: User, now: datetime) -> Checkpoint:
    """Go on, change the plan, or end it, with the reason. No `it`: looked at between two checkpoints.

    Whoever decides to change or to end it does that next; this keeps only what was decided and on which numbers.
    Raises `CannotBeDecided`, `ChangedMeanwhile` if somebody decided first, `PlanHasEnded`, and `NotAllowed`.
    """
    if not by.may(Permission.PLAN_EDIT):
        raise NotAllowed(_("Only a clinician decides how a plan goes on."))
    if decision not in Checkpoint.Decision.values:
        raise CannotBeDecided(_("Choose how the plan goes on."))
    if not reason.strip():
        raise CannotBeDecided(_("Write down why."))
    kept_plan, on = plans.locked(plan), plans.clinic_day(now)
    kept = Checkpoint.objects.select_for_update().get(pk=it.pk, plan=kept_plan) if it else _extra(kept_plan, on)
    if kept.decided_at is not None:
        raise ChangedMeanwhile(_("Somebody else has decided this meanwhile. Look at what was decided."))
    said = numbers(kept_plan, kept, on=on)
    kept.decision, kept.reason, kept.decided_by, kept.decided_at = decision, reason.strip(), by, now
    kept.change = _as_kept(said)
    kept.save(update_fields=["decision", "reason", "decided_by", "decided_at", "change"])
    audit.record(by, "checkpoint.decided", kept, decision=decision, is_clear=said.is_clear)
    return kept


def _extra(plan: Plan, on: date) -> Checkpoint:
    last = plan.checkpoints.aggregate(last=Max("ordinal"))["last"] or 0
    return Checkpoint.objects.create(plan=plan, ordinal=last + 1, due_on=on, measures=list(plan_known.COMPARED))


def _as_kept(said: Numbers) -> dict[str, Any]:
    return {
        it.measure: {
            "was": it.was,
            "now": it.is_now,
            "by": it.change.by if it.change else None,
            "meaning": it.change.meaning if it.change else "not_measured",
        }
        for it in said.rows
    }


def waiting(plan: Plan, *, on: date) -> Checkpoint | None:
    """The first checkpoint that stands in the way of more sessions on that day. Two queries at most."""
    passed = plan.checkpoints.undecided().filter(due_on__lt=on).order_by("due_on").first()
    if passed is None or numbers(plan, passed, on=on).is_clear:
        return None
    return passed


def refuse_if_undecided(session: PlannedSession | None, *, on: date) -> None:
    """Let a session begin only if the plan is being followed, and was looked at when that was due.

    A checkpoint's own day is for looking; the day after somebody must have decided, unless a scale is clearly better.
    A treatment whose rules ask for a review after so many sessions waits for it too.

    Raises `NotDecided` or `LookFirst`, with words for the desk that tell nothing of why.
    """
    if session is None:
        return
    plan = session.plan
    if plan.status == Plan.Status.PAUSED or session.dropped_in is not None:
        raise NotDecided(_("The plan of this visit has changed. Ask the clinician before it begins."))
    if not plan.is_active:
        return
    if waiting(plan, on=on) or _review_is_missing(session, on=on):
        raise LookFirst(_("Clinician check needed before this visit can begin."))


def refuse_unless_asked_for(session: PlannedSession | None) -> None:
    """Let a session be booked only while its plan asks for it. No query if the plan was read with it.

    Raises `NotDecided`.
    """
    if session and (session.dropped_in is not None or session.plan.status != Plan.Status.ACTIVE):
        raise NotDecided(_("The plan does not ask for this session now. Look at the plan again."))


def _review_is_missing(session: PlannedSession, *, on: date) -> bool:
    rules = rulebook().timing_rules.values()
    if not notices.review_is_missing(session.modality, 10_000, rules=rules):
        return False  # no such rule: nothing to count
    decided = session.plan.checkpoints.filter(decided_at__isnull=False)
    last = decided.aggregate(last=Max("decided_at"))["last"]
    given = TreatmentGiven.objects.filter(
        session__plan=session.plan_id, modality=session.modality, was_skipped=False, at__date__lt=on
    )
    since = given.filter(at__gt=last) if last else given
    return notices.review_is_missing(session.modality, since.values("session").distinct().count(), rules=rules)

"""The checklist of workplace and night is answered, and the patient chooses when to be reminded to move."""

from collections.abc import Collection, Mapping
from datetime import datetime, time

from django.db import transaction
from django.utils.translation import gettext as _

from patients.models import Patient
from people.actions import audit
from people.models import User
from people.rules.refusal import Refused
from programs.actions.plans import PlanHasEnded
from programs.models import Plan, PostureCheck
from programs.rules import posture
from programs.rules.rulebook import rulebook


class NothingAnswered(Refused):
    """Not one item of the checklist was answered."""


class TooManyBreaks(Refused):
    """More reminders a day than anybody wants."""


@transaction.atomic
def check(patient: Patient, answers: Mapping[str, str], *, by: User, now: datetime) -> PostureCheck:
    """Keep what was answered, by the codes of the checklist. What was not asked stays out: unknown is never "no".

    Raises `NothingAnswered`.
    """
    items = rulebook().posture_items
    kept = {code: it for code, it in answers.items() if code in items and it in posture.ANSWERS}
    if not kept:
        raise NothingAnswered(_("Answer at least one line."))
    made = PostureCheck.objects.create(patient=patient, answers=kept, by=by, at=now)
    audit.record(by, "posture.checked", made, answered=len(kept))
    return made


@transaction.atomic
def set_breaks(plan: Plan, times: Collection[time], *, by: User, now: datetime) -> None:
    """When the patient wants to be reminded to move, on the clinic's clock; none at all switches it off.

    Raises `PlanHasEnded` and `TooManyBreaks`.
    """
    kept = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    if kept.status not in Plan.UNFINISHED:
        raise PlanHasEnded(_("This plan has already ended. Nothing was changed."))
    chosen = sorted(set(times))
    if len(chosen) > posture.MOST_BREAKS:
        raise TooManyBreaks(_("Choose 12 times a day at most."))
    if chosen != kept.break_times:
        kept.break_times = chosen
        kept.save(update_fields=["break_times"])
        audit.record(by, "plan.breaks_set", kept, count=len(chosen))
    plan.break_times = chosen

"""The checklist of workplace and night is answered, and the patient chooses when to be reminded to move."""

from collections.abc import Collection, Mapping
from datetime import datetime, time

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.models import Patient
from people.actions import audit
from people.models import Clinic, User
from people.rules.refusal import Refused
from programs.actions.plans import PlanHasEnded
from programs.models import BreaksOfDay, Plan, PostureCheck
from programs.rules import posture
from programs.rules.rulebook import rulebook


class NothingAnswered(Refused):
    """Not one item of the checklist was answered."""


class TooManyBreaks(Refused):
    """More reminders a day than anybody wants."""


class NoSuchBreak(Refused):
    """The plan asks for no break at that hour, or the hour has not come."""


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


@transaction.atomic
def note_break(plan: Plan, hour: time, *, is_taken: bool, by: User, now: datetime) -> None:
    """The patient moved at that hour of today, or takes it back. Saying so twice is saying it once.

    `hour` is one of the hours chosen, on the clinic's clock. Raises `NoSuchBreak`.
    """
    # One after the other: two taps on two phones must not lose one of them.
    kept = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    local = timezone.localtime(now, Clinic.objects.get().zone)
    told = BreaksOfDay.objects.filter(plan=kept, on=local.date()).first()
    before = set(told.taken) if told else set()
    asked = {*kept.break_times, *before}
    if kept.status != Plan.Status.ACTIVE or hour not in asked or hour > local.time():
        raise NoSuchBreak(_("There is no break to tick off at this hour. Look at the list again."))
    taken = before | {hour} if is_taken else before - {hour}
    if told and taken == before:
        return
    BreaksOfDay.objects.update_or_create(
        plan=kept, on=local.date(), defaults={"asked": sorted(asked), "taken": sorted(taken)}
    )
    audit.record(by, "break.taken" if is_taken else "break.taken_back", kept, on=local.date().isoformat())

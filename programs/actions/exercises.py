"""The patient says which exercises are done today, and may take it back."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from people.actions import audit, taps
from people.models import User
from people.rules.refusal import Refused
from programs.actions import doses
from programs.actions.plans import clinic_day
from programs.models import ExerciseDone, Plan, PlanExercise

MOST_PAIN = 10


class NotForThatDay(Refused):
    """The exercise is not part of the plan on that day, or the day has not come."""


class TooLateToUndo(Refused):
    """A tick may be taken back only on its own day."""


@transaction.atomic
def tick(
    exercise: PlanExercise,
    *,
    on: date,
    by: User,
    now: datetime,
    feeling: str = "",
    pain: int | None = None,
    tap: str = "",
) -> None:
    """Note that the exercise was done that day, how it felt and how much it hurt (0 to 10) if that was said.

    Ticking twice is ticking once: a double tap changes nothing, a later `feeling` or `pain` replaces the earlier one.
    The next dose that follows by rule is proposed at once. `on` is the patient's day on the clinic's clock. The same
    `tap` (a key that a phone gave it) a second time changes nothing, whatever was said since. Raises `NotForThatDay`.
    """
    if _is_repeated(exercise, tap, now=now):
        return
    _refuse_unless_asked_for(exercise, on=on, now=now)
    if feeling and feeling not in ExerciseDone.Feeling.values:
        raise NotForThatDay(_("Choose easier, same or harder."))
    if pain is not None and not 0 <= pain <= MOST_PAIN:
        raise NotForThatDay(_("Pain is a number from 0 to 10."))
    done, is_new = ExerciseDone.objects.get_or_create(
        exercise=exercise, on=on, defaults={"done_at": now, "feeling": feeling, "pain": pain}
    )
    line = {"exercise": str(exercise.pk), "on": on.isoformat(), **taps.noted(tap)}
    if not is_new and ((feeling and feeling != done.feeling) or (pain is not None and pain != done.pain)):
        done.feeling, done.pain = feeling or done.feeling, done.pain if pain is None else pain
        done.save(update_fields=["feeling", "pain"])
        audit.record(by, "exercise.felt", done, **line)
    elif is_new or tap:
        audit.record(by, "exercise.ticked", done, **line)
    if feeling or pain is not None:
        doses.propose_by_rule(exercise, now=now)


@transaction.atomic
def tick_all(
    plan: Plan, *, on: date, by: User, now: datetime, only: frozenset[str] | None = None, tap: str = ""
) -> int:
    """Tick everything of that day's phase that is not ticked yet, or of it only the exercises with the codes in `only`.

    Returns how many were ticked; none by a `tap` that was counted before. Raises `NotForThatDay`.
    """
    if tap:
        Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
        if taps.is_counted(plan.patient_id, tap, now=now):
            return 0
    asked_for = [it for it in plan.exercises.on(on).select_related("plan", "phase") if only is None or it.code in only]
    for exercise in asked_for[:1]:
        _refuse_unless_asked_for(exercise, on=on, now=now)
    ticked = set(ExerciseDone.objects.filter(exercise__in=asked_for, on=on).values_list("exercise_id", flat=True))
    missing = [ExerciseDone(exercise=it, on=on, done_at=now) for it in asked_for if it.pk not in ticked]
    # Whoever ticked one of them in the same moment has ticked it: that is no conflict.
    ExerciseDone.objects.bulk_create(missing, ignore_conflicts=True)
    if missing or tap:
        audit.record(by, "exercise.all_ticked", plan, count=len(missing), on=on.isoformat(), **taps.noted(tap))
    return len(missing)


@transaction.atomic
def untick(exercise: PlanExercise, *, on: date, by: User, now: datetime, tap: str = "") -> None:
    """Take a tick back. Taking back what is not there changes nothing, nor does a `tap` that was counted before.

    Raises `TooLateToUndo` once the day is over: what was reported stays as it was reported.
    """
    if _is_repeated(exercise, tap, now=now):
        return
    if on != clinic_day(now):
        raise TooLateToUndo(_("This can only be undone on the same day."))
    done = ExerciseDone.objects.select_for_update(of=("self",)).filter(exercise=exercise, on=on).first()
    if done is not None or tap:
        line = {"exercise": str(exercise.pk), "on": on.isoformat(), **taps.noted(tap)}
        audit.record(by, "exercise.unticked", done or exercise, **line)
    if done is not None:
        done.delete()
        doses.propose_by_rule(exercise, now=now)


def _is_repeated(exercise: PlanExercise, tap: str, *, now: datetime) -> bool:
    """Whether this tap was counted; if not, its next copy waits until this one is."""
    if not tap:
        return False
    PlanExercise.objects.select_for_update(no_key=True).get(pk=exercise.pk)
    return taps.is_counted(exercise.patient_id, tap, now=now)


def _refuse_unless_asked_for(exercise: PlanExercise, *, on: date, now: datetime) -> None:
    if on > clinic_day(now):
        raise NotForThatDay(_("That day has not come yet."))
    if exercise.dropped_in is not None:
        raise NotForThatDay(_("Your exercises have changed. Look at the list again."))
    if not exercise.plan.is_active or not exercise.phase.holds_on(on):
        raise NotForThatDay(_("This exercise is not part of your plan today."))

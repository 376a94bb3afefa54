"""What was asked for and done at home: each day of one plan or of many, and how much of it that is."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from uuid import UUID

from django.utils import timezone

from patients.models import Patient
from patients.rules.rulebook import rulebook as patients_rulebook
from patients.rules.scoring import Score
from programs.models import BreaksOfDay, ExerciseDone, Plan, PlanExercise, PlanPause, PlanVersion, PostureCheck
from programs.rules import adherence, posture
from programs.rules.adherence import Day, Stretch
from programs.rules.usual import dosage_of

FAR = date.max


def of_plans(plans: Sequence[Plan], *, since: date, today: date) -> dict[UUID, tuple[Day, ...]]:
    """Each day of each plan from `since` to `today`, in four queries however many plans."""
    asked: dict[UUID, list[PlanExercise]] = defaultdict(list)
    for it in PlanExercise.objects.filter(plan__in=plans).select_related("phase"):
        asked[it.plan_id].append(it)
    ticks = ExerciseDone.objects.filter(exercise__plan__in=plans, on__gte=since, on__lte=today)
    done: dict[UUID, set[tuple[str, date]]] = defaultdict(set)
    for plan_id, code, on in ticks.values_list("exercise__plan_id", "exercise__code", "on"):
        done[plan_id].add((code, on))
    paused: dict[UUID, list[tuple[date, date]]] = defaultdict(list)
    for pause in PlanPause.objects.filter(plan__in=plans):
        until = pause.resumed_on - timedelta(days=1) if pause.resumed_on else today
        paused[pause.plan_id].append((pause.since, until))
    versions: dict[UUID, list[PlanVersion]] = defaultdict(list)
    for version in PlanVersion.objects.filter(plan__in=plans).order_by("number"):
        versions[version.plan_id].append(version)
    return {
        it.pk: adherence.days(
            _stretches(it, asked[it.pk], versions[it.pk]),
            done[it.pk],
            first=max(since, it.starts_on - timedelta(days=it.starts_on.weekday())),
            today=today,
            paused=paused[it.pk],
        )
        for it in plans
    }


def _stretches(plan: Plan, asked: Iterable[PlanExercise], versions: Sequence[PlanVersion]) -> list[Stretch]:
    began, ended = _days_of(versions)
    last = timezone.localtime(plan.ended_at).date() if plan.ended_at else FAR
    found = []
    for it in asked:
        until = ended.get(it.dropped_in, FAR) - timedelta(days=1) if it.dropped_in else FAR
        first = max(it.phase.starts_on, began.get(str(it.pk), plan.starts_on))
        week = dosage_of(it.code, it.dosage).days_per_week
        found.append(Stretch(it.code, first, min(it.phase.ends_on, until, last), week))
    return found


def _days_of(versions: Sequence[PlanVersion]) -> tuple[dict[str, date], dict[int, date]]:
    """The day each exercise came into the plan, if it came later, and the day of each version."""
    began: dict[str, date] = {}
    ended: dict[int, date] = {}
    before: set[str] | None = None
    for version in versions:
        on = ended[version.number] = timezone.localtime(version.at).date()
        listed = {it["id"] for it in version.contents.get("exercises", ())}
        # Without the version before nobody knows what is new in this one.
        for key in listed - before if before is not None else ():
            began.setdefault(key, on)
        before = listed
    return began, ended


def percent(found: Iterable[Day]) -> Score:
    return adherence.percent(found, patients_rulebook().measures[adherence.MEASURE])


def lately(plan: Plan, *, on: date) -> float | None:
    """Percent of the exercises of the last two weeks, by the measure. Four queries.

    None before the plan is two weeks old, and if nothing was asked for: a bad first weekend is no low adherence.
    """
    since = on - adherence.LATELY + timedelta(days=1)
    if plan.starts_on > since:
        return None
    value = percent(of_plans([plan], since=since, today=on)[plan.pk]).values.get("percent")
    return None if value is None else float(value)


def breaks_lately(plan: Plan, *, on: date) -> int | None:
    """Percent of the breaks of the last two weeks that were taken, over the days that were told of; None without any.

    Today is not judged before it is over. One query.
    """
    days = BreaksOfDay.objects.filter(plan=plan, on__gte=on - adherence.LATELY, on__lt=on)
    return posture.share_of_breaks((len(it.taken), len(it.asked)) for it in days)


def posture_lately(patient: Patient, *, on: date, since: date | None = None) -> int | None:
    """Percent of the checklist that is met, by the last check; None if that is too old, or from before `since`."""
    last = PostureCheck.objects.filter(patient=patient, at__date__lte=on).order_by("-at").first()
    if last is None:
        return None
    day = timezone.localtime(last.at).date()
    # What was so before the plan began says nothing of what it changed.
    if posture.is_due(day, on=on) or (since is not None and day < since):
        return None
    return posture.share(last.answers)

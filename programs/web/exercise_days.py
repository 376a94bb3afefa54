"""How it goes at home: what was asked for and done each day, for one patient or for many, and as a calendar."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.utils import timezone

from patients.rules.rulebook import rulebook as patients_rulebook
from patients.rules.scoring import Score
from programs.models import ExerciseDone, Plan, PlanExercise, PlanPause, PlanVersion
from programs.rules import adherence
from programs.rules.adherence import Day, Stretch
from programs.rules.usual import dosage_of

FAR = date.max


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of a calendar. `level` is 0 to 3: how much of what was asked for was done."""

    day: date
    found: Day | None  # None: to come, or before the plan
    level: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A week, Monday to Sunday."""

    cells: tuple[Cell, ...]
    done: int
    prescribed: int
    active_days: int


@dataclass(frozen=True, slots=True)
class Month:
    first: date
    before: date
    after: date | None
    rows: tuple[Row, ...]
    score: Score


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
    last = timezone.localdate(plan.ended_at) if plan.ended_at else FAR
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
        on = ended[version.number] = timezone.localdate(version.at)
        listed = {it["id"] for it in version.contents.get("exercises", ())}
        # Without the version before nobody knows what is new in this one.
        for key in listed - before if before is not None else ():
            began.setdefault(key, on)
        before = listed
    return began, ended


def percent(found: Iterable[Day]) -> Score:
    return adherence.percent(found, patients_rulebook().measures[adherence.MEASURE])


def month(plan: Plan, first: date, *, today: date) -> Month:
    """The calendar of the month that begins on `first`, in whole weeks."""
    after = (first + timedelta(days=32)).replace(day=1)
    start, end = adherence.monday_of(first), after - timedelta(days=1)
    found = {it.day: it for it in of_plans([plan], since=start, today=min(today, end + timedelta(days=6)))[plan.pk]}
    mondays = [start + timedelta(weeks=n) for n in range(6) if start + timedelta(weeks=n) <= end]
    return Month(
        first=first,
        before=(first - timedelta(days=1)).replace(day=1),
        after=after if after <= today else None,
        rows=tuple(_row(monday, found, plan) for monday in mondays),
        score=percent(it for it in found.values() if first <= it.day < after),
    )


def _row(monday: date, found: Mapping[date, Day], plan: Plan) -> Row:
    cells = []
    for n in range(7):
        day = monday + timedelta(days=n)
        it = found.get(day) if day >= plan.starts_on else None
        cells.append(Cell(day, it, _level(it)))
    told = [cell.found for cell in cells if cell.found]
    return Row(
        tuple(cells),
        sum(min(it.done, it.prescribed) for it in told),
        sum(it.prescribed for it in told),
        sum(it.done > 0 for it in told),
    )


def _level(it: Day | None) -> int:
    if it is None or not it.done:
        return 0
    share = it.share
    if share is None or share >= 1:
        return 3
    return 2 if share >= 0.5 else 1


def month_of(asked: str, *, today: date) -> date:
    """The first day of the month asked for as "2026-09"; this month if that is not one."""
    try:
        return date.fromisoformat(f"{asked}-01")
    except ValueError:
        return today.replace(day=1)

"""What there is to do at home today, and how the week has gone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from patients.models import Patient
from people.models import User
from programs.models import BreaksOfDay, ExerciseDone, Phase, Plan, PlanExercise
from programs.rules.entries import Exercise
from programs.rules.rulebook import rulebook
from programs.templatetags.programs import dosage_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One exercise of today."""

    it: PlanExercise
    known: Exercise
    done: ExerciseDone | None
    days_this_week: int
    days_per_week: int

    @property
    def is_resting(self) -> bool:
        """Done on as many days of this week as it was prescribed for: today is a rest day for it."""
        return self.done is None and self.days_this_week >= self.days_per_week


@dataclass(frozen=True, slots=True)
class Square:
    """One day of the week: how many of its exercises were done."""

    day: date
    done: int
    of: int
    is_today: bool
    is_to_come: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    phase: Phase | None
    cards: tuple[Card, ...]
    week: tuple[Square, ...]

    @property
    def asked(self) -> list[Card]:
        return [card for card in self.cards if not card.is_resting]

    @property
    def left(self) -> int:
        return sum(card.done is None for card in self.asked)

    @property
    def done(self) -> int:
        return len(self.asked) - self.left

    @property
    def active_days(self) -> int:
        return sum(square.done > 0 for square in self.week)

    @property
    def goal_days(self) -> int:
        return max((card.days_per_week for card in self.cards), default=0)


@dataclass(frozen=True, slots=True)
class Break:
    """An hour of today at which the patient wants to move."""

    hour: time
    is_taken: bool
    has_come: bool


def breaks(plan: Plan, now: datetime) -> list[Break]:
    """The breaks of today, on the clinic's clock: `now` is local. One query, none if no hours are chosen."""
    if not plan.break_times or not plan.starts_on <= now.date() <= plan.ends_on:
        return []
    told = BreaksOfDay.objects.filter(plan=plan, on=now.date()).first()
    taken = set(told.taken) if told else set()
    return [Break(it, it in taken, it <= now.time()) for it in sorted({*plan.break_times, *taken})]


def active_plan(patient: Patient, user: User) -> Plan | None:
    return Plan.objects.visible_to(user).active().filter(patient=patient).first()


def home(plan: Plan, today: date) -> Home:
    """Today's exercises and this week, Monday to Sunday, in two queries."""
    monday = today - timedelta(days=today.weekday())
    every = list(plan.exercises.select_related("phase", "plan"))
    week = ExerciseDone.objects.filter(exercise__plan=plan, on__gte=monday, on__lte=monday + timedelta(days=6))
    # By code: the same exercise may go on with another dose, or in the next phase, in the middle of a week.
    code_of = {it.pk: it.code for it in every}
    ticks = {(code_of[tick.exercise_id], tick.on): tick for tick in week}
    days = Counter(code for code, _on in ticks)
    exercises = [it for it in every if it.dropped_in is None]
    of_today = [it for it in exercises if it.phase.holds_on(today)]
    return Home(
        phase=of_today[0].phase if of_today else None,
        cards=tuple(
            _card(it, ticks.get((it.code, today)), days[it.code]) for it in of_today if it.code in rulebook().exercises
        ),
        week=tuple(_square(exercises, ticks, monday + timedelta(days=n), today) for n in range(7)),
    )


def _card(it: PlanExercise, done: ExerciseDone | None, days_this_week: int) -> Card:
    return Card(
        it=it,
        known=rulebook().exercises[it.code],
        done=done,
        days_this_week=days_this_week,
        days_per_week=dosage_of(it).days_per_week,
    )


def _square(
    exercises: Sequence[PlanExercise], ticks: dict[tuple[str, date], ExerciseDone], day: date, today: date
) -> Square:
    of_day = [it for it in exercises if it.phase.holds_on(day)]
    done = sum((it.code, day) in ticks for it in of_day)
    return Square(day=day, done=done, of=len(of_day), is_today=day == today, is_to_come=day > today)

"""What a revision changes at home: exercises, posture items and self-care of a phase."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from people.rules.refusal import Refused
from programs.actions import plan_versions, prescribing, self_care
from programs.models import Phase, Plan, PlanExercise, PlanPostureItem
from programs.rules.rulebook import rulebook


class NotInTheLibrary(Refused):
    """An exercise, a posture item, self-care or a phase that there is not."""


class NotSafeAlone(Refused):
    """Self-care that must not be done with what is known of the patient, or that a clinician would have to weigh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtHome:
    """What shall be different at home. Phases by their number, exercises and posture items by their code.

    `acknowledged` are the exercises whose precautions the clinician has looked at.
    """

    exercises: tuple[tuple[int, str], ...] = ()
    dropped_exercises: frozenset[UUID] = frozenset()
    posture: tuple[tuple[int, str], ...] = ()
    dropped_posture: frozenset[int] = frozenset()
    self_care: tuple[tuple[int, str], ...] = ()
    dropped_self_care: frozenset[tuple[int, str]] = frozenset()
    acknowledged: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        added = self.exercises or self.posture or self.self_care
        return bool(added or self.dropped_exercises or self.dropped_posture or self.dropped_self_care)


def refuse_if_unsafe(plan: Plan, wish: AtHome, *, on: date) -> None:
    """Look at what is new as a prescription would.

    Raises `NotInTheLibrary`, `Contraindicated`, `NotSafeAlone`, and `MustBeLookedAt` for a precaution nobody has
    looked at.
    """
    book, phases = rulebook(), set(plan.phases.values_list("ordinal", flat=True))
    if (
        {phase for phase, _code in (*wish.exercises, *wish.posture, *wish.self_care)} - phases
        or {code for _phase, code in wish.exercises} - book.exercises.keys()
        or {code for _phase, code in wish.posture} - book.posture_items.keys()
        or {code for _phase, code in wish.self_care} - book.self_care.keys()
    ):
        raise NotInTheLibrary(_("This is not in the library. Choose another one."))
    here = set(plan.exercises.standing().values_list("phase__ordinal", "code")) if wish.exercises else set()
    new = [code for phase, code in wish.exercises if (phase, code) not in here]
    if new:
        prescribing.refuse_if_unsafe(plan.patient, new, wish.acknowledged, on=on)
    for it in self_care.advice(plan.patient, [code for _phase, code in wish.self_care], on=on):
        if it.is_not_for_you:
            words = _("%(name)s is not for this patient: %(why)s.")
            raise NotSafeAlone(words % {"name": it.it.label, "why": "; ".join(it.reasons)})


def write(plan: Plan, wish: AtHome) -> list[dict[str, Any]]:
    """Change the rows and say what changed. Part of `plan_revising.revise`, after `refuse_if_unsafe`."""
    phases = {it.ordinal: it for it in plan.phases.all()}
    gone = plan.exercises.standing().filter(pk__in=wish.dropped_exercises)
    changes: list[dict[str, Any]] = [
        {"what": "exercise_dropped", "exercise": it.code, "phase": it.phase.ordinal}
        for it in gone.select_related("phase")
    ]
    gone.update(dropped_in=plan.version)
    here = set(plan.exercises.standing().values_list("phase__ordinal", "code"))
    for phase, code in wish.exercises:
        if (phase, code) not in here:
            order = 1 + sum(it == phase for it, _code in here)
            dosage = asdict(rulebook().exercises[code].dosage)
            PlanExercise.objects.create(plan=plan, phase=phases[phase], code=code, ordinal=order, dosage=dosage)
            here.add((phase, code))
            changes.append({"what": "exercise_added", "exercise": code, "phase": phase})
    return [*changes, *_write_posture(plan, wish, phases), *_self_care(plan, wish, phases)]


def _write_posture(plan: Plan, wish: AtHome, phases: Mapping[int, Phase]) -> Iterable[dict[str, Any]]:
    gone = plan.posture_items.filter(pk__in=wish.dropped_posture)
    changes = [{"what": "posture_dropped", "item": code} for code in gone.values_list("code", flat=True)]
    # Nothing points at one, and the version before still has it.
    gone.delete()
    for phase, code in wish.posture:
        _row, is_new = PlanPostureItem.objects.get_or_create(plan=plan, phase=phases[phase], code=code)
        if is_new:
            changes.append({"what": "posture_added", "item": code})
    return changes


def _self_care(plan: Plan, wish: AtHome, phases: Mapping[int, Phase]) -> Iterator[dict[str, Any]]:
    """Self-care has no rows: it stands in the contents of each version, which `plan_versions.following` writes."""
    told = {(phase, code) for phase, codes in plan_versions.advised(plan).items() for code in codes}
    for ordinal, code in sorted(wish.dropped_self_care):
        if ordinal in phases and (phases[ordinal].code, code) in told:
            yield {"what": "self_care_dropped", "care": code, "in": phases[ordinal].code}
    for ordinal, code in wish.self_care:
        if (phases[ordinal].code, code) not in told:
            yield {"what": "self_care_added", "care": code, "in": phases[ordinal].code}

"""The treatments we offer and what goes with them: rooms, devices, exercises, posture, self-care."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from people.rules.knowledge import Claim, Entry, Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomKind(Entry):
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceKind(Entry):
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModalityGroup(Entry):
    label: str
    modalities: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Technique(Entry):
    """One way of giving a modality. Empty fields: as the modality says."""

    name: str
    enabled_by_default: bool
    performed_by: tuple[str, ...] = ()
    session_minutes: int | None = None
    devices: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseLimits:
    """How many sessions, and how far apart, of the same modality in the same region."""

    sessions_min: int
    sessions_target: int
    sessions_max: int
    gap_days_min: int
    gap_days_target: int
    gap_days_max: int
    reassess_after_sessions: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Modality(Claim):
    """A kind of treatment. One that is not `enabled_by_default` stays hidden until it is switched on."""

    name: str
    kind: str
    invasive: bool
    enabled_by_default: bool
    performed_by: tuple[str, ...]
    room_types: tuple[str, ...]
    devices: tuple[str, ...]
    session_minutes: int
    # Past `sessions_max` there is no evidence left to lean on; the limits are clinic practice, see the sources.
    course: CourseLimits
    techniques: Mapping[str, Technique]
    pre_instructions: tuple[str, ...]
    post_instructions: tuple[str, ...]
    follow_up: tuple[int, ...]  # days after the session
    consents: tuple[str, ...]
    regulatory_notes: tuple[str, ...]
    outcome_measures: tuple[str, ...]
    # While one of these is unknown the treatment is "incomplete", never "allowed".
    required_screening_facts: tuple[str, ...]
    evidence_note: str
    booking_note: str = ""
    # `performed_by` is New York's answer; other states widen or narrow it.
    roles_by_jurisdiction: tuple[Mapping[str, Any], ...] = ()

    def givers(self, technique: str = "") -> frozenset[str]:
        """The professions whose licence covers it. A technique that names none is given by whoever gives the rest."""
        known = self.techniques.get(technique)
        return frozenset((known and known.performed_by) or self.performed_by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dosage:
    """How much of an exercise, and how often."""

    sets: int
    reps: int
    hold_seconds: int
    times_per_day: int
    days_per_week: int
    each_side: bool
    minutes: int | None = None

    def dose_in_words(self) -> str:
        """One round, as the patient reads it: "10 times. Hold for 5 seconds."."""
        words = []
        # A walk of 20 minutes is written as one repetition; "Once. About 20 minutes." would only puzzle.
        if self.reps > 1 or self.minutes is None:
            words.append(f"{_times(self.reps)}{' on each side' if self.each_side else ''}.")
        if self.hold_seconds:
            words.append(f"Hold for {_count(self.hold_seconds, 'second')}.")
        if self.sets > 1:
            words.append(f"Do {self.sets} sets.")
        if self.minutes is not None:
            words.append(f"About {_count(self.minutes, 'minute')}.")
        return " ".join(words)

    def frequency_in_words(self) -> str:
        """How often, as the patient reads it: "3 times a day, every day."."""
        days = "every day" if self.days_per_week == 7 else f"{_count(self.days_per_week, 'day')} a week"
        return f"{_times(self.times_per_day)} a day, {days}."


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRule(Claim):
    """When to stop an exercise at once. `escalates_to` is an urgency, or `scale_back`: do less."""

    text: str
    escalates_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """A harder or an easier way; `exercise` when it is another exercise of ours."""

    text: str
    exercise: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise(Claim):
    name: str
    category: str
    modality_technique: str
    phases: tuple[str, ...]
    equipment: tuple[str, ...]
    steps: tuple[str, ...]
    dosage: Dosage
    intensity: str
    progression: NextStep
    regression: NextStep
    stop_rules: tuple[str, ...]
    # With one of these on the record a clinician must decide before the exercise is given.
    precaution_facts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureItem(Claim):
    area: str
    checklist_item: str
    target: str
    how_to_check: str
    review: str
    patient_question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfCare(Claim):
    """What a patient may do alone. `limits` carry their unit in their name."""

    label: str
    kind: str
    how_to: tuple[str, ...]
    limits: Mapping[str, float]
    max_days_without_clinician: int
    warnings: tuple[str, ...]
    prescription_required: bool


def modality(file: Sheet, raw: dict[str, Any]) -> Modality:
    """Raises `KnowledgeError` if it does not add up."""
    rows = raw.pop("technique", [])
    techniques = Sheet(file.file, {"technique": rows}).entries("technique", Technique)
    return file.built(Modality, raw, course=file.built(CourseLimits, raw.pop("course")), techniques=techniques)


def exercise(file: Sheet, raw: dict[str, Any]) -> Exercise:
    """Raises `KnowledgeError` if it does not add up."""
    parts: dict[str, Any] = {"dosage": file.built(Dosage, raw.pop("dosage"))}
    for direction in ("progression", "regression"):
        parts[direction] = file.built(NextStep, raw.pop(direction))
    return file.built(Exercise, raw, **parts)


def _times(number: int) -> str:
    return {1: "Once", 2: "Twice"}.get(number, f"{number} times")


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"

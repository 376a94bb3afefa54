"""Programs ready to be given: phases of sessions, exercises and habits, and when to move on or stop."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from people.rules.knowledge import Claim, Entry, Sheet
from programs.rules.entries import Modality


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionField(Entry):
    """A number or a yes/no that criteria may ask for."""

    label: str
    value_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One condition, such as `nprs_current <= 6`."""

    field: str
    op: str
    value: float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StopCriterion(Claim):
    text: str
    when: Criterion
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSession:
    """A row of sessions in a phase. Gaps are days between one session of the row and the next.

    The first is due on the first day of the phase, or `first_after_days` later.
    `is_offered` is false while the modality or the technique is switched off.
    """

    modality: str
    technique: str
    count: int
    gap_days_min: int
    gap_days_target: int
    gap_days_max: int
    is_offered: bool
    first_after_days: int = 0
    optional: bool = False  # only after a clinician's decision
    # Days after the session without resistance or isometric exercise: injected tissue must not be loaded.
    hold_loading_days: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatePhase(Entry):
    """A stretch of the program. Days count from the start of the program, which is day 0."""

    ordinal: int
    name: str
    day_start: int
    day_end: int
    goals: tuple[str, ...]
    sessions: tuple[TemplateSession, ...]
    exercises: tuple[str, ...]
    posture_items: tuple[str, ...]
    self_care: tuple[str, ...]
    measures: tuple[str, ...]
    progress_if: tuple[Criterion, ...]
    hold_if: tuple[Criterion, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramTemplate(Claim):
    name: str
    summary: str
    duration_days: int
    enabled_by_default: bool
    entry_criteria: tuple[Criterion, ...]
    # One of these on the record and the program must not begin.
    exclusion_facts: tuple[str, ...]
    reassess_days: tuple[int, ...]
    stop_criteria: tuple[str, ...]
    discharge_criteria: tuple[str, ...]
    phases: tuple[TemplatePhase, ...]
    # What scores can tell of `discharge_criteria`: reached when every one of a group holds, whichever group it is.
    discharge_when: tuple[tuple[Criterion, ...], ...] = ()
    causes: tuple[str, ...] = ()  # that it is often begun for; codes of causes.toml

    def criteria(self) -> tuple[Criterion, ...]:
        in_phases = (it for phase in self.phases for it in (*phase.progress_if, *phase.hold_if))
        return (*self.entry_criteria, *in_phases, *(it for group in self.discharge_when for it in group))

    @property
    def switched_off(self) -> tuple[TemplateSession, ...]:
        """Rows of sessions that a plan leaves out, because the treatment or the technique is switched off."""
        return tuple(it for phase in self.phases for it in phase.sessions if not it.is_offered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The codes that a template may name, by what they are."""

    fields: Collection[str]  # of criteria: fields of the programs, and facts
    facts: Collection[str]
    causes: Collection[str]
    stop_criteria: Collection[str]
    exercises: Collection[str]
    posture_items: Collection[str]
    self_care: Collection[str]
    measures: Collection[str]
    comparisons: Collection[str]


def stop_criterion(file: Sheet, raw: dict[str, Any]) -> StopCriterion:
    """Raises `KnowledgeError` if it does not add up."""
    return file.built(StopCriterion, raw, when=file.built(Criterion, raw.pop("when")))


def template(file: Sheet, raw: dict[str, Any], modalities: Mapping[str, Modality]) -> ProgramTemplate:
    """Raises `KnowledgeError` if it does not add up, or its days are out of order."""
    phases = tuple(_phase(file, row, ordinal, modalities) for ordinal, row in enumerate(raw.pop("phase"), start=1))
    entry = _criteria(file, raw.pop("entry_criteria"))
    discharge = tuple(_criteria(file, group) for group in raw.pop("discharge_when", ()))
    built = file.built(ProgramTemplate, raw, phases=phases, entry_criteria=entry, discharge_when=discharge)
    _check_days(file, built)
    return built


def narrowed(it: ProgramTemplate, off: Collection[str]) -> ProgramTemplate:
    """The same program without the treatments that are switched off. What is off already stays off."""

    def row(session: TemplateSession) -> TemplateSession:
        return replace(session, is_offered=session.is_offered and session.modality not in off)

    phases = tuple(replace(phase, sessions=tuple(map(row, phase.sessions))) for phase in it.phases)
    return replace(it, phases=phases)


def check(file: Sheet, it: ProgramTemplate, known: Known) -> None:
    """Raises `KnowledgeError` if the program names something that nobody knows."""
    check_criteria(file, it.code, it.criteria(), known)
    file.require_known(it.code, "fact", it.exclusion_facts, known.facts)
    file.require_known(it.code, "cause", it.causes, known.causes)
    file.require_known(it.code, "stop criterion", it.stop_criteria, known.stop_criteria)
    for phase in it.phases:
        entry = f"{it.code}.{phase.code}"
        file.require_known(entry, "exercise", phase.exercises, known.exercises)
        file.require_known(entry, "posture item", phase.posture_items, known.posture_items)
        file.require_known(entry, "self-care", phase.self_care, known.self_care)
        file.require_known(entry, "measure", phase.measures, known.measures)


def check_criteria(file: Sheet, entry: str, criteria: Iterable[Criterion], known: Known) -> None:
    """Raises `KnowledgeError` if one asks for something that is not kept, or compares in a way there is not."""
    for criterion in criteria:
        file.require_known(entry, "field", [criterion.field], known.fields)
        file.require_known(entry, "comparison", [criterion.op], known.comparisons)


def _phase(file: Sheet, row: dict[str, Any], ordinal: int, modalities: Mapping[str, Modality]) -> TemplatePhase:
    raw = dict(row)
    parts = {
        "ordinal": ordinal,
        "sessions": tuple(_session(file, raw["code"], it, modalities) for it in raw.pop("sessions")),
        "measures": tuple(measure["code"] for measure in raw.pop("measures")),
        "progress_if": _criteria(file, raw.pop("progress_if")),
        "hold_if": _criteria(file, raw.pop("hold_if")),
    }
    return file.built(TemplatePhase, raw, **parts)


def _session(file: Sheet, phase: str, row: dict[str, Any], modalities: Mapping[str, Modality]) -> TemplateSession:
    file.require_known(phase, "modality", [row["modality"]], modalities)
    modality = modalities[row["modality"]]
    file.require_known(phase, f"technique of {modality.code}", [row["technique"]], modality.techniques)
    technique = modality.techniques[row["technique"]]
    is_offered = modality.enabled_by_default and technique.enabled_by_default
    session = file.built(TemplateSession, row, is_offered=is_offered)
    if not 0 <= session.gap_days_min <= session.gap_days_target <= session.gap_days_max:
        file.refuse(phase, f"the gaps of {technique.code!r} are out of order")
    if session.count < 1 or session.first_after_days < 0:
        file.refuse(phase, f"{technique.code!r} is given less than once, or before its phase")
    return session


def _criteria(file: Sheet, rows: list[dict[str, Any]]) -> tuple[Criterion, ...]:
    return tuple(file.built(Criterion, row) for row in rows)


def _check_days(file: Sheet, it: ProgramTemplate) -> None:
    for phase in it.phases:
        if not 0 <= phase.day_start <= phase.day_end <= it.duration_days:
            file.refuse(it.code, f"phase {phase.code!r} does not fit into {it.duration_days} days")
    # Overlapping phases would give a patient two sets of exercises on one day.
    for before, after in pairwise(it.phases):
        if after.day_start <= before.day_end:
            file.refuse(it.code, f"phase {after.code!r} begins before {before.code!r} has ended")
    if list(it.reassess_days) != sorted(it.reassess_days):
        file.refuse(it.code, "'reassess_days' are out of order")

"""Everything we know about what we do, loaded once and checked whole against what we know of patients."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType

from patients.rules.rulebook import Rulebook
from patients.rules.rulebook import rulebook as patients_rulebook
from people.rules.knowledge import Claim, Sheet, sheet, version
from people.rules.professions import Profession, professions
from programs.rules import contraindications, entries, services, templates, timing
from programs.rules.contraindications import Contraindication, DecisionOrder, Facts, Judgement, Severity
from programs.rules.entries import (
    DeviceKind,
    Exercise,
    Modality,
    ModalityGroup,
    PostureItem,
    RoomKind,
    SelfCare,
    StopRule,
)
from programs.rules.services import Service
from programs.rules.templates import CriterionField, ProgramTemplate, StopCriterion
from programs.rules.timing import Distance, Happening, TimingEvent, TimingRule, TimingStrength

KNOWLEDGE = Path(__file__).parents[1] / "knowledge"
# What a stop rule says when no doctor is needed: do less of the exercise.
SCALE_BACK = "scale_back"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)  # one object for each version: it is the key of caches
class ProgramRulebook:
    """The programs' knowledge at one version, everything by its code."""

    version: str
    rooms: Mapping[str, RoomKind]
    devices: Mapping[str, DeviceKind]
    modality_groups: Mapping[str, ModalityGroup]
    modalities: Mapping[str, Modality]
    services: Mapping[str, Service]
    stop_rules: Mapping[str, StopRule]
    exercises: Mapping[str, Exercise]
    posture_items: Mapping[str, PostureItem]
    self_care: Mapping[str, SelfCare]
    criterion_fields: Mapping[str, CriterionField]
    stop_criteria: Mapping[str, StopCriterion]
    templates: Mapping[str, ProgramTemplate]
    severities: Mapping[str, Severity]
    decision_order: DecisionOrder
    contraindications: Mapping[str, Contraindication]
    timing_strengths: Mapping[str, TimingStrength]
    timing_events: Mapping[str, TimingEvent]
    timing_rules: Mapping[str, TimingRule]
    rules_of: Mapping[str, tuple[Contraindication, ...]]  # by modality or self-care

    def judge(self, modality: str, facts: Facts, *, technique: str | None = None) -> Judgement:
        """May this treatment (or self-care) be given with what is known of the patient on that day?

        No `technique`: the rules of all of them count. Raises `KeyError` for a code that is neither, and for a
        technique of another treatment: a question nobody understands is never answered with yes.
        """
        treatment = self.modalities.get(modality)
        if treatment is None:
            self.self_care[modality]
        if technique is not None:
            (treatment.techniques if treatment else {})[technique]
        return contraindications.judge(
            modality,
            facts,
            technique=technique,
            rules=self.rules_of.get(modality, ()),
            required=treatment.required_screening_facts if treatment else (),
            ranks={severity.code: severity.rank for severity in self.severities.values()},
            order=self.decision_order.order,
        )

    def happening(self, code: str, technique: str | None = None) -> Happening:
        """A treatment or another event that timing rules speak of. Raises `KeyError` for a code nobody knows."""
        if code not in self.modalities and code not in self.self_care:
            self.timing_events[code]
        return Happening(code, technique, is_treatment=code in self.modalities)

    def distance(
        self,
        first: Happening,
        then: Happening,
        *,
        gap_days: float,
        same_region: bool,
        holding: Collection[str] = (),
    ) -> Distance:
        """Whether `then` may come `gap_days` after `first`. See `timing.judge`."""
        return timing.judge(first, then, self.timing_rules.values(), gap_days, same_region, holding)

    def modalities_blocked_by(self, blocks: Iterable[str]) -> frozenset[str]:
        """The single modalities behind a mix of groups and modalities, as a triage result names them.

        Raises `KeyError` for a word that is neither: a block is never dropped in silence.
        """
        blocked: set[str] = set()
        for code in blocks:
            group = self.modality_groups.get(code)
            blocked.update(group.modalities if group else [self.modalities[code].code])
        return frozenset(blocked)


def needs_confirmation(entry: Claim) -> bool:
    """Whether the screen must say that no clinician has confirmed this yet."""
    return not entry.is_confirmed_by_clinician


@cache
def rulebook() -> ProgramRulebook:
    """The rulebook this product was delivered with. Raises `KnowledgeError` if it does not add up."""
    return load(KNOWLEDGE, patients=patients_rulebook(), professions=professions())


def load(folder: Path, *, patients: Rulebook, professions: Mapping[str, Profession]) -> ProgramRulebook:
    """Read and check a folder of programs' knowledge. Raises `KnowledgeError` at the first thing wrong."""
    places = sheet(folder, "rooms_and_devices.toml")
    treatments = sheet(folder, "modalities.toml")
    training = sheet(folder, "exercises.toml")
    programs = sheet(folder, "program_templates.toml")
    dangers = sheet(folder, "contraindications.toml")
    distances = sheet(folder, "interactions.toml")
    modalities = treatments.entries("modality", entries.modality)
    rules = dangers.entries("contraindication", contraindications.contraindication)
    book = ProgramRulebook(
        version=version(folder),
        rooms=places.entries("room", RoomKind),
        devices=places.entries("device", DeviceKind),
        modality_groups=treatments.entries("modality_group", ModalityGroup),
        modalities=modalities,
        services=sheet(folder, "services.toml").entries("service", services.service),
        stop_rules=training.entries("stop_rule", StopRule),
        exercises=training.entries("exercise", entries.exercise),
        posture_items=sheet(folder, "posture_checklist.toml").entries("item", PostureItem),
        self_care=sheet(folder, "self_care.toml").entries("self_care", SelfCare),
        criterion_fields=programs.entries("field", CriterionField),
        stop_criteria=programs.entries("stop_criterion", templates.stop_criterion),
        templates=programs.entries("program", partial(templates.template, modalities=modalities)),
        severities=dangers.entries("severity", Severity),
        decision_order=next(iter(dangers.entries("decision_order", DecisionOrder).values())),
        contraindications=rules,
        timing_strengths=distances.entries("timing_strength", TimingStrength),
        timing_events=distances.entries("event", TimingEvent),
        timing_rules=distances.entries("interaction", TimingRule),
        rules_of=by_treatment(rules.values()),
    )
    cross_check(book, patients, professions)
    return book


def by_treatment(rules: Iterable[Contraindication]) -> Mapping[str, tuple[Contraindication, ...]]:
    found: dict[str, list[Contraindication]] = defaultdict(list)
    for rule in rules:
        found[rule.modality].append(rule)
    return MappingProxyType({code: tuple(own) for code, own in found.items()})


def cross_check(book: ProgramRulebook, patients: Rulebook, professions: Mapping[str, Profession]) -> None:
    """Raises `KnowledgeError` if an entry names something that neither house nor the professions know."""
    # The patients' house cannot see which treatments exist, so what its red flags block is checked from here.
    _check_evidence(book, patients)
    _check_what_red_flags_block(book, patients)
    _check_modalities(book, patients, professions)
    _check_exercises(book, patients)
    _check_templates(book, patients)
    services_file = Sheet("services.toml", {})
    for it in book.services.values():
        services.check(
            services_file,
            it,
            professions=professions,
            rooms=book.rooms,
            devices=book.devices,
            modalities=book.modalities,
        )
    _check_safety(book, patients, professions)


def _techniques(book: ProgramRulebook) -> dict[str, str]:
    """The modality of every technique."""
    return {code: modality.code for modality in book.modalities.values() for code in modality.techniques}


def _check_evidence(book: ProgramRulebook, patients: Rulebook) -> None:
    for file, claims in (
        ("modalities.toml", book.modalities),
        ("services.toml", book.services),
        ("exercises.toml", book.stop_rules),
        ("exercises.toml", book.exercises),
        ("posture_checklist.toml", book.posture_items),
        ("self_care.toml", book.self_care),
        ("program_templates.toml", book.stop_criteria),
        ("program_templates.toml", book.templates),
        ("contraindications.toml", {"decision_order": book.decision_order}),
        ("contraindications.toml", book.contraindications),
        ("interactions.toml", book.timing_rules),
    ):
        Sheet(file, {}).require_evidence(claims.values(), patients.sources)


def _check_what_red_flags_block(book: ProgramRulebook, patients: Rulebook) -> None:
    file = Sheet("red_flags.toml", {})
    known = book.modality_groups.keys() | book.modalities.keys()
    for flag in patients.red_flags.values():
        file.require_known(flag.code, "modality or group", flag.blocks, known)
    for blocks in patients.min_blocks.values():
        file.require_known(patients.triage_rule.code, "modality or group", blocks, known)


def _check_modalities(book: ProgramRulebook, patients: Rulebook, professions: Mapping[str, Profession]) -> None:
    file = Sheet("modalities.toml", {})
    for group in book.modality_groups.values():
        file.require_known(group.code, "modality", group.modalities, book.modalities)
    for both in book.modality_groups.keys() & book.modalities.keys():
        file.refuse(both, "is a modality and a group")
    for it in book.modalities.values():
        for what, codes, known in (
            ("profession", it.performed_by, professions),
            ("room", it.room_types, book.rooms),
            ("device", it.devices, book.devices),
            ("consent", it.consents, patients.consents),
            ("measure", it.outcome_measures, patients.measures),
            ("fact", it.required_screening_facts, patients.facts),
        ):
            file.require_known(it.code, what, codes, known)
        for technique in it.techniques.values():
            file.require_known(technique.code, "profession", technique.performed_by, professions)
            file.require_known(technique.code, "device", technique.devices, book.devices)
    if len(_techniques(book)) != sum(len(it.techniques) for it in book.modalities.values()):
        file.refuse("[[modality.technique]]", "two modalities share the code of a technique")


def _check_exercises(book: ProgramRulebook, patients: Rulebook) -> None:
    file = Sheet("exercises.toml", {})
    for rule in book.stop_rules.values():
        file.require_known(rule.code, "urgency", [rule.escalates_to], patients.urgencies.keys() | {SCALE_BACK})
    techniques = _techniques(book)
    for it in book.exercises.values():
        file.require_known(it.code, "technique", [it.modality_technique], techniques)
        file.require_known(it.code, "stop rule", it.stop_rules, book.stop_rules)
        file.require_known(it.code, "fact", it.precaution_facts, patients.facts)
        next_ones = [step.exercise for step in (it.progression, it.regression) if step.exercise]
        file.require_known(it.code, "exercise", next_ones, book.exercises)


def _check_templates(book: ProgramRulebook, patients: Rulebook) -> None:
    file, known = Sheet("program_templates.toml", {}), known_to_templates(book, patients)
    for stop in book.stop_criteria.values():
        templates.check_criteria(file, stop.code, [stop.when], known)
    for it in book.templates.values():
        templates.check(file, it, known)


def known_to_templates(book: ProgramRulebook, patients: Rulebook) -> templates.Known:
    """What a program may name, also one that a clinic has written itself."""
    return templates.Known(
        fields=book.criterion_fields.keys() | patients.facts.keys(),
        facts=patients.facts,
        causes=patients.causes,
        stop_criteria=book.stop_criteria,
        exercises=book.exercises,
        posture_items=book.posture_items,
        self_care=book.self_care,
        measures=patients.measures,
        comparisons=contraindications.OPERATORS,
    )


def _check_safety(book: ProgramRulebook, patients: Rulebook, professions: Mapping[str, Profession]) -> None:
    techniques = _techniques(book)
    dangers, distances = Sheet("contraindications.toml", {}), Sheet("interactions.toml", {})
    decisions = {severity.decision for severity in book.severities.values()} | {"incomplete"}
    dangers.require_known(book.decision_order.code, "decision", book.decision_order.order, decisions)
    for rule in book.contraindications.values():
        contraindications.check(
            dangers, rule, severities=book.severities, facts=patients.facts, professions=professions
        )
        dangers.require_known(rule.code, "treatment", [rule.modality], book.modalities.keys() | book.self_care.keys())
        # A technique of another treatment would make the rule silently never fire.
        own = [code for code, modality in techniques.items() if modality == rule.modality]
        dangers.require_known(rule.code, f"technique of {rule.modality}", rule.techniques, own)
    contraindications.refuse_contradictions(dangers, book.contraindications.values())
    # A rule may count from a treatment, from something the patient does alone, or from a medicine or an illness.
    happenings = book.modalities.keys() | book.self_care.keys() | book.timing_events.keys()
    for it in book.timing_rules.values():
        timing.check(
            distances,
            it,
            strengths=book.timing_strengths,
            happenings=happenings,
            techniques=techniques,
            professions=professions,
        )

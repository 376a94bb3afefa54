"""Everything we know about patients before we meet them, loaded once and checked whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from patients.rules.entries import (
    BodyRegion,
    Cause,
    Consent,
    IntakeGroup,
    Measure,
    MedicineClass,
    PatientFact,
    Source,
    SuspectedCondition,
    Symptom,
)
from patients.rules.red_flags import (
    ANSWER_TYPES,
    ASK_AT,
    ASKED_OF,
    COMPARISONS,
    Combination,
    CSpineRule,
    NumberTest,
    RedFlagRule,
    TriageRule,
    Urgency,
)
from people.rules.knowledge import Sheet, sheet, version
from people.rules.professions import Profession, professions

__all__ = ["Combination", "RedFlagRule", "Rulebook", "Urgency", "intake_questions", "load", "rulebook"]

E = TypeVar("E")
KNOWLEDGE = Path(__file__).parents[1] / "knowledge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """The patients' knowledge at one version, everything by its code."""

    version: str
    sources: Mapping[str, Source]
    urgencies: Mapping[str, Urgency]
    conditions: Mapping[str, SuspectedCondition]
    body_regions: Mapping[str, BodyRegion]
    facts: Mapping[str, PatientFact]
    measures: Mapping[str, Measure]
    consents: Mapping[str, Consent]
    medicine_classes: Mapping[str, MedicineClass]
    intake_groups: Mapping[str, IntakeGroup]
    red_flags: Mapping[str, RedFlagRule]
    combinations: Mapping[str, Combination]
    triage_rule: TriageRule
    c_spine_rule: CSpineRule
    causes: Mapping[str, Cause]
    symptoms: Mapping[str, Symptom]

    @property
    def min_blocks(self) -> Mapping[str, tuple[str, ...]]:
        """What an overall urgency blocks whatever its flags say."""
        return self.triage_rule.min_blocks

    def rank(self, urgency: str) -> int:
        return self.urgencies[urgency].rank


@cache
def rulebook() -> Rulebook:
    """The rulebook this product was delivered with. Raises `KnowledgeError` if it does not add up."""
    return load(KNOWLEDGE, professions=professions())


def load(folder: Path, *, professions: Mapping[str, Profession]) -> Rulebook:
    """Read and check a folder of patients' knowledge. Raises `KnowledgeError` at the first thing wrong."""
    flags_file = sheet(folder, "red_flags.toml")
    book = Rulebook(
        version=version(folder),
        sources=sheet(folder, "sources.toml").entries("source", Source),
        urgencies=sheet(folder, "urgencies.toml").entries("urgency", Urgency),
        conditions=sheet(folder, "conditions.toml").entries("suspected_condition", SuspectedCondition),
        body_regions=sheet(folder, "body_regions.toml").entries("body_region", BodyRegion),
        facts=sheet(folder, "patient_facts.toml").entries("fact", PatientFact),
        measures=sheet(folder, "outcome_measures.toml").entries("measure", Measure),
        consents=sheet(folder, "consents.toml").entries("consent", Consent),
        medicine_classes=sheet(folder, "medicines.toml").entries("medicine_class", MedicineClass),
        intake_groups=sheet(folder, "intake_groups.toml").entries("intake_group", IntakeGroup),
        red_flags=flags_file.entries("red_flag", _red_flag),
        combinations=flags_file.entries("combination", Combination),
        triage_rule=_only(flags_file.entries("triage", TriageRule)),
        c_spine_rule=_only(flags_file.entries("c_spine_rule", CSpineRule)),
        causes=sheet(folder, "causes.toml").entries("cause", Cause),
        symptoms=sheet(folder, "symptoms.toml").entries("symptom", Symptom),
    )
    # Checked here, at start-up, because at the first emergency it would be too late to find out.
    _check_evidence(book)
    for rule in book.red_flags.values():
        _check_red_flag(flags_file, rule, book, professions)
    _check_how_they_combine(flags_file, book)
    _check_links(book)
    return book


def intake_questions(age_years: int | None, *, book: Rulebook | None = None) -> tuple[RedFlagRule, ...]:
    """The warning signs a patient is asked about at intake, gravest first.

    What age alone decides is worked out and not asked, unless the age is not known.
    """
    book = book or rulebook()
    asked = [rule for rule in book.red_flags.values() if _is_asked_at_intake(rule, age_years)]
    return tuple(sorted(asked, key=lambda rule: book.rank(rule.urgency), reverse=True))


def _is_asked_at_intake(rule: RedFlagRule, age_years: int | None) -> bool:
    if "intake" not in rule.ask_at or rule.asked_of == "clinician":
        return False
    # Numbers that are measured at a visit (blood pressure) are never asked of a patient at home.
    is_by_age = rule.answer_type == "number" and all(test.number == "age_years" for test in rule.positive_when)
    return age_years is None if is_by_age else rule.asked_of != "record"


def _red_flag(file: Sheet, raw: dict[str, Any]) -> RedFlagRule:
    tests = tuple(file.built(NumberTest, test) for test in raw.pop("positive_when", ()))
    return file.built(RedFlagRule, raw, positive_when=tests)


def _only(entries: Mapping[str, E]) -> E:
    return next(iter(entries.values()))


def _check_evidence(book: Rulebook) -> None:
    for file, claims in (
        ("urgencies.toml", book.urgencies),
        ("patient_facts.toml", book.facts),
        ("outcome_measures.toml", book.measures),
        ("consents.toml", book.consents),
        ("medicines.toml", book.medicine_classes),
        ("red_flags.toml", book.red_flags),
        ("red_flags.toml", book.combinations),
        ("red_flags.toml", {"triage": book.triage_rule, "c_spine_rule": book.c_spine_rule}),
        ("causes.toml", book.causes),
        ("symptoms.toml", book.symptoms),
    ):
        Sheet(file, {}).require_evidence(claims.values(), book.sources)


def _check_red_flag(file: Sheet, rule: RedFlagRule, book: Rulebook, professions: Mapping[str, Profession]) -> None:
    # Age and blood pressure are facts; pain 0 to 10 is an answer of the pain scale, `nprs_current`.
    numbers = {code for code, fact in book.facts.items() if fact.value_type == "number"}
    numbers.update(*(measure.number_codes() for measure in book.measures.values()))
    tests = rule.positive_when
    for what, codes, known in (
        ("urgency", (rule.urgency,), book.urgencies),
        ("condition", rule.may_indicate, book.conditions),
        ("fact", rule.sets_facts, book.facts),
        ("red flag", rule.skip_if_any, book.red_flags),
        ("profession", rule.clearable_by, professions),
        ("number", (test.number for test in tests), numbers),
        ("comparison", (test.op for test in tests), COMPARISONS),
        ("asked_of", (rule.asked_of,), ASKED_OF),
        ("ask_at", rule.ask_at, ASK_AT),
        ("answer_type", (rule.answer_type,), ANSWER_TYPES),
    ):
        file.require_known(rule.code, what, codes, known)
    if rule.answer_type == "number" and not tests:
        file.refuse(rule.code, "a number is asked for, but 'positive_when' does not say which numbers mean yes")
    # An urgent sign nobody may clear would lock the patient out for good.
    if book.rank(rule.urgency) and not rule.clearable_by:
        file.refuse(rule.code, "'clearable_by' names nobody")


def _check_how_they_combine(file: Sheet, book: Rulebook) -> None:
    for combination in book.combinations.values():
        file.require_known(combination.code, "urgency", [combination.urgency], book.urgencies)
        file.require_known(combination.code, "red flag", combination.flags(), book.red_flags)
        if not combination.requires and combination.min_count < 1:
            file.refuse(combination.code, "asks for nothing, so it would always fire")
        if combination.min_count > len(combination.of):
            file.refuse(combination.code, "'min_count' is more than 'of' can give, so it would never fire")
    rule, spine = book.triage_rule, book.c_spine_rule
    # The triage itself speaks of these two.
    file.require_known(rule.code, "urgency", ("none", "same_day"), book.urgencies)
    file.require_known(rule.code, "urgency", rule.min_blocks, book.urgencies)
    file.require_known(spine.code, "red flag", (*spine.high_risk_flags, spine.rotation_flag), book.red_flags)
    # An urgency left out would block nothing, however grave it is.
    for urgency in book.urgencies.keys() - rule.min_blocks.keys():
        file.refuse(rule.code, f"'min_blocks' says nothing for {urgency!r}")


def _check_links(book: Rulebook) -> None:
    causes, symptoms, consents = (Sheet(f"{name}.toml", {}) for name in ("causes", "symptoms", "consents"))
    for cause in book.causes.values():
        causes.require_known(cause.code, "red flag", cause.linked_red_flags, book.red_flags)
    for symptom in book.symptoms.values():
        symptoms.require_known(symptom.code, "red flag", symptom.linked_red_flags, book.red_flags)
        symptoms.require_known(symptom.code, "measure", [symptom.measure] if symptom.measure else [], book.measures)
    for consent in book.consents.values():
        consents.require_known(consent.code, "consent", consent.requires, book.consents)
        if len(consent.in_plain_words) != len(consent.must_cover):
            consents.refuse(consent.code, "'in_plain_words' must say each point of 'must_cover'")
    medicines = Sheet("medicines.toml", {})
    for family in book.medicine_classes.values():
        medicines.require_known(family.code, "fact", family.facts, book.facts)
    _check_intake_groups(book)


def _check_intake_groups(book: Rulebook) -> None:
    groups = Sheet("intake_groups.toml", {})
    asked: set[str] = set()
    for group in book.intake_groups.values():
        groups.require_known(
            group.code, "fact", group.facts, [it.code for it in book.facts.values() if it.set_by == "intake"]
        )
        groups.require_known(
            group.code, "after", [group.after] if group.after else [], {**book.red_flags, **book.facts}
        )
        if group.words and len(group.words) != len(group.facts):
            groups.refuse(group.code, "'words' must say each of 'facts'")
        if len({book.facts[code].counts_days for code in group.facts}) > 1:
            groups.refuse(group.code, "asks for days and for yes or no at once")
        # Asked in two places, one answer would take the other's place.
        if asked & set(group.facts):
            groups.refuse(group.code, f"asks again for {sorted(asked & set(group.facts))}")
        asked |= set(group.facts)

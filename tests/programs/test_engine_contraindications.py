"""What decides, who may unlock it and how long to wait: on rules small enough to see at a glance."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from people.rules.knowledge import KnowledgeError, Sheet
from programs.rules.contraindications import (
    ALLOWED,
    BLOCKED,
    CAUTION,
    INCOMPLETE,
    OVERRIDE_REQUIRED,
    Contraindication,
    DecisionOrder,
    FactTest,
    Judgement,
    Severity,
    check,
    contraindication,
    judge,
    refuse_contradictions,
)

ORDER = ("blocked", "override_required", "incomplete", "caution", "allowed")
RANKS = {"absolute": 3, "relative": 2, "caution": 1}
DECISIONS = {"absolute": "blocked", "relative": "override_required", "caution": "caution"}
PREGNANT = FactTest(fact="pregnancy", op="is", value=True)
LATELY = FactTest(fact="days_since_nsaid", op="<", value=14)


def a_rule(severity: str = "absolute", *when: FactTest, **fields: Any) -> Contraindication:
    roles = ("physician",) if severity == "relative" else ()
    defaults: dict[str, Any] = {
        "code": f"ci_{severity}",
        "basis": "general_knowledge",
        "modality": "prp",
        "techniques": (),
        "when": when or (PREGNANT,),
        "severity": severity,
        "decision": DECISIONS.get(severity, severity),
        "scope": "whole_modality",
        "temporary": False,
        "reason": "x",
        "override_roles": roles,
    }
    return Contraindication(**defaults | fields)


def judged(
    *rules: Contraindication, required: tuple[str, ...] = (), technique: str | None = None, **facts: bool | float
) -> Judgement:
    return judge("prp", facts, technique=technique, rules=rules, required=required, ranks=RANKS, order=ORDER)


# --- one test


@pytest.mark.parametrize(
    ("op", "below", "at", "above"),
    [
        ("<", True, False, False),
        ("<=", True, True, False),
        (">", False, False, True),
        (">=", False, True, True),
        ("==", False, True, False),
    ],
)
def test_each_comparison_says_what_it_says_at_its_limit(op: str, below: bool, at: bool, above: bool) -> None:
    limit = FactTest(fact="platelet_count", op=op, value=50)

    assert [limit.holds({"platelet_count": known}) for known in (49, 50, 51)] == [below, at, above]


def test_an_unknown_fact_never_matches_not_even_a_no() -> None:
    not_pregnant = FactTest(fact="pregnancy", op="is", value=False)

    assert not_pregnant.holds({"pregnancy": False})
    assert not not_pregnant.holds({})
    assert not PREGNANT.holds({"pregnancy": False})
    assert not FactTest(fact="platelet_count", op="<", value=50).holds({})


@pytest.mark.parametrize(
    ("op", "known", "days"),
    [
        ("<", 10, 4),
        ("<", 13.5, 1),
        ("<", 14, 0),
        ("<", 20, 0),
        ("<=", 10, 5),
        ("<=", 14, 1),
        ("<=", 13.5, 1),
        ("<=", 15, 0),
        ("<=", 20, 0),
        (">", 10, None),
        (">=", 10, None),
        ("==", 10, None),
    ],
)
def test_how_many_days_until_the_medicine_was_long_enough_ago(op: str, known: float, days: int | None) -> None:
    test = FactTest(fact="days_since_nsaid", op=op, value=14)

    assert test.days_until_it_passes({"days_since_nsaid": known}) == days


def test_waiting_alone_raises_no_blood_count() -> None:
    test = FactTest(fact="platelet_count", op="<", value=50)

    assert test.days_until_it_passes({"platelet_count": 40}) is None


# --- one rule


@pytest.mark.parametrize(
    ("of_the_rule", "chosen", "applies"),
    [((), None, True), ((), "bmac", True), (("bmac",), None, True), (("bmac",), "bmac", True), (("bmac",), "x", False)],
)
def test_a_rule_of_one_technique_speaks_of_it_and_of_none_chosen_yet(
    of_the_rule: tuple[str, ...], chosen: str | None, applies: bool
) -> None:
    assert a_rule(techniques=of_the_rule).applies_to(chosen) is applies


def test_a_rule_fires_only_if_every_test_of_it_holds() -> None:
    rule = a_rule("absolute", PREGNANT, LATELY)

    assert rule.fires_on({"pregnancy": True, "days_since_nsaid": 3})
    assert not rule.fires_on({"pregnancy": True})
    assert not rule.fires_on({"pregnancy": True, "days_since_nsaid": 14})


# --- what decides

EACH = [a_rule("caution"), a_rule("absolute"), a_rule("relative")]


def test_the_strictest_decides_and_all_are_told_gravest_first() -> None:
    found = judged(*EACH, pregnancy=True)

    assert (found.decision, found.status) == ("blocked", "blocked")
    assert [(it.rule.severity, it.rank) for it in found.findings] == [("absolute", 3), ("relative", 2), ("caution", 1)]
    assert (found.modality, found.technique, found.unknown) == ("prp", None, ())


def test_the_engine_speaks_the_words_that_are_stored() -> None:
    assert (BLOCKED, OVERRIDE_REQUIRED, INCOMPLETE, CAUTION, ALLOWED) == ORDER


def test_nothing_found_and_everything_known_is_allowed() -> None:
    found = judged(*EACH, required=("pregnancy",), pregnancy=False)

    assert found == Judgement(
        modality="prp", technique=None, decision="allowed", status="allowed", findings=(), unknown=()
    )


@pytest.mark.parametrize(
    ("severity", "status"),
    [("caution", "incomplete"), ("relative", "override_required"), ("absolute", "blocked")],
)
def test_an_open_question_outweighs_a_caution_and_no_more(severity: str, status: str) -> None:
    found = judged(a_rule(severity), required=("pregnancy", "hiv"), pregnancy=True)

    assert (found.decision, found.status, found.unknown) == (DECISIONS[severity], status, ("hiv",))


def test_a_rule_of_another_technique_is_not_put() -> None:
    found = judged(a_rule(techniques=("bmac",)), technique="prp_ligament", pregnancy=True)

    assert (found.decision, found.technique) == ("allowed", "prp_ligament")


# --- who may unlock it


def test_only_who_every_relative_rule_names_may_unlock() -> None:
    both = a_rule("relative", override_roles=("physician", "physical_therapist"))
    one = a_rule("relative", override_roles=("physician",))
    none = a_rule("relative", override_roles=("chiropractor",))

    assert judged(both, one, pregnancy=True).override_roles == {"physician"}
    assert judged(both, none, pregnancy=True).override_roles == frozenset()
    assert judged(both, a_rule("caution"), pregnancy=True).override_roles == set(both.override_roles)


def test_nobody_unlocks_what_is_blocked_or_what_nothing_locks() -> None:
    assert judged(*EACH, pregnancy=True).override_roles == frozenset()
    assert judged(a_rule("caution"), pregnancy=True).override_roles == frozenset()


# --- how long to wait


def test_the_finding_that_lasts_longest_says_how_long_to_wait() -> None:
    month = replace(LATELY, value=30)
    found = judged(a_rule("absolute", LATELY), a_rule("absolute", month), days_since_nsaid=10)

    assert [it.defer_days for it in found.findings] == [4, 20]
    assert found.defer_days == 20


def test_a_rule_no_longer_fires_once_the_first_of_its_tests_has_passed() -> None:
    found = judged(a_rule("absolute", LATELY, replace(LATELY, value=30)), days_since_nsaid=10)

    assert found.defer_days == 4


def test_waiting_does_not_help_while_one_finding_stays() -> None:
    stays, passes = a_rule("absolute"), a_rule("absolute", LATELY)

    assert judged(stays, passes, pregnancy=True, days_since_nsaid=10).defer_days is None
    assert judged(a_rule("caution"), passes, pregnancy=True, days_since_nsaid=10).defer_days == 4
    assert judged(stays, pregnancy=False).defer_days is None


# --- rules that cannot be right

SHEET = Sheet("contraindications.toml", {})
SEVERITIES = {
    code: Severity(code=code, rank=rank, decision=DECISIONS[code], meaning="x") for code, rank in RANKS.items()
}
KNOWN: Mapping[str, object] = {"pregnancy": 1, "days_since_nsaid": 1}


def refusal(rule: Contraindication) -> str:
    try:
        check(SHEET, rule, severities=SEVERITIES, facts=KNOWN, professions={"physician": 1})
    except KnowledgeError as problem:
        return problem.problem
    return ""


def test_every_rule_of_these_tests_could_stand_in_the_rulebook() -> None:
    assert [refusal(rule) for rule in EACH] == ["", "", ""]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (a_rule(severity="mortal", decision="blocked"), "severity 'mortal' is not known"),
        (a_rule("absolute", replace(PREGNANT, fact="luck")), "fact 'luck' is not known"),
        (a_rule("absolute", replace(PREGNANT, op="~")), "comparison '~' is not known"),
        (a_rule("relative", override_roles=("wizard",)), "profession 'wizard' is not known"),
        (a_rule("absolute", decision="caution"), "severity 'absolute' means 'blocked', not 'caution'"),
        (a_rule("absolute", when=()), "'when' is empty, so it would always fire"),
        (a_rule("absolute", override_roles=("physician",)), "'override_roles' do not go with severity 'absolute'"),
        (a_rule("relative", override_roles=()), "'override_roles' do not go with severity 'relative'"),
        (a_rule("caution", override_roles=("physician",)), "'override_roles' do not go with severity 'caution'"),
    ],
)
def test_a_rule_that_cannot_be_right_stops_the_server(rule: Contraindication, said: str) -> None:
    assert refusal(rule) == said


@pytest.mark.parametrize(
    ("other", "contradicts"),
    [
        ({"severity": "caution"}, True),
        ({"severity": "caution", "techniques": ("bmac",)}, False),
        ({"severity": "caution", "modality": "laser_therapy"}, False),
        ({"severity": "caution", "when": (LATELY,)}, False),
        ({"severity": "absolute"}, False),
    ],
)
def test_two_rules_contradict_if_they_judge_one_finding_at_one_technique_differently(
    other: dict[str, Any], contradicts: bool
) -> None:
    rules = [a_rule("absolute"), replace(a_rule("absolute"), code="ci_other", **other)]

    if not contradicts:
        refuse_contradictions(SHEET, rules)
        return
    with pytest.raises(KnowledgeError, match="ci_other: contradicts 'ci_absolute'"):
        refuse_contradictions(SHEET, rules)


def test_rules_of_several_techniques_contradict_at_the_one_they_share() -> None:
    one = a_rule("absolute", techniques=("bmac", "prp_facet"))
    other = replace(one, code="ci_other", severity="relative", techniques=("prp_ligament", "prp_facet"))

    with pytest.raises(KnowledgeError, match="contradicts"):
        refuse_contradictions(SHEET, [one, other])


def test_a_rule_is_read_with_its_tests() -> None:
    raw = {
        "code": "ci_x", "basis": "general_knowledge", "modality": "prp", "techniques": [], "severity": "absolute",
        "decision": "blocked", "scope": "whole_modality", "temporary": False, "reason": "x",
        "when": [{"fact": "pregnancy", "op": "is", "value": True}],
    }  # fmt: skip

    assert contraindication(SHEET, raw) == replace(a_rule(), code="ci_x")
    assert DecisionOrder(code="x", basis="general_knowledge", order=ORDER, text="x").order[0] == "blocked"

"""What must keep its distance from what: on rules small enough to see at a glance."""

from dataclasses import replace
from typing import Any

import pytest

from people.rules.knowledge import KnowledgeError, Sheet
from programs.rules.timing import (
    Distance,
    Happening,
    TimingRule,
    TimingStrength,
    check,
    judge,
    sessions_until_reassessment,
)

PRP, LASER, NSAID = Happening("prp"), Happening("laser_therapy"), Happening("med_nsaid", is_treatment=False)


def a_rule(**fields: Any) -> TimingRule:
    """A laser waits three days after PRP."""
    defaults: dict[str, Any] = {
        "code": "int_x",
        "basis": "general_knowledge",
        "kind": "min_gap",
        "first": "prp",
        "first_techniques": (),
        "then": "laser_therapy",
        "then_techniques": (),
        "min_gap": 3,
        "unit": "days",
        "same_region_only": False,
        "strength": "hard",
        "overridable": True,
        "reason": "x",
        "override_roles": ("physician",),
    }
    return TimingRule(**defaults | fields)


def distance(
    rule: TimingRule, first: Happening = PRP, then: Happening = LASER, *, gap: float = 1, same_region: bool = True
) -> Distance:
    return judge(first, then, [rule], gap, same_region)


def breaks(rule: TimingRule, first: Happening = PRP, then: Happening = LASER, **how: Any) -> bool:
    return distance(rule, first, then, **how).broken == (rule,)


@pytest.mark.parametrize(("gap", "broken"), [(0, True), (2.5, True), (3, False), (4, False)])
def test_three_days_are_over_on_the_third_day(gap: float, broken: bool) -> None:
    assert breaks(a_rule(), gap=gap) is broken


def test_the_strictest_broken_rule_says_how_strict_and_the_longest_how_long() -> None:
    hard, soft = a_rule(min_gap=3), a_rule(code="int_soft", strength="soft", min_gap=7)

    near, far = judge(PRP, LASER, [soft, hard], 2, False), judge(PRP, LASER, [soft, hard], 5, False)
    far_enough = judge(PRP, LASER, [soft, hard], 7, False)

    assert (near.strength, near.needs_days, near.broken) == ("hard", 7, (soft, hard))
    assert (far.strength, far.needs_days, far.broken) == ("soft", 7, (soft,))
    assert (far_enough.strength, far_enough.needs_days, far_enough.broken) == ("ok", 0, ())


def test_a_rule_of_one_region_leaves_another_region_alone() -> None:
    local = a_rule(same_region_only=True)

    assert breaks(local, same_region=True)
    assert not breaks(local, same_region=False)
    assert breaks(a_rule(), same_region=False)


def test_a_rule_looks_one_way_unless_it_holds_both_ways() -> None:
    one_way, both_ways = a_rule(), a_rule(symmetric=True)

    assert not breaks(one_way, LASER, PRP)
    assert breaks(both_ways, LASER, PRP)
    assert breaks(both_ways, PRP, LASER)
    assert not breaks(both_ways, LASER, LASER)


def test_what_also_waits_waits_like_the_first_named() -> None:
    rule = a_rule(also=("shockwave",))

    assert breaks(rule, then=Happening("shockwave"))
    assert breaks(rule, then=LASER)
    assert not breaks(rule, then=Happening("dry_needling"))


@pytest.mark.parametrize(("chosen", "broken"), [(None, True), ("prp_facet", True), ("prp_ligament", False)])
def test_a_rule_of_one_technique_counts_until_another_is_chosen(chosen: str | None, broken: bool) -> None:
    as_first, as_then = a_rule(first_techniques=("prp_facet",)), a_rule(first="med_nsaid", then="prp")

    assert breaks(as_first, Happening("prp", chosen)) is broken
    assert breaks(replace(as_then, then_techniques=("prp_facet",)), NSAID, Happening("prp", chosen)) is broken


def test_any_treatment_means_treatments_and_no_medicine() -> None:
    rule = a_rule(first="any_modality")

    assert breaks(rule, Happening("shockwave"))
    assert not breaks(rule, NSAID)
    assert breaks(a_rule(first="med_nsaid"), NSAID)


def test_a_rule_that_counts_sessions_keeps_no_days() -> None:
    by_sessions = a_rule(unit="sessions")

    assert not breaks(by_sessions)
    assert by_sessions.concerns(PRP, LASER, same_region=True) is False


def test_a_rule_about_the_first_time_counts_only_while_it_holds() -> None:
    first_time = a_rule(applies_when="first_ever_of_both")

    assert judge(PRP, LASER, [first_time], 1, True).strength == "ok"
    assert judge(PRP, LASER, [first_time], 1, True, ["first_ever_of_both"]).strength == "hard"
    assert judge(PRP, LASER, [a_rule()], 1, True, ["first_ever_of_both"]).strength == "hard"


def test_the_fewest_sessions_that_any_rule_says_call_for_a_look() -> None:
    rules = [
        a_rule(first="prp", unit="sessions", min_gap=4),
        a_rule(first="prp", unit="sessions", min_gap=3),
        a_rule(first="prp", unit="days", min_gap=1),
        a_rule(first="laser_therapy", unit="sessions", min_gap=2),
    ]

    assert sessions_until_reassessment("prp", rules=rules) == 3
    assert sessions_until_reassessment("shockwave", rules=rules) is None


# --- rules that cannot be right


def refusal(rule: TimingRule) -> str:
    strengths = {code: TimingStrength(code=code, meaning="x") for code in ("hard", "soft")}
    try:
        check(
            Sheet("interactions.toml", {}),
            rule,
            strengths=strengths,
            happenings={"prp", "laser_therapy"},
            techniques={"prp_facet"},
            professions={"physician": 1},
        )
    except KnowledgeError as problem:
        return f"{problem.entry}: {problem.problem}"
    return ""


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, ""),
        ({"min_gap": 0, "first_techniques": ("prp_facet",)}, ""),
        ({"overridable": False, "override_roles": ()}, ""),
        ({"kind": "wish"}, "int_x: kind 'wish' is not known"),
        ({"unit": "moons"}, "int_x: unit 'moons' is not known"),
        ({"strength": "firm"}, "int_x: strength 'firm' is not known"),
        ({"first": "x"}, "int_x: treatment or event 'x' is not known"),
        ({"then": "x"}, "int_x: treatment or event 'x' is not known"),
        ({"also": ("x",)}, "int_x: treatment or event 'x' is not known"),
        ({"first_techniques": ("x",)}, "int_x: technique 'x' is not known"),
        ({"then_techniques": ("x",)}, "int_x: technique 'x' is not known"),
        ({"override_roles": ("wizard",)}, "int_x: profession 'wizard' is not known"),
        ({"min_gap": -1}, "int_x: 'min_gap' is less than nothing"),
        ({"overridable": False}, "int_x: 'overridable' and 'override_roles' do not agree"),
        ({"override_roles": ()}, "int_x: 'overridable' and 'override_roles' do not agree"),
    ],
)
def test_a_rule_that_cannot_be_right_stops_the_server(fields: dict[str, Any], said: str) -> None:
    assert refusal(a_rule(**fields)) == said


@pytest.mark.parametrize("kind", ["washout_before", "washout_after", "min_gap", "same_day", "max_sessions", "rule"])
def test_every_kind_of_rule_has_its_word(kind: str) -> None:
    assert refusal(a_rule(kind=kind)) == ""
    assert refusal(a_rule(unit="sessions")) == ""

"""Which examinations an answer of the safety check calls for, and when an injured neck may be turned."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from patients.rules.red_flags import RedFlagRule
from patients.rules.rulebook import Rulebook

INJURED = "rf_known_injury"  # what the rule applies to
LOW_RISK = "low_risk_factor"


@dataclass(frozen=True, slots=True)
class QuickTest:
    """An examination question of the rulebook, and the open warning signs that call for it."""

    rule: RedFlagRule
    because: tuple[str, ...]  # codes of red flags


def suggested(open_flags: Collection[str], *, book: Rulebook) -> tuple[QuickTest, ...]:
    """The examinations that look for what an open warning sign may mean, gravest first.

    Only yes-or-no ones: blood pressure has a field of its own. A sign that the rulebook no longer has calls for none.
    """
    signs = [book.red_flags[code] for code in open_flags if code in book.red_flags]
    found = []
    for rule in book.red_flags.values():
        if rule.asked_of != "clinician" or rule.answer_type != "yes_no":
            continue
        because = tuple(
            it.code for it in signs if it.code != rule.code and set(it.may_indicate) & set(rule.may_indicate)
        )
        # Its own answer keeps a test on the page after it has raised its sign.
        if because or rule.code in open_flags:
            found.append(QuickTest(rule, because))
    return tuple(sorted(found, key=lambda it: book.rank(it.rule.urgency), reverse=True))


@dataclass(frozen=True, slots=True)
class SpineCheck:
    """The Canadian C-spine rule as far as it is known. `may_turn`: the clinician may test the rotation."""

    high_risk: tuple[str, ...]  # codes of red flags that are answered yes
    needs_low_risk: bool  # somebody has to look for a low-risk factor first
    may_turn: bool
    needs_imaging: bool


def c_spine(answers: Mapping[str, bool], *, book: Rulebook) -> SpineCheck | None:
    """What the rule says of an injured neck; None where nothing points to an injury.

    `answers` by red flag, and by `LOW_RISK` whether at least one low-risk factor is there.
    Rotation is never tested with a high-risk factor or without a low-risk one. Source: `c_spine_rule`.
    """
    rule = book.c_spine_rule
    yes = {code for code, answer in answers.items() if answer}
    if INJURED not in yes:
        return None
    high = tuple(code for code in rule.high_risk_flags if code in yes)
    low = answers.get(LOW_RISK)
    may_turn = not high and low is True
    stuck = may_turn and answers.get(rule.rotation_flag) is True
    return SpineCheck(
        high_risk=high,
        needs_low_risk=not high and low is None,
        may_turn=may_turn,
        needs_imaging=bool(high) or low is False or stuck,
    )

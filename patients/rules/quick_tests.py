"""Which examinations an answer of the safety check calls for, and when an injured neck may be turned."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from patients.rules.red_flags import RedFlagRule
from patients.rules.rulebook import Rulebook

INJURED: Final = "rf_known_injury"  # what the rule applies to
NOT_ALERT: Final = "rf_head_injury_loss_of_consciousness"  # what it does not: "alert, stable adult"
VALID_FROM_YEARS: Final = 16
# A name for each of `low_risk_factors`, in its order, by which the answers are kept.
LOW_RISK: Final = ("simple_rear_end", "sitting", "walked_since", "delayed_pain", "no_midline_tenderness")


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
        # Nobody is told to turn an injured neck: the C-spine rule says when.
        if rule.asked_of != "clinician" or rule.answer_type != "yes_no" or rule.code == book.c_spine_rule.rotation_flag:
            continue
        because = tuple(
            it.code for it in signs if it.code != rule.code and set(it.may_indicate) & set(rule.may_indicate)
        )
        # Its own answer keeps a test on the page after it has raised its sign.
        if because or rule.code in open_flags:
            found.append(QuickTest(rule, because))
    return tuple(sorted(found, key=lambda it: book.rank(it.rule.urgency), reverse=True))


class SpineResult(TextChoices):
    """What the Canadian C-spine rule says as far as its factors are known."""

    NOT_VALID = "not_valid", _("The rule does not hold here: a doctor looks today. Do not test rotation.")
    ASK_HIGH_RISK = "ask_high_risk", _("Ask every high-risk factor first. Do not test rotation.")
    ASK_LOW_RISK = "ask_low_risk", _("Look for a low-risk factor first. Do not test rotation.")
    MAY_TURN = "may_turn", _("You may test rotation.")
    IMAGING = "imaging", _("Imaging is called for. Do not test rotation, do not treat the neck.")
    NO_IMAGING = "no_imaging", _("The rule calls for no imaging.")


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of the rule. `answer` is None as long as nobody asked: unknown is not no."""

    code: str
    words: str
    answer: bool | None
    is_known: bool = False  # from the record, and not asked


@dataclass(frozen=True, slots=True)
class SpineCheck:
    """The Canadian C-spine rule, factor by factor, and what follows."""

    high_risk: tuple[Factor, ...]
    low_risk: tuple[Factor, ...]
    result: SpineResult

    @property
    def needs_imaging(self) -> bool:
        return self.result == SpineResult.IMAGING

    @property
    def may_turn(self) -> bool:
        """Whether the rotation may be tested, or was already and decided."""
        return self.result in {SpineResult.MAY_TURN, SpineResult.NO_IMAGING}


def c_spine(
    answers: Mapping[str, bool], *, low_risk: Mapping[str, bool], age_years: int | None, book: Rulebook
) -> SpineCheck | None:
    """What the rule says of an injured neck; None where nothing points to an injury.

    `answers` by red flag, `low_risk` by the codes of `LOW_RISK`. A factor that is missing was not asked, and nothing
    follows from it. Rotation is never tested with a high-risk factor or without a low-risk one. Source: `c_spine_rule`.
    """
    if answers.get(INJURED) is not True:
        return None
    rule = book.c_spine_rule
    ages = {} if age_years is None else {"age_years": float(age_years)}
    measured = {code: book.red_flags[code].answer_from(ages) for code in rule.high_risk_flags}
    high = tuple(
        Factor(
            code, book.red_flags[code].clinician_wording, answers.get(code) if said is None else said, said is not None
        )
        for code, said in measured.items()
    )
    low = tuple(
        Factor(code, words, low_risk.get(code)) for code, words in zip(LOW_RISK, rule.low_risk_factors, strict=True)
    )
    is_valid = not (answers.get(NOT_ALERT) or (age_years is not None and age_years < VALID_FROM_YEARS))
    result = _result(high, low, answers.get(rule.rotation_flag)) if is_valid else SpineResult.NOT_VALID
    return SpineCheck(high, low, result)


def _result(high: Collection[Factor], low: Collection[Factor], cannot_turn: bool | None) -> SpineResult:
    if any(it.answer for it in high) or all(it.answer is False for it in low):
        return SpineResult.IMAGING
    if any(it.answer is None for it in high):
        return SpineResult.ASK_HIGH_RISK
    if not any(it.answer for it in low):
        return SpineResult.ASK_LOW_RISK
    if cannot_turn is None:
        return SpineResult.MAY_TURN
    return SpineResult.IMAGING if cannot_turn else SpineResult.NO_IMAGING

"""From the answers to one urgency, what must wait, and why."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from patients.rules.red_flags import Combination, RedFlagRule
from patients.rules.rulebook import Rulebook

NO_NUMBERS: Final[Mapping[str, float]] = MappingProxyType({})
NO_URGENCY: Final = "none"
# The least urgency at which an asked question must be answered before the screen is complete.
MUST_BE_ANSWERED_FROM: Final = "same_day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why the screen came out as it did, in words for the clinician, with the codes of the sources."""

    code: str
    words: str
    urgency: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageResult:
    """One screen, judged. `blocks` are modality groups and modalities that must not be booked."""

    urgency: str
    positive: tuple[RedFlagRule, ...]
    combinations: tuple[Combination, ...]
    blocks: frozenset[str]
    unanswered: tuple[str, ...]
    reasons: tuple[Reason, ...]

    @property
    def is_complete(self) -> bool:
        return not self.unanswered


def triage(
    answers: Mapping[str, bool],
    *,
    numbers: Mapping[str, float] = NO_NUMBERS,
    asked: Iterable[str] = (),
    rulebook: Rulebook,
) -> TriageResult:
    """How urgent the warning signs are together, and which treatments must wait.

    `numbers` are measured values by their code, in the units of the rulebook: `age_years`, `nprs_current`
    (pain, 0 to 10), `bp_systolic` and `bp_diastolic` (mm Hg). `asked` are the questions that were put.

    Unknown is never "no": a grave question that was asked and not answered blocks what a yes would block,
    but does not raise the urgency.

    Raises `KeyError` for a code the rulebook does not have: an answer is never dropped in silence.
    Source: `triage_rule` in red_flags.toml.
    """
    # Looking each code up is what refuses an unknown one.
    told = {code: answers[code] for code in answers if rulebook.red_flags[code]}
    told |= _told_by(numbers, told, rulebook)
    yes = {code for code, answer in told.items() if answer}
    unanswered = _unanswered(asked, told, yes, rulebook)

    positive = tuple(rule for rule in _gravest_first(rulebook) if rule.code in yes)
    fired = _fired(yes, rulebook)
    return TriageResult(
        urgency=_urgency(positive, fired, rulebook),
        positive=positive,
        combinations=fired,
        # As if every open grave question were a yes, combinations included.
        blocks=_blocks(yes.union(unanswered), rulebook),
        unanswered=unanswered,
        reasons=_reasons(positive, fired, answers, rulebook),
    )


def _told_by(numbers: Mapping[str, float], answers: Mapping[str, bool], rulebook: Rulebook) -> dict[str, bool]:
    measured = {code: rule.answer_from(numbers) for code, rule in rulebook.red_flags.items() if rule.positive_when}
    # Either is enough for a yes: a measured 9 of 10 outweighs a "no" that was ticked, and the other way round.
    return {code: said or answers.get(code, False) for code, said in measured.items() if said is not None}


def _unanswered(
    asked: Iterable[str], told: Mapping[str, bool], yes: AbstractSet[str], rulebook: Rulebook
) -> tuple[str, ...]:
    put = {code for code in asked if yes.isdisjoint(rulebook.red_flags[code].skip_if_any)}
    least = rulebook.rank(MUST_BE_ANSWERED_FROM)
    return tuple(
        rule.code
        for rule in _gravest_first(rulebook)
        if rule.code in put and rule.code not in told and rulebook.rank(rule.urgency) >= least
    )


def _gravest_first(rulebook: Rulebook) -> list[RedFlagRule]:
    return sorted(rulebook.red_flags.values(), key=lambda rule: rulebook.rank(rule.urgency), reverse=True)


def _fired(yes: AbstractSet[str], rulebook: Rulebook) -> tuple[Combination, ...]:
    fired = [combination for combination in rulebook.combinations.values() if combination.holds(yes)]
    return tuple(sorted(fired, key=lambda combination: rulebook.rank(combination.urgency), reverse=True))


def _urgency(positive: Iterable[RedFlagRule], fired: Iterable[Combination], rulebook: Rulebook) -> str:
    found = [NO_URGENCY, *(rule.urgency for rule in positive), *(combination.urgency for combination in fired)]
    return max(found, key=rulebook.rank)


def _blocks(yes: AbstractSet[str], rulebook: Rulebook) -> frozenset[str]:
    positive = [rulebook.red_flags[code] for code in yes]
    least = rulebook.min_blocks[_urgency(positive, _fired(yes, rulebook), rulebook)]
    return frozenset(least).union(*(rule.blocks for rule in positive))


def _reasons(
    positive: Iterable[RedFlagRule], fired: Iterable[Combination], answers: Mapping[str, bool], rulebook: Rulebook
) -> tuple[Reason, ...]:
    reasons = [Reason(code=it.code, words=it.reason, urgency=it.urgency, sources=it.sources) for it in fired]
    for rule in positive:
        # A number can show that the question matters without having answered it.
        said_by_number_only = rule.wording_from_numbers and not answers.get(rule.code)
        words = rule.wording_from_numbers if said_by_number_only else rule.clinician_wording
        reasons.append(Reason(code=rule.code, words=words, urgency=rule.urgency, sources=rule.sources))
    return tuple(sorted(reasons, key=lambda reason: rulebook.rank(reason.urgency), reverse=True))

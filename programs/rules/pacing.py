"""How near treatments may come to each other, and how many may be given before somebody looks whether they help.

What the timing rules say becomes findings like those of the contraindications: shown, acknowledged and overridden in
the same way, and kept with the decision.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any, Final, Self
from uuid import UUID

from programs.rules import timing
from programs.rules.contraindications import BLOCKED, CAUTION, OVERRIDE_REQUIRED, Contraindication, Finding, Judgement
from programs.rules.rulebook import ProgramRulebook
from programs.rules.timing import HARD, SESSIONS, SOFT, Happening, TimingRule

# Facts that the record itself can count, by the treatment they count from.
COUNTED_FROM: Final[Mapping[str, str]] = {"days_since_prp": "prp", "days_since_last_dn_same_region": "dry_needling"}
# As `applies_when` of interactions.toml names them.
FIRST_OF_EITHER, FIRST_OF_BOTH = "first_ever_of_either", "first_ever_of_both"
BOTH_SIDES: Final = "both"


@dataclass(frozen=True, slots=True)
class Session:
    """A treatment that was given, is booked, or is asked for. No technique or no regions: nobody has chosen yet."""

    modality: str
    on: date
    technique: str = ""
    regions: tuple[str, ...] = ()  # as `TreatmentGiven` keeps them: "upper_trapezius:left"
    sitting: UUID | None = None  # the visit's note it was written down with
    is_open: bool = False  # that note is being written at this moment

    def overlaps(self, other: Self) -> bool:
        """Whether both may concern the same place. What is not known counts as the same: unknown is never "no"."""
        return _overlap(self.regions, other.regions)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two treatments and what the timing rules ask of them: enough to judge them again years later."""

    first: str
    first_technique: str
    then: str
    then_technique: str
    gap_days: int
    same_region: bool
    same_sitting: bool = False
    holding: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pace:
    """Everything about the days and the number of treatments that a decision rests on."""

    pairs: tuple[Pair, ...] = ()
    unlooked: int = 0  # sessions since somebody last looked whether they help


def days_since(on: date, given: Iterable[Session], regions: Collection[str] = ()) -> dict[str, tuple[int, date]]:
    """The facts that count from a treatment, with the day it was last given on or before `on`.

    They speak of one place: with `regions` only what may have been given there counts. A treatment that was never
    given here stays unknown: it may have been given elsewhere.
    """
    last: dict[str, date] = {}
    for it in given:
        if it.on <= on and _overlap(regions, it.regions):
            last[it.modality] = max(it.on, last.get(it.modality, it.on))
    return {
        fact: ((on - last[modality]).days, last[modality])
        for fact, modality in COUNTED_FROM.items()
        if modality in last
    }


def pairs(asked: Session, others: Sequence[Session], *, book: ProgramRulebook) -> list[Pair]:
    """`asked` with each other treatment that a timing rule names together with it, whichever comes first."""
    found: dict[Pair, None] = {}
    for other in others:
        orders = [(other, asked)] if other.on < asked.on else [(asked, other)]
        if other.on == asked.on:
            orders.append((other, asked))
        for first, then in orders:
            pair = Pair(
                first.modality,
                first.technique,
                then.modality,
                then.technique,
                (then.on - first.on).days,
                first.overlaps(then),
                other.is_open and other.on == asked.on,
                _holding(asked, other, others),
            )
            if any(_is_worth_keeping(it, pair) for it in _between(book, pair.first, pair.then)):
                found[pair] = None
    return list(found)


def too_near(found: Iterable[Pair], *, book: ProgramRulebook) -> Iterator[tuple[TimingRule, int]]:
    """Each rule that these pairs break, once, with the days that are missing."""
    missing: dict[str, int] = {}
    for it in found:
        rules = _between(book, it.first, it.then)
        near = timing.judge(*_happenings(it), rules, it.gap_days, it.same_region, it.holding)
        for rule in near.broken:
            # At one sitting a warning would come too late to be read: only what must not be is said.
            if it.same_sitting and rule.strength != HARD:
                continue
            left = -int(-(rule.min_gap - it.gap_days) // 1)
            missing[rule.code] = max(left, missing.get(rule.code, 0))
    return ((book.timing_rules[code], days) for code, days in missing.items())


def unreviewed(modality: str, sessions: int, *, book: ProgramRulebook) -> Iterator[TimingRule]:
    """The rules that ask for a look at how it helps before the next one, after so many `sessions` without a look."""
    return (
        rule
        for rule in book.timing_rules.values()
        if rule.unit == SESSIONS and rule.first == modality and sessions >= rule.min_gap
    )


def finding(rule: TimingRule, days: int | None, *, modality: str, book: ProgramRulebook) -> Finding:
    """The rule as a finding about the treatment that is asked for: never, locked, or with caution."""
    decision = CAUTION if rule.strength == SOFT else OVERRIDE_REQUIRED if rule.overridable else BLOCKED
    severity = next(it for it in book.severities.values() if it.decision == decision)
    as_danger = Contraindication(
        code=rule.code,
        modality=modality,
        techniques=(),
        when=(),
        severity=severity.code,
        decision=decision,
        scope="local" if rule.same_region_only else "whole_modality",
        temporary=True,
        reason=rule.reason,
        override_roles=rule.override_roles if decision == OVERRIDE_REQUIRED else (),
        basis=rule.basis,
        sources=rule.sources,
        basis_note=rule.basis_note,
        usual_reference=rule.usual_reference,
        confirmed_by=rule.confirmed_by,
    )
    return Finding(rule=as_danger, rank=severity.rank, defer_days=days)


def with_findings(judgement: Judgement, more: Collection[Finding], *, book: ProgramRulebook) -> Judgement:
    """The judgement with further findings in it: never milder than before."""
    if not more:
        return judgement
    found = sorted([*judgement.findings, *more], key=lambda it: it.rank, reverse=True)
    decided = {it.rule.decision for it in more}
    order = book.decision_order.order
    return replace(
        judgement,
        findings=tuple(found),
        decision=next(each for each in order if each in decided | {judgement.decision}),
        status=next(each for each in order if each in decided | {judgement.status}),
    )


def judged(judgement: Judgement, pace: Pace, *, book: ProgramRulebook) -> Judgement:
    """The judgement with what the timing rules add to it."""
    broken: list[tuple[TimingRule, int | None]] = [*too_near(pace.pairs, book=book)]
    broken += [(rule, None) for rule in unreviewed(judgement.modality, pace.unlooked, book=book)]
    more = [finding(rule, days, modality=judgement.modality, book=book) for rule, days in broken]
    return with_findings(judgement, more, book=book)


def as_kept(pace: Pace) -> dict[str, Any]:
    """For the record of a decision, beside its facts; empty if nothing was near."""
    if pace == NO_PACE:
        return {}
    return {PACE: {"pairs": [[*astuple(it)] for it in pace.pairs], "unlooked": pace.unlooked}}


def from_kept(facts: Mapping[str, Any]) -> Pace:
    kept = facts.get(PACE, {})
    return Pace(tuple(_pair(*row) for row in kept.get("pairs", ())), kept.get("unlooked", 0))


def _pair(*row: Any) -> Pair:
    first, technique, then, then_technique, gap_days, same_region, same_sitting, holding = row
    return Pair(first, technique, then, then_technique, gap_days, same_region, same_sitting, tuple(holding))


NO_PACE: Final = Pace()
PACE: Final = "pace"


def _holding(asked: Session, other: Session, others: Sequence[Session]) -> tuple[str, ...]:
    """Which of the conditions hold that rules about a first treatment ever ask for."""
    first_of = [
        not any(it.modality == each.modality and it.on < each.on for it in (asked, *others)) for each in (asked, other)
    ]
    held = [FIRST_OF_EITHER] if any(first_of) else []
    if all(first_of) and asked.modality != other.modality:
        held.append(FIRST_OF_BOTH)
    return tuple(held)


def _happenings(pair: Pair) -> tuple[Happening, Happening]:
    return Happening(pair.first, pair.first_technique or None), Happening(pair.then, pair.then_technique or None)


def _is_worth_keeping(rule: TimingRule, pair: Pair) -> bool:
    """Whether the rule, or one of twice the distance, looks at the pair: what a clinic's change could turn."""
    counts = not rule.applies_when or rule.applies_when in pair.holding
    is_near = pair.gap_days <= 2 * rule.min_gap + 7
    return counts and is_near and rule.concerns(*_happenings(pair), same_region=pair.same_region)


@lru_cache(maxsize=1024)
def _between(book: ProgramRulebook, first: str, then: str) -> tuple[TimingRule, ...]:
    """The rules in days that may speak of the two, whichever technique and place: a handful of sixty."""
    one, other = Happening(first), Happening(then)
    return tuple(rule for rule in book.timing_rules.values() if rule.concerns(one, other, same_region=True))


def _overlap(one: Collection[str], other: Collection[str]) -> bool:
    if not one or not other:
        return True
    return any(_same_place(here, there) for here in one for there in other)


def _same_place(one: str, another: str) -> bool:
    (region, side), (other_region, other_side) = _place(one), _place(another)
    if region != other_region:
        return False
    return not side or not other_side or side == other_side or BOTH_SIDES in {side, other_side}


def _place(said: str) -> tuple[str, str]:
    """Region and side; two levels of one region count as the same place."""
    region, _colon, rest = said.partition(":")
    return region, rest.partition(":")[0]

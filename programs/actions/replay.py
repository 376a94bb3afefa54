"""Judging a kept decision again: by the rules of its day, or by those that somebody thinks of."""

from programs.models import RuleChange, SafetyDecision
from programs.rules import adjusting, pacing
from programs.rules.contraindications import Judgement
from programs.rules.rulebook import ProgramRulebook, rulebook


def judged(decision: SafetyDecision, book: ProgramRulebook) -> Judgement:
    """What this book says of the facts of a kept decision."""
    found = book.judge(decision.modality, decision.facts, technique=decision.technique or None)
    return pacing.judged(found, pacing.from_kept(decision.facts), book=book)


def rulebook_then(version: str, *, book: ProgramRulebook | None = None) -> ProgramRulebook:
    """The rulebook with the clinic's changes as they stood when a decision named this version. One query.

    `book` is that of an older release; today's if none is given.

    The version counts deeds, not days: two that fall on one second are told apart, and a change that was written down
    while a visit was being booked counts for exactly those decisions that have seen it.
    """
    deeds, book = adjusting.deeds_in(version), book or rulebook()
    if not deeds:
        return book
    done = sorted(
        (at, it.pk, is_withdrawal, it)
        for it in RuleChange.objects.all()
        for at, is_withdrawal in ((it.at, False), (it.withdrawn_at, True))
        if at is not None
    )
    in_force: dict[int, RuleChange] = {}
    for _at, pk, is_withdrawal, it in done[:deeds]:
        if is_withdrawal:
            in_force.pop(pk, None)
        else:
            in_force[pk] = it
    return adjusting.adjusted(book, map(as_rule, in_force.values()), version=version)


def as_rule(change: RuleChange) -> adjusting.Change:
    return adjusting.Change(change.kind, change.code, change.value)

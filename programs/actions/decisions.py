"""The decisions that were kept: judged again, however old they are."""

from collections.abc import Iterator
from dataclasses import dataclass

from programs.actions import replay
from programs.actions.safety import Standing, Treatment
from programs.models import SafetyDecision
from programs.rules import adjusting
from programs.rules.rulebook import ProgramRulebook, rulebook

READ_AT_ONCE = 1000  # rows: a clinic keeps hundreds of thousands of decisions


@dataclass(frozen=True, slots=True)
class Again:
    """A kept decision, and what the same rules make of the same facts. No `rules`: another rulebook decided it."""

    kept: SafetyDecision
    status: str = ""
    rules: tuple[str, ...] | None = None

    @property
    def is_of_another_rulebook(self) -> bool:
        return self.rules is None

    @property
    def is_the_same(self) -> bool:
        return (self.status, self.rules) == (self.kept.status, tuple(self.kept.rules))


def all_again(book: ProgramRulebook | None = None) -> Iterator[Again]:
    """Every decision there is, the oldest first. `book` is the rulebook of an older release; today's if none is given.

    One query for the decisions and one for each state of the clinic's own rules.
    """
    book, then = book or rulebook(), dict[str, ProgramRulebook]()
    for kept in SafetyDecision.objects.order_by("at", "pk").iterator(READ_AT_ONCE):
        if adjusting.delivered_in(kept.rulebook_version) != book.version:
            yield Again(kept)
            continue
        if kept.rulebook_version not in then:
            then[kept.rulebook_version] = replay.rulebook_then(kept.rulebook_version, book=book)
        yield _again(kept, then[kept.rulebook_version])


def _again(kept: SafetyDecision, book: ProgramRulebook) -> Again:
    asked = Treatment(kept.modality, kept.on, kept.technique)
    standing = Standing(asked, replay.judged(kept, book), kept.facts, frozenset(kept.overridden))
    return Again(kept, standing.status, tuple(it.rule.code for it in standing.judgement.findings))

"""What the rulebook made of the answers, in words for a clinician, with where it is written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from patients.models import RedFlag
from patients.rules.entries import Source
from patients.rules.red_flags import Urgency
from patients.rules.rulebook import rulebook
from patients.rules.triage import TriageResult
from patients.web.intake_words import question_words


@dataclass(frozen=True, slots=True)
class Why:
    words: str
    urgency: Urgency
    sources: list[Source]
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class Panel:
    urgency: Urgency
    why: list[Why]
    unanswered: list[str]

    @property
    def is_grave(self) -> bool:
        return not self.urgency.books_treatment

    @property
    def is_confirmed(self) -> bool:
        return self.urgency.is_confirmed_by_clinician and all(reason.is_confirmed for reason in self.why)


@dataclass(frozen=True, slots=True)
class FlagLine:
    """One warning sign with its words and what to do about it."""

    flag: RedFlag
    words: str
    urgency: Urgency | None
    sources: list[Source]

    @property
    def is_grave(self) -> bool:
        return self.urgency is None or self.urgency.rank >= rulebook().rank("same_day")


def panel(result: TriageResult) -> Panel:
    book = rulebook()
    claims = {**book.red_flags, **book.combinations}
    why = [
        Why(it.words, book.urgencies[it.urgency], _sources(it.sources), claims[it.code].is_confirmed_by_clinician)
        for it in result.reasons
    ]
    return Panel(book.urgencies[result.urgency], why, [question_words(code) for code in result.unanswered])


def flag_lines(flags: Iterable[RedFlag]) -> list[FlagLine]:
    """Gravest first, then newest. A sign or urgency that a newer rulebook no longer knows counts as gravest."""
    book = rulebook()
    lines = []
    for flag in flags:
        rule = book.red_flags.get(flag.code)
        sources = _sources(rule.sources) if rule else []
        lines.append(FlagLine(flag, question_words(flag.code), book.urgencies.get(flag.urgency), sources))
    gravest = max(it.rank for it in book.urgencies.values()) + 1
    return sorted(lines, key=lambda it: (it.urgency.rank if it.urgency else gravest, it.flag.raised_at), reverse=True)


def _sources(codes: Sequence[str]) -> list[Source]:
    return [rulebook().sources[code] for code in codes]

"""The checklist of workplace and night: what is met, and what is better since last time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

MET, NOT_MET, NOT_RELEVANT = "met", "not_met", "not_relevant"
ANSWERS: Final = frozenset({MET, NOT_MET, NOT_RELEVANT})
AGAIN_AFTER: Final = timedelta(weeks=6)  # "review" of most items of posture_checklist.toml
MOST_BREAKS: Final = 12  # a day


@dataclass(frozen=True, slots=True)
class Compared:
    """Two checks, by the codes of their items. `share` is in percent of what applies; None if nothing does."""

    better: tuple[str, ...]
    worse: tuple[str, ...]
    still_open: tuple[str, ...]
    share: int | None
    share_before: int | None


def compared(now: Mapping[str, str], before: Mapping[str, str] | None = None) -> Compared:
    """An item counts as better or worse only where both checks asked about it."""
    was = before or {}
    return Compared(
        better=tuple(code for code, it in now.items() if it == MET and was.get(code) == NOT_MET),
        worse=tuple(code for code, it in now.items() if it == NOT_MET and was.get(code) == MET),
        still_open=tuple(code for code, it in now.items() if it == NOT_MET),
        share=share(now),
        share_before=share(was) if before is not None else None,
    )


def share(answers: Mapping[str, str]) -> int | None:
    """Percent of the items met, of those that apply."""
    counted = [it for it in answers.values() if it in {MET, NOT_MET}]
    return _percent(counted.count(MET), len(counted))


def share_of_breaks(days: Iterable[tuple[int, int]]) -> int | None:
    """Percent of the breaks that were taken, of those asked for: `days` are pairs of both."""
    told = list(days)
    return _percent(sum(taken for taken, _asked in told), sum(asked for _taken, asked in told))


def adherence(checked: int | None, breaks: int | None) -> int | None:
    """The measure `posture_adherence` in percent: habits and breaks count half each, or the one that is known alone.

    Source: outcome_measures.toml, "share of the posture checklist items done, and breaks taken / prompts given".
    """
    known = [it for it in (checked, breaks) if it is not None]
    return _percent(sum(known), 100 * len(known))


def _percent(part: int, of: int) -> int | None:
    """Rounded half up, as the measure says; Python's own would round a half to the even number."""
    return (200 * part + of) // (2 * of) if of else None


def is_due(last: date | None, *, on: date) -> bool:
    """At the first visit, then every six weeks."""
    return last is None or on - last >= AGAIN_AFTER

"""What the desk types while the patient speaks: "thu", "after 4", "next week", "17 sep"."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

LONGEST = 60  # letters that are read; nobody says more in one breath
WEEK = timedelta(days=7)
NOON, EVENING = time(12), time(17)
# Nobody comes before seven: "after 4" is four in the afternoon.
FIRST_HOUR, HALF_DAY = 7, 12

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = re.compile(r"(mon|tue|wed|thu|fri|sat|sun)(?:s?day|nesday|rsday|urday|s|r|rs|u?es)?s?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_CLOCK = r"(\d{1,2})(?:[:.]?([0-5]\d))?\s*(am|pm|a\.m\.|p\.m\.|o'?clock)?"


@dataclass(frozen=True, slots=True)
class Wish:
    """Which times are meant. Empty means that it does not matter.

    `first` and `last` are days, both inside; `earliest` and `latest` are on the wall clock of the site, and a visit
    may begin at `earliest` but not at `latest`. `unread` are the words that nobody could make sense of.
    """

    first: date | None = None
    last: date | None = None
    weekdays: frozenset[int] = frozenset()  # 0 is Monday
    earliest: time | None = None
    latest: time | None = None
    unread: str = ""

    def allows(self, local_start: datetime) -> bool:
        """Whether a visit that begins then is meant."""
        day, clock = local_start.date(), local_start.time()
        if (self.first and day < self.first) or (self.last and day > self.last):
            return False
        if self.weekdays and day.weekday() not in self.weekdays:
            return False
        return (not self.earliest or clock >= self.earliest) and (not self.latest or clock < self.latest)


def read(text: str, *, on: date) -> Wish:
    """What was typed on the day `on`. Words that mean nothing here are kept in `unread` and change nothing."""
    left, wish = text[:LONGEST].lower().replace("’", "'"), Wish()
    for pattern, meaning in _PATTERNS:
        found = re.search(rf"(?<![\w:-])(?:{pattern})(?![\w:]|-\d)", left)
        if not found or (changed := meaning(wish, found, on)) is None:
            continue
        wish, left = changed, f"{left[: found.start()]} {left[found.end() :]}"
    weekdays, left = _weekdays(left)
    unread = " ".join(word for word in re.split(r"[\s,;]+", left) if word and word not in _SMALL)
    return replace(_days(wish, weekdays, on, is_next="next" in text.lower().split()), unread=unread)


# Said between the words that matter. "next" is read with the day it stands before.
_SMALL = {"on", "the", "of", "at", "in", "or", "and", "a", "an", "any", "time", "please", "from", "this", "next", "-"}
Meaning = Callable[[Wish, "re.Match[str]", date], Wish | None]


def _weekdays(text: str) -> tuple[frozenset[int], str]:
    found = {word: match for word in re.findall(r"[a-z]+", text) if (match := _DAY.fullmatch(word))}
    left = " ".join(word for word in text.split() if word.strip(",;") not in found)
    return frozenset(_DAYS.index(match[1]) for match in found.values()), left


def _days(wish: Wish, weekdays: frozenset[int], on: date, *, is_next: bool) -> Wish:
    """A lone weekday is the coming one; "next thu" is that of next week; several are meant every week."""
    if not weekdays or wish.first:
        return replace(wish, weekdays=weekdays)
    if len(weekdays) > 1:
        return replace(wish, weekdays=weekdays, first=_monday_after(on) if is_next else None)
    (weekday,) = weekdays
    base = _monday_after(on) if is_next else on
    return replace(wish, weekdays=weekdays, first=base + timedelta(days=(weekday - base.weekday()) % 7))


def _monday_after(on: date) -> date:
    return on + timedelta(days=7 - on.weekday())


def _one_day(wish: Wish, day: date) -> Wish:
    return replace(wish, first=day, last=day)


def _relative(wish: Wish, found: "re.Match[str]", on: date) -> Wish:
    said = found[0]
    if said == "day after tomorrow":
        return _one_day(wish, on + timedelta(days=2))
    return _one_day(wish, on + timedelta(days=said == "tomorrow"))


def _week(wish: Wish, found: "re.Match[str]", on: date) -> Wish:
    first = on if found[1] == "this" else _monday_after(on)
    return replace(wish, first=first, last=_monday_after(first) - timedelta(days=1))


def _ahead(wish: Wish, found: "re.Match[str]", on: date) -> Wish:
    count = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4}.get(found[1]) or int(found[1])
    return replace(wish, first=on + timedelta(days=count * (7 if found[2].startswith("week") else 1)))


def _iso(wish: Wish, found: "re.Match[str]", on: date) -> Wish | None:
    try:
        return _one_day(wish, date(int(found[1]), int(found[2]), int(found[3])))
    except ValueError:
        return None


def _named(wish: Wish, month: str, day: int, on: date) -> Wish | None:
    number = _MONTHS.index(month) + 1
    for year in (on.year, on.year + 1):  # the 5th of January, said in December, is next year's
        try:
            found = date(year, number, day)
        except ValueError:
            continue
        if found >= on:
            return _one_day(wish, found)
    return None


def _ordinal(wish: Wish, found: "re.Match[str]", on: date) -> Wish | None:
    """ "the 17th": of this month, or of the next one that has such a day and in which it has not passed."""
    for ahead in range(62):
        if (on + timedelta(days=ahead)).day == int(found[1]):
            return _one_day(wish, on + timedelta(days=ahead))
    return None


def _part_of_day(wish: Wish, found: "re.Match[str]", on: date) -> Wish:
    earliest, latest = {"morning": (None, NOON), "afternoon": (NOON, EVENING), "evening": (EVENING, None)}[found[1]]
    return replace(wish, earliest=earliest, latest=latest)


def _clock(hour: str, minute: str | None, half: str | None) -> time | None:
    number = int(hour)
    if half and half[0] == "p" and number < HALF_DAY:
        number += HALF_DAY
    elif half and half[0] == "a" and number == HALF_DAY:
        number = 0
    elif not (half and half[0] == "a") and number < FIRST_HOUR:
        number += HALF_DAY
    return time(number, int(minute or 0)) if number < 2 * HALF_DAY else None


def _after(wish: Wish, found: "re.Match[str]", on: date) -> Wish | None:
    clock = _named_clock(found[1]) or _clock(found[2], found[3], found[4])
    return replace(wish, earliest=clock) if clock else None


def _before(wish: Wish, found: "re.Match[str]", on: date) -> Wish | None:
    clock = _named_clock(found[1]) or _clock(found[2], found[3], found[4])
    return replace(wish, latest=clock) if clock else None


def _between(wish: Wish, found: "re.Match[str]", on: date) -> Wish | None:
    first, last = _clock(found[1], found[2], found[3]), _clock(found[4], found[5], found[6])
    return replace(wish, earliest=first, latest=last) if first and last and first < last else None


def _at(wish: Wish, found: "re.Match[str]", on: date) -> Wish | None:
    """Around that time: the hour that begins with it."""
    clock = _named_clock(found[1]) or _clock(found[2], found[3], found[4])
    if clock is None:
        return None
    later = clock.replace(hour=clock.hour + 1) if clock.hour < 2 * HALF_DAY - 1 else None
    return replace(wish, earliest=clock, latest=later)


def _named_clock(said: str) -> time | None:
    return NOON if said in {"noon", "lunch", "midday"} else None


_TIME = rf"(noon|lunch|midday|{_CLOCK})"
# In this order: what says most is read first, and what is read is taken away.
_PATTERNS: list[tuple[str, Meaning]] = [
    (r"day after tomorrow|tomorrow|today", _relative),
    (r"(this|next) week", _week),
    (r"in (a|one|two|three|four|\d{1,2}) (weeks?|days?)", _ahead),
    (r"(\d{4})-(\d{1,2})-(\d{1,2})", _iso),
    (rf"(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH}", lambda wish, it, on: _named(wish, it[2], int(it[1]), on)),
    (rf"{_MONTH} (\d{{1,2}})(?:st|nd|rd|th)?", lambda wish, it, on: _named(wish, it[1], int(it[2]), on)),
    (r"(\d{1,2})(?:st|nd|rd|th)", _ordinal),
    (rf"(?:between |from )?{_CLOCK} ?(?:-|to|and|until) ?{_CLOCK}", _between),
    (rf"(?:after|from|not before|later than) {_TIME}", _after),
    (rf"(?:before|until|till|by|earlier than) {_TIME}", _before),
    (r"(morning|afternoon|evening)s?", _part_of_day),
    (rf"(?:at |around |about )?{_TIME}", _at),
]

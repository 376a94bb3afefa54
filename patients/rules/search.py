"""What somebody at the desk means by what they type into the one search box."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import SequenceMatcher

from patients.rules.names import fold, plain

LONGEST = 120  # letters that are read; nobody types more on the phone
MOST_WORDS = 6
GOOD_SPELLING = 0.7  # share of letters in the same order; one wrong letter in five is 0.8
OLDEST = 110  # years: "78" is 1978 and "12" is 2012; for the few older ones type the year in full
_PHONE = 7  # digits from which blanks belong to the number: "0491 570 006"
_EDGES = "'’\"-.,;:()[]<>*?!"

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
    r"(?:uary|ruary|ch|il|e|y|ust|t|tember|ober|ember)?\.?(?![a-z])"
)
_ISO = re.compile(r"(?<!\d)(?P<year>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)")
_DATES = [
    _ISO,
    # Not inside a longer chain of pairs: 01.23.45.67.89 is a French telephone.
    re.compile(r"(?<![\d./-])(?P<d>\d{1,2})[-/.](?P<m>\d{1,2})[-/.](?P<year>\d{4}|\d{2})(?![./-]?\d)"),
    re.compile(rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[-\s]*{_MONTH}[-,\s]*(?P<year>\d{{4}}|\d{{2}})(?!\d)"),
    re.compile(rf"\b{_MONTH}\s*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}}|\d{{2}})(?!\d)"),
]
_NUMBER = re.compile(r"\brc[-\s]?(?P<n>\d{1,9})\b")
_LONG_PHONE = re.compile(r"[+(]*\d(?:[\s().\-/]*\d)+")
_CJK = re.compile(r"^[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]+$")


@dataclass(frozen=True, slots=True)
class Digits:
    """A bare number: a phone's ending, perhaps a birth year or a clinic number too."""

    ending: str
    years: tuple[int, ...] = ()
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Everything in here must hold; inside one entry, one reading is enough."""

    words: tuple[str, ...] = ()
    digits: tuple[Digits, ...] = ()
    birth_dates: tuple[date, ...] = ()
    number: int | None = None
    email: str = ""

    @property
    def is_empty(self) -> bool:
        return self == Wanted()


def read(text: str, *, on: date) -> Wanted:
    """What is looked for. Both readings of 04/03/1978 count; a two-digit year is the one that can be alive."""
    left = plain(_ascii_digits(text[:LONGEST])).lower()
    wanted = Wanted()
    if found := re.search(r"\S+@\S+", left):
        wanted, left = replace(wanted, email=found[0]), _without(left, found)
    if (found := _NUMBER.search(left)) and int(found["n"]) < 2**31:
        wanted, left = replace(wanted, number=int(found["n"])), _without(left, found)
    for pattern in _DATES:
        if (found := pattern.search(left)) and (days := _readings(found, on)):
            wanted, left = replace(wanted, birth_dates=days), _without(left, found)
            break
    digits, left = _numbers(left, on)
    words = tuple(word for word in (each.strip(_EDGES) for each in re.split(r"[\s,;]+", left)) if word)
    if all(_CJK.match(word) for word in words):
        words = ("".join(words),) if words else ()  # 李 小龍 and 李小龍 are typed for the same name
    return replace(wanted, digits=digits, words=words[:MOST_WORDS])


def misspelling(words: Sequence[str], name: str) -> float:
    """0 to 1: how well every word that was typed is spelt like some word of the name; the worst one counts."""
    parts = [fold(part) for part in re.split(r"[\s-]+", name) if fold(part)]
    return min(max((_spelt_like(fold(word), part) for part in parts), default=0) for word in words)


def readings_of_word(word: str) -> list[tuple[str, ...]]:
    """Beginnings of names that a word may stand for. 李小龍 may be kept as 李 and 小龍, with no blank typed."""
    if len(word) > 1 and _CJK.match(word):
        return [(word,), *((word[:cut], word[cut:]) for cut in (1, 2) if cut < len(word))]
    return [(word,)]


def _spelt_like(word: str, part: str) -> float:
    # Only as much of the name as was typed: "shevchnk" is on its way to Shevchenko.
    return max(SequenceMatcher(None, word, part[:most], autojunk=False).ratio() for most in (len(word) + 1, len(part)))


def _ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.digit(c)) if c.isdigit() and unicodedata.category(c) == "Nd" else c for c in text)


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"


def _readings(found: re.Match[str], on: date) -> tuple[date, ...]:
    parts = found.groupdict()
    day = int(parts["d"])
    if parts.get("month"):
        pairs = [(_MONTHS.index(parts["month"]) + 1, day)]
    else:
        month = int(parts["m"])
        # ISO says which is which; 04/03 is asked of both sides of the Atlantic.
        pairs = [(month, day)] if found.re is _ISO else [(month, day), (day, month)]
    years = [int(parts["year"])] if len(parts["year"]) == 4 else _full_years(int(parts["year"]), on)
    days = {_day(year, month, day) for year in years for month, day in pairs}
    return tuple(sorted(day for day in days if day is not None))


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _full_years(short: int, on: date) -> list[int]:
    return [year for year in range(on.year, on.year - OLDEST, -1) if year % 100 == short]


def _numbers(text: str, on: date) -> tuple[tuple[Digits, ...], str]:
    found: list[Digits] = []

    def take(match: re.Match[str]) -> str:
        group = match[0].replace("(0)", "")
        digits = re.sub(r"\D", "", group)
        if len(digits) >= _PHONE:
            # 0 or 00 before the number is dialled, not kept: +44 20 7946 0018 ends like 020 7946 0018.
            found.append(Digits(digits.lstrip("0") or digits))
        else:
            found.extend(_short(each, on) for each in re.findall(r"\d+", group) if len(each) > 1)
        return " "

    left = _LONG_PHONE.sub(take, text)
    return tuple(found[:MOST_WORDS]), re.sub(r"(?<!\S)\d(?!\S)", " ", left)


def _short(digits: str, on: date) -> Digits:
    years: tuple[int, ...] = ()
    if len(digits) == 2:
        years = tuple(_full_years(int(digits), on))
    elif len(digits) == 4 and on.year - OLDEST < int(digits) <= on.year:
        years = (int(digits),)
    return Digits("" if len(digits) == 2 else digits, years, int(digits) if len(digits) == 5 else None)

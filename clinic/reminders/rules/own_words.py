"""What the clinic may write itself: with our blanks only, saying the time where ours does, short, and discreet."""

import re
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from django.utils.translation import gettext_lazy as _

from clinic.reminders.rules import phone_letters, phrases, texts
from clinic.reminders.rules.phrases import Written
from clinic.reminders.rules.wording import Words
from people.rules.refusal import Refused

_WORDS: Final = Path(__file__).parents[1] / "knowledge" / "indiscreet.toml"
_LETTER: Final = re.compile(r"[a-z]+")
_DAY: Final = frozenset({"date", "short_date"})
_LOCKED_SCREEN: Final = 120  # letters; longer is cut off by phones
# As long as they come: what does not fit with these does not fit.
LONGEST: Final = Words(
    sender_name="Northgate Rooms by the Harbour",
    first_name="Maximiliana-Alexandrina",
    link="https://visits.northgate.example/a/7K2F9Q4MXW8P",
    date="Wednesday 23 September",
    short_date="Wed 23 Sept",
    time="10:30am (EDT)",
    form_link="https://visits.northgate.example/f/7K2F9Q4MXW8P",
    until="12 noon today",
    phone="+44 20 7946 0018",
)
_A_DAY: Final = {"es": ("miércoles 23 de septiembre", "mié 23 sep")}


def sample(sender_name: str, language: str) -> Words:
    """What a patient called Leila might read."""
    day, short = _A_DAY.get(language, (LONGEST.date, LONGEST.short_date))
    return replace(
        LONGEST, sender_name=sender_name, first_name="Leila", time="10:30am", phone="+1 202-555-0100",
        date=day, short_date=short,
    )  # fmt: skip


@cache
def indiscreet(language: str) -> frozenset[str]:
    """Words that tell a stranger something about health, without accents."""
    return frozenset(tomllib.loads(_WORDS.read_text(encoding="utf-8"))[language].split())


def words_in(text: str) -> frozenset[str]:
    """The plain words of a text, without its blanks."""
    return frozenset(_LETTER.findall(phone_letters.spelled(re.sub(r"{\w+}", " ", text)).lower()))


class UnfitWords(Refused):
    """A text that is not to be sent as it is."""


def check(kind: str, channel: str, language: str, own: Written) -> None:
    """Raises `UnfitWords` with what to change."""
    if not own.text.strip():
        raise UnfitWords(_("Write something, or go back to our words."))
    if not phrases.is_allowed(own.subject) or not phrases.is_allowed(own.text):
        raise UnfitWords(_("Only the blanks below can be filled in, and every [ needs its ]."))
    if told := sorted(words_in(f"{own.subject} {own.text}") & indiscreet(language)):
        raise UnfitWords(_("Somebody else may read it. Leave out: %(words)s.") % {"words": ", ".join(told)})
    if missing := _missing(kind, channel, language, own):
        raise UnfitWords(_("The patient needs to know when: put in %(blanks)s.") % {"blanks": ", ".join(missing)})
    _check_length(kind, channel, language, own)


def _missing(kind: str, channel: str, language: str, own: Written) -> list[str]:
    """Blanks that our own words have and that somebody would miss: the day and the time."""
    ours = phrases.blanks(ours_of(kind, channel, language).text)
    given = phrases.blanks(own.text)
    missing = ["{date}"] if ours & _DAY and not given & _DAY else []
    return missing + ["{time}"] * ("time" in ours and "time" not in given)


def ours_of(kind: str, channel: str, language: str) -> Written:
    """Our own words, with their blanks. Letters are printed in those of a mail."""
    said = phrases.book(language).kinds[kind]
    return Written(said.subject, getattr(said, "email" if channel == "letter" else channel))


def _check_length(kind: str, channel: str, language: str, own: Written) -> None:
    if channel == "sms":
        if not own.text.startswith("{sender_name}"):
            raise UnfitWords(_("Begin a text with {sender_name}: otherwise nobody knows who writes."))
        if not texts.is_one_text(phrases.text_message(kind, LONGEST, language=language, own=own).text):
            raise UnfitWords(_("Too long for one text. Shorten it, or put what can be left out in [ ]."))
    if channel == "push" and len(phrases.filled(own.text, LONGEST)) > _LOCKED_SCREEN:
        raise UnfitWords(_("Too long for a locked screen."))

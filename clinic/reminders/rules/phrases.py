"""The words of each message: texts with a few blanks, and how they become what is sent."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from clinic.reminders.rules import phone_letters, texts
from clinic.reminders.rules.wording import Words

_KNOWLEDGE: Final = Path(__file__).parents[1] / "knowledge"
LANGUAGES: Final = ("en", "es")
ALLOWED: Final = frozenset(field.name for field in fields(Words))
_BLANK: Final = re.compile(r"{([^{}]*)}")
_OPTIONAL: Final = re.compile(r"\[([^\[\]]*)\]")
_FORM: Final = "form_of"


@dataclass(frozen=True, slots=True)
class Phrases:
    """What one kind says by each way, with blanks."""

    subject: str
    email: str
    sms: str
    push: str


@dataclass(frozen=True, slots=True)
class Form:
    """What is the same in every message of a language; dates in the letters of Django's `date`."""

    greeting: str
    question: str
    date: str
    short_date: str


@dataclass(frozen=True, slots=True)
class Written:
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Book:
    form: Form
    kinds: Mapping[str, Phrases]


@cache
def book(language: str) -> Book:
    """The words of a language; English for one that we do not have."""
    known = language if language in LANGUAGES else LANGUAGES[0]
    said = tomllib.loads((_KNOWLEDGE / f"{known}.toml").read_text(encoding="utf-8"))
    form = Form(**said.pop(_FORM))
    return Book(form, MappingProxyType({kind: Phrases(**phrases) for kind, phrases in said.items()}))


def blanks(text: str) -> frozenset[str]:
    """What a text asks to be filled in."""
    return frozenset(_BLANK.findall(text))


def is_allowed(text: str) -> bool:
    """Nothing but allowed blanks, and no bracket that stands alone."""
    bare = _OPTIONAL.sub("", _BLANK.sub("", text))
    return blanks(text) <= ALLOWED and not set(bare) & set("[]{}")


def filled(text: str, words: Words, *, without: int = 0) -> str:
    """The text with its blanks filled in, less every [ ] with an empty blank and the last `without` of them."""
    known = {name: getattr(words, name) for name in ALLOWED}
    parts = _OPTIONAL.findall(text)
    kept = len(parts) - without
    for n, part in enumerate(parts):
        is_said = n < kept and all(known[name] for name in blanks(part))
        text = text.replace(f"[{part}]", part if is_said else "", 1)
    said = _BLANK.sub(lambda blank: str(known[blank[1]]), text)
    return re.sub(r"\n{3,}", "\n\n", said).strip()


def mail(kind: str, words: Words, *, language: str, own: Written | None = None) -> Written:
    """Subject and text of a mail or a printed letter, with greeting and name below."""
    form, phrases = book(language).form, book(language).kinds[kind]
    subject, text = (own.subject or phrases.subject, own.text) if own else (phrases.subject, phrases.email)
    whole = f"{form.greeting}\n\n{text.strip()}\n\n{form.question}\n\n{{sender_name}}"
    return Written(filled(subject, words), filled(whole, words))


def text_message(kind: str, words: Words, *, language: str, own: Written | None = None) -> Written:
    """One text: of the parts that may be left out, as many as fit."""
    template = own.text if own else book(language).kinds[kind].sms
    # A name in letters that phones do not have would cut the text to 70: "your visit" needs no name.
    name = phone_letters.spelled(words.first_name)
    plain = replace(words, first_name=name if texts.is_gsm(name) else "")
    said = ""
    for without in range(len(_OPTIONAL.findall(template)) + 1):
        said = phone_letters.spelled(filled(template, plain, without=without))
        if texts.is_one_text(said):
            break
    return Written("", said)


def on_screen(kind: str, words: Words, *, language: str, own: Written | None = None) -> Written:
    """What shows on a locked phone: the clinic's neutral name, and one line."""
    template = own.text if own else book(language).kinds[kind].push
    return Written(words.sender_name, filled(template, words))

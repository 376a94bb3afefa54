"""Consent documents: the words that are signed, which document needs which other, and for how long one counts."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final
from uuid import NAMESPACE_OID, UUID, uuid5

from django.utils.translation import gettext_lazy as _

from patients.rules.entries import Consent as Document
from patients.rules.rulebook import Rulebook
from people.rules.refusal import Refused

WRITTEN_IN: Final = "en"
READ_IN: Final = frozenset({WRITTEN_IN, "es"})  # anybody who reads neither needs an interpreter
POINT: Final = "- "  # before each point of a text as it is kept
GROWN_UP: Final = 18
FOR_A_MINOR: Final = "consent_minor_guardian"
LONGEST_DRAWING: Final = 12_000  # characters of an SVG path; a signature takes about 2,000
_PATH: Final = re.compile(r"(?:[ML] ?\d{1,3}(?:\.\d)? \d{1,3}(?:\.\d)? ?)+")


class CannotBeSigned(Refused):
    """Something that makes a signature valid is missing."""


class AnotherFirst(CannotBeSigned):
    """The document rests on another one that has not been signed."""


class ConsentMissing(Refused):
    """The session must not start: `documents` are not signed, withdrawn, or no longer valid."""

    def __init__(self, documents: Collection[Document]) -> None:
        self.documents = tuple(documents)
        titles = ", ".join(it.title for it in self.documents)
        super().__init__(_("Not started: a signature is missing. %(titles)s.") % {"titles": titles})


@dataclass(frozen=True, slots=True)
class Wording:
    """One document as it is read: what it is about, point by point, and what holds for all of them."""

    title: str
    clinic: str
    points: tuple[str, ...]
    closing: tuple[str, ...]
    version: str

    @property
    def text(self) -> str:
        """All of it as one text, the way it is kept with the signature."""
        points = [f"{POINT}{point}" for point in self.points]
        return "\n".join([self.title, self.clinic, "", *points, "", *self.closing])


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What was filled in under a document. `signed_for` is a guardian's: whose, and who they are to the patient.

    `version` is the rulebook's that the sheet was shown by; `drawn` the path of a drawn signature, in 300 x 100.
    """

    signed_name: str
    version: str = ""
    signed_for: str = ""
    witness: str = ""
    language: str = WRITTEN_IN
    interpreter: str = ""
    drawn: str = ""
    area: str = ""


def wording(document: Document, *, clinic: str, area: str, rulebook: Rulebook) -> Wording:
    """The document in plain words, with the level and side it is about and the version of the rulebook.

    In the language that is spoken now: what is signed is what was read.
    """
    closing: list[Any] = [
        _("You may ask anything before you sign. You may withdraw at any time, without giving a reason.")
    ]
    if area:
        closing.insert(0, _("This is about: %(area)s.") % {"area": area})
    if document.cooling_off_days:
        closing.append(
            _("It counts %(days)d days after you sign, so that you have time to think again.")
            % {"days": document.cooling_off_days}
        )
    closing.append(_("It counts for %(days)d days, then we ask you again.") % {"days": document.valid_days})
    if not document.is_confirmed_by_clinician:
        closing.append(_("Not yet confirmed by a clinician. Version %(version)s.") % {"version": rulebook.version})
    else:
        closing.append(_("Version %(version)s.") % {"version": rulebook.version})
    points = tuple(str(_(point)) for point in document.in_plain_words)
    return Wording(str(_(document.title)), clinic, points, tuple(map(str, closing)), rulebook.version)


@dataclass(frozen=True, slots=True)
class Passage:
    """Lines of a signed text that belong together; `is_list` if each was a point."""

    lines: tuple[str, ...]
    is_list: bool


def passages(text: str) -> list[Passage]:
    """A text as it was kept with its signature, in lists and paragraphs: the same words, only not their dashes."""
    found = []
    for is_list, lines in groupby(text.splitlines(), key=lambda line: line.startswith(POINT)):
        words = tuple(line.removeprefix(POINT) if is_list else line for line in lines if line.strip())
        if words:
            found.append(Passage(words, is_list))
    return found


def read_in(language: str) -> str:
    """The language the text is shown in to somebody who speaks that one."""
    return language if language in READ_IN else WRITTEN_IN


def with_required(codes: Iterable[str], *, age_years: int | None, rulebook: Rulebook) -> list[Document]:
    """These documents and those they rest on, each once, what must be signed first in front.

    Raises `KeyError` for a document the rulebook does not have.
    """
    found: dict[str, Document] = {}

    def add(code: str) -> None:
        document = rulebook.consents[code]
        for before in document.requires:
            if before not in found:
                add(before)
        found.setdefault(code, document)

    if age_years is not None and age_years < GROWN_UP:
        add(FOR_A_MINOR)
    for code in codes:
        add(code)
    return list(found.values())


def days_of(document: Document, signed_on: date) -> tuple[date, date]:
    """From which day to which it counts."""
    return signed_on + timedelta(days=document.cooling_off_days), signed_on + timedelta(days=document.valid_days)


def refuse_unless_complete(document: Document, signature: Signature, *, age_years: int | None) -> None:
    """Raises `CannotBeSigned` unless all that this signature needs is there."""
    if not signature.signed_name.strip():
        raise CannotBeSigned(_("Type your name to sign."))
    if age_years is not None and age_years < GROWN_UP and not signature.signed_for.strip():
        raise CannotBeSigned(
            _("The patient is under 18: a mother, father or legal guardian signs and says who they are.")
        )
    if document.witness_required and not signature.witness.strip():
        raise CannotBeSigned(_("This document needs a witness. Write down the witness's name."))
    if signature.language not in READ_IN and not signature.interpreter.strip():
        raise CannotBeSigned(_("The text is in English or Spanish. For another language write down who interprets."))
    if signature.drawn and (len(signature.drawn) > LONGEST_DRAWING or not _PATH.fullmatch(signature.drawn)):
        raise CannotBeSigned(_("The drawn signature could not be read. Draw it again, or leave it out."))


def document_ids(rulebook: Rulebook) -> Mapping[UUID, Document]:
    """Documents by what stands for them in an address: a treatment's name must not."""
    return {id_of(document): document for document in rulebook.consents.values()}


def id_of(document: Document) -> UUID:
    return uuid5(NAMESPACE_OID, document.code)

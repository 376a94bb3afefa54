"""The catalogues of translations: brought up to what is said today, and compiled.

What is compiled lies in the repository beside its source: a clinic needs no tool to start, and a test says
when the two differ.
"""

from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from clinic.languages import said
from clinic.languages.heard import ROOT

LOCALES: Final = ROOT / "clinic" / "locale"
TRANSLATED: Final = ("es",)


def source_of(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / "django.po"


def compiled_of(language: str) -> Path:
    return source_of(language).with_suffix(".mo")


def read(language: str) -> Catalog:
    """The catalogue as it lies there."""
    with source_of(language).open("rb") as lines:
        return read_po(lines, locale=language)


def of_today() -> Catalog:
    """Every text without a translation, with the files it stands in."""
    found = Catalog(fuzzy=False)
    for it in said.everything():
        found.add(it.ids if len(it.ids) > 1 else it.ids[0], locations=[(it.where, 1)], context=it.context)
    return found


def renewed(language: str) -> Catalog:
    """The catalogue with what is new and without what is said no more. Nothing is guessed from texts alike."""
    catalogue = read(language)
    catalogue.update(of_today(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    return catalogue


def open_in(catalogue: Catalog) -> list[Message]:
    """What has no translation, or one that nobody has looked at."""
    return [it for it in catalogue if it.id and (it.fuzzy or not _is_said(it))]


def as_source(catalogue: Catalog) -> bytes:
    out = BytesIO()
    write_po(out, catalogue, width=120, sort_output=False, include_lineno=False, ignore_obsolete=True)
    return out.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    out = BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def _is_said(message: Message) -> bool:
    return all(message.string) if isinstance(message.string, tuple) else bool(message.string)

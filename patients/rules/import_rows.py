"""One row of somebody else's list, read as a patient of ours."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import phonenumbers
from django.utils.translation import gettext_lazy as _

from patients.rules import import_dates, lifetime, names
from patients.rules.import_dates import NotADate, Order
from patients.rules.import_formats import ImportFormat
from patients.rules.tables import Row
from people.rules.refusal import Refused

# Letters that the database holds.
LENGTHS = {"title": 20, "email": 254, "address": 200, "city": 100, "region": 100, "postal_code": 20, "external_id": 80}
_JOINED = {"given_name": " ", "family_name": " ", "address": ", "}
_SEXES = {"f": "female", "female": "female", "woman": "female", "m": "male", "male": "male", "man": "male"}
_UNKNOWN_SEX = {"", "u", "unknown", "not stated", "not known"}
_NO = {"no", "false", "0", "n"}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+$")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A patient as they would be registered. `left_out` says which cells could not be used, and why."""

    line: int
    external_id: str
    values: Mapping[str, Any]
    is_archived: bool
    left_out: tuple[str, ...] = ()


class BadRow(Refused):
    """This row cannot become a patient. The text names the column and says what to do."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Knows where everything stands in one file."""

    source: ImportFormat
    headings: Sequence[str]
    order: Order | None
    country: str  # two letters; decides how a number without + is dialled
    on: date
    places: Mapping[str, list[int]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", self.source.places(self.headings))

    def read(self, row: Row) -> Incoming:
        """Raises `BadRow`."""
        if len(row.cells) > len(self.headings):
            raise BadRow(_("more cells than headings: look for a separator inside an unquoted cell"))
        cells = {name: self._cell(row, name) for name in self.places}
        left_out: list[str] = []
        values = self._names(cells) | self._dates(cells) | self._contact(cells, left_out)
        values["sex"] = _sex(cells.get("sex", ""))
        values["title"] = self._short("title", cells).rstrip(".")
        values["may_be_mailed"] = cells.get("may_be_mailed", "").lower() not in _NO
        for name in ("address", "city", "region", "postal_code"):
            values[name] = self._short(name, cells)
        return Incoming(row.line, self._id(row, cells), values, bool(cells.get("archived")), tuple(left_out))

    def birth_cells(self, row: Row) -> list[str]:
        return [self._cell(row, name) for name in ("birth_date", "died_on") if name in self.places]

    def unused(self) -> list[str]:
        """Headings that nothing is taken from."""
        used = {place for columns in self.places.values() for place in columns}
        return [heading for place, heading in enumerate(self.headings) if place not in used and heading]

    def column(self, name: str) -> str:
        return self.headings[self.places[name][0]] if name in self.places else name

    def _cell(self, row: Row, name: str) -> str:
        filled = [row.cells[place].strip() for place in self.places[name] if place < len(row.cells)]
        filled = [cell for cell in filled if cell]
        return _JOINED[name].join(filled) if name in _JOINED else (filled or [""])[0]

    def _names(self, cells: Mapping[str, str]) -> dict[str, Any]:
        told = {}
        for name in ("given_name", "family_name", "preferred_name"):
            text = cells.get(name, "")
            if self.source.names_carry_digits:
                text = re.sub(r"\d+", "", text)
            try:
                told[name] = names.clean(text)
            except names.NotAName as refusal:
                raise BadRow(f"{self.column(name)}: {refusal}") from refusal
        if not (told["given_name"] or told["family_name"]):
            raise BadRow(f"{self.column('family_name')}: {_('there is no name')}")
        return told

    def _dates(self, cells: Mapping[str, str]) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for name in ("birth_date", "died_on"):
            try:
                told[name] = import_dates.read(cells.get(name, ""), self.order)
            except NotADate as refusal:
                said = _("%(column)s: “%(cell)s” is no date; write it as 1978-03-04")
                raise BadRow(said % {"column": self.column(name), "cell": cells[name][:40]}) from refusal
        try:
            lifetime.refuse_impossible(told["birth_date"], told["died_on"], on=self.on)
        except lifetime.NotALifetime as refusal:
            raise BadRow(f"{self.column('birth_date')}: {refusal}") from refusal
        return told

    def _contact(self, cells: Mapping[str, str], left_out: list[str]) -> dict[str, Any]:
        country = cells.get("country", "").upper()
        told: dict[str, Any] = {"country": country if re.fullmatch("[A-Z]{2}", country) else ""}
        for name in ("mobile", "phone"):
            told[name] = _phone(cells.get(name, ""), told["country"] or self.country)
            if cells.get(name) and not told[name]:
                left_out.append(f"{self.column(name)}: {_('not a phone number')}")
        told["email"] = self._short("email", cells)
        if told["email"] and not _EMAIL.match(told["email"]):
            left_out.append(f"{self.column('email')}: {_('not an e-mail address')}")
            told["email"] = ""
        return told

    def _short(self, name: str, cells: Mapping[str, str]) -> str:
        text = names.plain(cells.get(name, ""))
        if len(text) > LENGTHS[name]:
            said = _("%(column)s: longer than %(most)d letters; shorten it")
            raise BadRow(said % {"column": self.column(name), "most": LENGTHS[name]})
        return text

    def _id(self, row: Row, cells: Mapping[str, str]) -> str:
        # A list without numbers: the row itself is what makes it the same row the next time.
        return self._short("external_id", cells) or hashlib.sha256("\0".join(row.cells).encode()).hexdigest()


def _sex(text: str) -> str:
    known = text.strip().lower()
    return "unknown" if known in _UNKNOWN_SEX else _SEXES.get(known, "other")


def _phone(text: str, country: str) -> str:
    """In E.164, or nothing."""
    if not text:
        return ""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

"""Which system a table came from, told by its headings (knowledge/import_formats.toml)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from people.rules.knowledge import Entry, sheet
from people.rules.refusal import Refused

KNOWLEDGE = Path(__file__).parents[1] / "knowledge"
DATES = ("iso", "day_first", "month_first", "ask")
FIELDS = frozenset(
    {
        "external_id", "title", "given_name", "family_name", "preferred_name", "birth_date", "died_on", "sex", "email",
        "mobile", "phone", "address", "city", "region", "postal_code", "country", "may_be_mailed", "archived",
    }
)  # fmt: skip


class UnknownFormat(Refused):
    """No format we know has these headings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFormat(Entry):
    label: str
    recognised_by: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    dates: str
    names_carry_digits: bool = False

    def places(self, headings: Sequence[str]) -> dict[str, list[int]]:
        """Our field to the columns it is in, counted from 0. A heading that stands twice counts where it is first."""
        where = {same(heading): place for place, heading in reversed(list(enumerate(headings)))}
        found = {
            field: [where[same(name)] for name in names if same(name) in where] for field, names in self.columns.items()
        }
        return {field: columns for field, columns in found.items() if columns}


@cache
def formats() -> Mapping[str, ImportFormat]:
    """Every format by its code. Raises `KnowledgeError` if the file does not add up."""
    file = sheet(KNOWLEDGE, "import_formats.toml")
    found = file.entries("format", ImportFormat)
    for each in found.values():
        file.require_known(each.code, "field", each.columns, FIELDS)
        file.require_known(each.code, "dates", [each.dates], DATES)
    return found


def recognise(headings: Sequence[str], *, code: str = "") -> ImportFormat:
    """The format all of whose tell-tale headings are there; of several, the one that tells most.

    Raises `UnknownFormat`, naming the headings that are missing.
    """
    if code and code not in formats():
        said = _("There is no format “%(code)s”. Known: %(known)s.")
        raise UnknownFormat(said % {"code": code, "known": ", ".join(formats())})
    there = {same(heading) for heading in headings}
    asked = [formats()[code]] if code else list(formats().values())
    fitting = [each for each in asked if there >= {same(heading) for heading in each.recognised_by}]
    if fitting:
        return max(fitting, key=lambda each: len(each.recognised_by))
    lacking = [[name for name in each.recognised_by if same(name) not in there] for each in asked]
    missing = min(lacking, key=len)
    nearest = asked[lacking.index(missing)]
    said = _("These headings are of no list we know. Closest is “%(label)s”, which also has: %(missing)s.")
    raise UnknownFormat(said % {"label": nearest.label, "missing": ", ".join(missing)})


def same(heading: str) -> str:
    """For comparing: without case, and with blanks, underscores and hyphens as one."""
    return re.sub(r"[\s_\-]+", " ", heading.strip().strip("\ufeff").casefold())

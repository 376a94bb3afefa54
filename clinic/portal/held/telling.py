"""A row of the record in words: what each column is called, and what stands in it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any, Final

from django.db import models
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from clinic.portal import seen_by
from clinic.portal.held.labels import LABELS
from clinic.portal.held.tables import Table
from patients.rules.helping import Help
from patients.rules.rulebook import rulebook as of_patients
from people.models import AuditEvent
from programs.rules.rulebook import rulebook as of_programs

_NAMES: Final = ("title", "name", "label", "patient_question", "text")


def told(table: Table, row: models.Model) -> Iterator[tuple[str, str]]:
    """What a reader understands of the row, label by label; what is empty is not said."""
    for field in table.fields():
        if field.name in LABELS and (said := in_words(field, row)):
            yield str(LABELS[field.name]), said


def in_words(field: "models.Field[Any, Any]", row: models.Model) -> str:
    """What stands in one column; "" where nothing does."""
    if field.many_to_one or field.one_to_one:
        # Of what this very copy tells elsewhere the id is enough; of people and places their name.
        return str(getattr(row, field.attname) or "") if field.name not in _NAMED else _named(row, field.name)
    value = getattr(row, field.name)
    if isinstance(row, AuditEvent) and field.name == "deed":
        return seen_by.words(value)
    if field.choices and value not in (None, ""):
        return str(dict(field.flatchoices).get(value, value))
    return _said(value)


_NAMED: Final = frozenset(
    {
        *("by", "author", "clinician", "site", "user"),
        *("added_by", "asked_by", "asked_again_by", "assigned_to", "cleared_by", "closed_by", "countersigned_by"),
        *("decided_by", "ended_by", "handled_by", "made_by", "offered_by", "resumed_by", "revoked_by", "seen_by"),
        *("signed_by", "started_by", "taken_by", "withdrawn_by"),
    }
)


def _named(row: models.Model, name: str) -> str:
    other = getattr(row, name)
    return str(other) if other is not None else ""


def _said(value: Any) -> str:
    if value is None or value == "":
        return ""
    for kind, say in _SAY.items():  # the first that fits: a moment is also a date, and yes also a number
        if isinstance(value, kind):
            return say(value)
    return word(value)


def _both(value: Mapping[Any, Any]) -> str:
    """One line for each: a form has forty questions."""
    lines = ((word(key), _said(it)) for key, it in value.items())
    return "\n".join(f"{name} {said}" if name.endswith("?") else f"{name}: {said}" for name, said in lines if said)


def _each(value: Iterable[Any]) -> str:
    return ", ".join(said for it in value if (said := _said(it)))


_SAY: Final[dict[type | tuple[type, ...], Callable[[Any], str]]] = {
    bool: lambda value: _("yes") if value else _("no"),
    datetime: lambda value: date_format(timezone.localtime(value), "j F Y, H:i"),
    date: lambda value: date_format(value, "j F Y"),
    time: lambda value: value.strftime("%H:%M"),
    (int, float, Decimal): lambda value: str(number_format(value)),
    Mapping: _both,
    (list, tuple, set, frozenset): _each,
}


def word(code: Any) -> str:
    """What the rulebook calls a code; anything else as it is."""
    plain, _colon, side = str(code).partition(":")
    known = _known().get(plain)
    if not known:
        return str(code)
    return f"{_(known)} ({_(side)})" if side else _(known)


@cache
def _known() -> Mapping[str, str]:
    """Every code of the knowledge there is, with its name."""
    found: dict[str, str] = {it.value: str(it.label) for it in Help}
    for book in (of_programs(), of_patients()):
        for name in type(book).__dataclass_fields__:
            entries = getattr(book, name)
            if isinstance(entries, Mapping):
                found |= {code: words for code, entry in entries.items() if (words := _name_of(entry))}
    return found


def _name_of(entry: Any) -> str:
    words: Iterable[Any] = (getattr(entry, name, "") for name in _NAMES)
    return next((it for it in words if isinstance(it, str) and it), "")

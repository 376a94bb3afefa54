"""Everything held about a patient as one FHIR R4 Bundle that other systems read (45 CFR 170.315, GDPR article 20).

Each row is one resource, of the type that fits and of `Basic` where none does. What a type has no element for is
an extension of it, so that nothing is left out: a bundle has a row for each row of the tables.
"""

import base64
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import models

from clinic.portal.held import resources
from clinic.portal.held.tables import Table, tables
from clinic.portal.held.telling import in_words
from patients.models import Attachment, Patient

STRUCTURES: Final = "https://rebalance-clinic.org/fhir/StructureDefinition"
Build = Callable[[Any], dict[str, Any]]


def bundle(patient: Patient, *, at: datetime) -> dict[str, Any]:
    """The whole of it. One query a table."""
    entries = [_entry(table, row, patient) for table in tables() for row in table.rows(patient)]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": at.isoformat(),
        "entry": entries,
    }


def _entry(table: Table, row: models.Model, patient: Patient) -> dict[str, Any]:
    made = resource(table, row, patient)
    return {"fullUrl": f"urn:uuid:{made['id']}", "resource": made}


def resource(table: Table, row: models.Model, patient: Patient) -> dict[str, Any]:
    """One row, with its type's own elements in front and every column behind."""
    build = resources.BUILDERS.get(type(row))
    made = build(row) if build else resources.basic(row)
    whose = {"reference": f"urn:uuid:{patient.pk}"}
    if place := resources.WHOSE.get(made["resourceType"]):
        made |= {place: whose}
    if isinstance(row, Attachment):
        made["content"][0]["attachment"]["data"] = base64.b64encode(row.content).decode()
    columns = [_extension(table, field, row) for field in table.fields()]
    return {
        "resourceType": made.pop("resourceType"),
        "id": str(id_of(row)),
        "meta": {"tag": [{"system": STRUCTURES, "code": row._meta.label_lower}]},
        **pruned(made),
        "extension": [it for it in columns if it],
    }


def pruned(value: Any) -> Any:
    """Without what is empty: FHIR has no empty texts, lists or objects."""
    if isinstance(value, dict):
        return {key: kept for key, it in value.items() if not _is_nothing(kept := pruned(it))}
    if isinstance(value, list):
        return [kept for it in value if not _is_nothing(kept := pruned(it))]
    return value


def _is_nothing(value: Any) -> bool:
    return value is None or value in ("", [], {})


def id_of(row: models.Model) -> UUID:
    """The row's own id; rows that are only numbered, or go by their patient's, get one that every copy has."""
    is_own = isinstance(row.pk, UUID) and not row._meta.pk.is_relation
    return row.pk if is_own else uuid5(NAMESPACE_URL, f"{row._meta.label_lower}/{row.pk}")


def _extension(table: Table, field: "models.Field[Any, Any]", row: models.Model) -> dict[str, Any] | None:
    value = getattr(row, field.attname)
    if _is_nothing(value):
        return None
    url = f"{STRUCTURES}/{table.model._meta.label_lower}-{field.name}"
    said: dict[str, Any] = {"url": url, **_typed(value)}
    if field.choices or field.is_relation:
        words = in_words(field, row)
        if words and words != str(value):
            said = {"url": url, "valueCoding": {"code": str(value), "display": words}}
    return said


def _typed(value: Any) -> dict[str, Any]:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _INTEGERS:
        return {"valueDecimal": value}
    for kind, name in _TYPES.items():  # the first that fits: a moment is also a date, and yes also a number
        if isinstance(value, kind):
            return {name: _PLAIN.get(name, lambda it: it)(value)}
    return {"valueString": resources.as_text(value)}


_INTEGERS: Final = 2**31  # FHIR's have 32 bits; the number of an audit line may grow beyond
_TYPES: Final[dict[type | tuple[type, ...], str]] = {
    bool: "valueBoolean",
    int: "valueInteger",
    (float, Decimal): "valueDecimal",
    datetime: "valueDateTime",
    date: "valueDate",
    time: "valueTime",
}
_PLAIN: Final[dict[str, Callable[[Any], Any]]] = {
    "valueDecimal": float,
    "valueDateTime": datetime.isoformat,
    "valueDate": date.isoformat,
    "valueTime": lambda it: it.isoformat(timespec="seconds"),
}

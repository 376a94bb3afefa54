"""Bringing in the patients of another system: all of a file or nothing of it."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice

from django.db import transaction
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import Identifier, Patient
from patients.rules import import_dates
from patients.rules.import_dates import Order
from patients.rules.import_formats import ImportFormat
from patients.rules.import_rows import BadRow, Incoming, Reader
from patients.rules.names import fold
from patients.rules.tables import Row, Table
from people.actions import audit
from people.models import Clinic, User
from people.rules.refusal import Refused

CHUNK = 500  # rows that are compared and written together; memory does not grow with the file


class Verdict(TextChoices):
    CREATE = "create", _("new")
    HERE = "here", _("already here")
    HELD_BACK = "held_back", _("held back")
    REFUSED = "refused", _("refused")


@dataclass(frozen=True, slots=True)
class Finding:
    """What becomes of the row that begins at `line`, and why. No name: reports are printed and mailed about."""

    line: int
    verdict: Verdict
    why: str = ""


@dataclass(slots=True)
class Report:
    source: ImportFormat
    unused: list[str]
    findings: list[Finding] = field(default_factory=list)
    archived: int = 0

    def count(self, verdict: Verdict) -> int:
        return sum(finding.verdict == verdict for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the person who imports decided. `country` is where numbers without + are dialled."""

    country: str
    order: Order | None = None
    keep_duplicates: bool = False
    skip_bad: bool = False


class RowsRefused(Refused):
    """Some rows cannot be read, so nothing was brought in. The report says which."""

    def __init__(self, report: Report) -> None:
        said = _("%(count)d rows cannot be read, so nothing was brought in. Correct them, or use --skip-bad.")
        super().__init__(said % {"count": report.count(Verdict.REFUSED)})
        self.report = report


@dataclass(slots=True)
class _Seen:
    """The rows of this file so far, so that it cannot be at odds with itself: ids and people to lines."""

    ids: dict[str, tuple[int, int]] = field(default_factory=dict)
    people: dict[tuple[str, date | None], int] = field(default_factory=dict)


@transaction.atomic
def bring_in(
    table: Table, source: ImportFormat, choices: Choices, *, by: User | None, now: datetime, tick: Callable[[int], None]
) -> Report:
    """Register everybody in the table who is not here yet; `tick` is told how many rows were read.

    Raises `RowsRefused` if a row cannot be read and nobody said to skip it: then nothing was brought in.
    """
    reader, report = _begin(table, source, choices, now)
    for found in _judged(table, reader, choices, report, tick):
        _write(found, source, now)
    if report.count(Verdict.REFUSED) and not choices.skip_bad:
        raise RowsRefused(report)
    counts = {str(verdict): report.count(verdict) for verdict in Verdict}
    audit.record(by, "patients.imported", Clinic(), format=source.code, file_sha256=_digest(table), **counts)
    return report


def look(table: Table, source: ImportFormat, choices: Choices, *, now: datetime, tick: Callable[[int], None]) -> Report:
    """What `bring_in` would do with every row, without doing it."""
    reader, report = _begin(table, source, choices, now)
    for _found in _judged(table, reader, choices, report, tick):
        pass
    return report


def _begin(table: Table, source: ImportFormat, choices: Choices, now: datetime) -> tuple[Reader, Report]:
    reader = Reader(source, table.headings, None, choices.country, timezone.localtime(now).date())
    order = choices.order
    if order is None and source.dates == "ask":
        order = import_dates.order_of(cell for row in table.rows() for cell in reader.birth_cells(row))
    elif order is None and source.dates != "iso":
        order = Order(source.dates)
    reader = Reader(source, table.headings, order, choices.country, reader.on)
    return reader, Report(source, reader.unused())


def _judged(
    table: Table, reader: Reader, choices: Choices, report: Report, tick: Callable[[int], None]
) -> Iterator[list[Incoming]]:
    """Chunk by chunk whoever is to be registered; what becomes of every row goes into the report."""
    seen, rows = _Seen(), table.rows()
    while chunk := list(islice(rows, CHUNK)):
        readable = list(_readable(chunk, reader, report))
        known_ids = _known_ids(readable, reader.source)
        known_people = _known_people(readable)
        wanted = []
        for each in readable:
            finding = _judge(each, seen, known_ids, known_people, choices)
            report.findings.append(finding)
            if finding.verdict == Verdict.CREATE:
                report.archived += each.is_archived
                wanted.append(each)
        yield wanted
        tick(len(chunk))


def _readable(chunk: Iterable[Row], reader: Reader, report: Report) -> Iterator[Incoming]:
    for row in chunk:
        try:
            yield reader.read(row)
        except BadRow as refusal:
            report.findings.append(Finding(row.line, Verdict.REFUSED, str(refusal)))


def _judge(
    row: Incoming,
    seen: _Seen,
    known_ids: set[str],
    known_people: dict[tuple[str, date | None], str],
    choices: Choices,
) -> Finding:
    person, content = (
        _person(row.values["given_name"], row.values["family_name"], row.values["birth_date"]),
        hash(str(row.values)),
    )
    if row.external_id in known_ids:
        return Finding(row.line, Verdict.HERE)
    if row.external_id in seen.ids:
        line, first = seen.ids[row.external_id]
        if first == content:
            return Finding(row.line, Verdict.HERE, _("the same row as line %(line)d") % {"line": line})
        return Finding(row.line, Verdict.REFUSED, _("the number of line %(line)d with other details") % {"line": line})
    seen.ids[row.external_id] = (row.line, content)
    double = known_people.get(person) or (
        _("line %(line)d") % {"line": seen.people[person]} if person in seen.people else ""
    )
    if double and not choices.keep_duplicates:
        return Finding(row.line, Verdict.HELD_BACK, _("same name and birth date as %(other)s") % {"other": double})
    seen.people.setdefault(person, row.line)
    return Finding(row.line, Verdict.CREATE, "; ".join(row.left_out))


def _known_ids(rows: list[Incoming], source: ImportFormat) -> set[str]:
    ids = [row.external_id for row in rows]
    return set(Identifier.objects.filter(system=source.code, value__in=ids).values_list("value", flat=True))


def _known_people(rows: list[Incoming]) -> dict[tuple[str, date | None], str]:
    """Name and birth date of everybody who shares a birth date with a row, to the clinic number."""
    births = {row.values["birth_date"] for row in rows}
    known = Patient.objects.filter(birth_date__in=births - {None})
    if None in births:
        families = {row.values["family_name"] for row in rows if row.values["birth_date"] is None}
        known = known | Patient.objects.filter(birth_date=None, family_name__in=families)
    fields = known.only("number", "given_name", "family_name", "birth_date")
    return {
        _person(each.given_name, each.family_name, each.birth_date): each.clinic_number for each in fields.iterator()
    }


def _person(given: str, family: str, born: date | None) -> tuple[str, date | None]:
    return fold(given + family), born


def _write(rows: list[Incoming], source: ImportFormat, now: datetime) -> None:
    # No accounts: an e-mail in an old list is not yet a promise that its owner may look.
    patients = [Patient(**row.values, registered_at=now, archived_at=now if row.is_archived else None) for row in rows]
    Patient.objects.bulk_create(patients)
    Identifier.objects.bulk_create(
        Identifier(patient=patient, system=source.code, value=row.external_id)
        for patient, row in zip(patients, rows, strict=True)
    )


def _digest(table: Table) -> str:
    digest = hashlib.sha256()
    table.file.seek(0)
    while chunk := table.file.read(1 << 16):
        digest.update(chunk)
    return digest.hexdigest()

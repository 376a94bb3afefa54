"""Reading a table somebody else's program wrote: its encoding, its separator and its rows."""

import codecs
import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.translation import gettext_lazy as _

from people.rules.refusal import Refused

SEPARATORS = ",;\t|"
MOST_HEADINGS = 500
LONGEST_CELL = 100_000  # letters; a longer one is a missing quotation mark that swallowed the rest of the file
_CHUNK = 1 << 16
_MARKS = [(codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")]


class NotATable(Refused):
    """The file cannot be read as rows and columns."""


@dataclass(frozen=True, slots=True)
class Row:
    """`line` is where the row begins in the file, the heading being line 1; a cell may hold several lines."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    file: BinaryIO
    encoding: str
    separator: str
    headings: tuple[str, ...]

    def rows(self) -> Iterator[Row]:
        """Every row that is not blank, from the beginning. May be asked again. Raises `NotATable`."""
        records = _records(self.file, self.encoding, self.separator)
        next(records, None)
        return (row for row in records if any(cell.strip() for cell in row.cells))


def open_table(file: BinaryIO) -> Table:
    """What kind of table this is. Raises `NotATable` with words that say what to do."""
    encoding = _encoding(file)
    file.seek(0)
    with _text(file, encoding) as text:
        first = _first_line(text)
    separator = max(SEPARATORS, key=first.count)
    headings = next(_records(file, encoding, separator), Row(1, ())).cells
    if len(headings) < 2 or len(headings) > MOST_HEADINGS:
        raise NotATable(_("This is not a table with headings. Export the patients as CSV and try again."))
    return Table(file, encoding, separator, tuple(heading.strip() for heading in headings))


def _encoding(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(4)
    if not head:
        raise NotATable(_("The file is empty."))
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    return next((name for name in _guesses(head) if _reads_as(file, name)), "latin-1")


def _guesses(head: bytes) -> list[str]:
    if b"\0" in head:
        # Without its mark UTF-16 still shows which half of each plain letter is empty.
        return ["utf-16-be"] if head[0] == 0 else ["utf-16-le"]
    return ["utf-8", "cp1252"]


def _reads_as(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK):
            if "\0" in decoder.decode(chunk):
                raise NotATable(_("This is not a text file. Export the patients as CSV and try again."))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _first_line(text: io.TextIOWrapper) -> str:
    line = text.readline(LONGEST_CELL)
    return text.readline(LONGEST_CELL) if line.lower().startswith("sep=") else line


@contextmanager
def _text(file: BinaryIO, encoding: str) -> Iterator[io.TextIOWrapper]:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        yield text
    finally:
        text.detach()  # the file stays open: it is the caller's


def _records(file: BinaryIO, encoding: str, separator: str) -> Iterator[Row]:
    with _text(file, encoding) as text:
        csv.field_size_limit(LONGEST_CELL)
        reader = csv.reader(text, delimiter=separator, strict=True)
        line = 1
        try:
            for cells in reader:
                if not (line == 1 and cells and cells[0].lower().startswith("sep=")):
                    yield Row(line, tuple(cells))
                line = reader.line_num + 1
        except (csv.Error, UnicodeError) as problem:
            said = _("Line %(line)d cannot be read (%(problem)s). Look for a quotation mark that is never closed.")
            raise NotATable(said % {"line": line, "problem": problem}) from problem

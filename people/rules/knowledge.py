"""What we know, read from TOML into frozen entries. Whatever does not add up is refused by name."""

import hashlib
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from types import MappingProxyType, UnionType
from typing import Any, NoReturn, TypeVar, get_args, get_origin

# sourced: rests on its sources; mixed: sources and general knowledge; general_knowledge: no source was read.
BASES = ("sourced", "mixed", "general_knowledge")


class KnowledgeError(Exception):
    """A knowledge file says something that cannot be right. The product must not start on it."""

    def __init__(self, file: str, entry: str, problem: str) -> None:
        super().__init__(f"{file}: {entry}: {problem}")
        self.file = file
        self.entry = entry
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing we have a word for. The code is stable: stored records name it."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Entry):
    """An entry that says something clinical, so it says where it comes from and who confirmed it."""

    basis: str
    sources: tuple[str, ...] = ()
    basis_note: str = ""
    usual_reference: str = ""
    # The clinician who approved the value for use with patients. Nobody has yet, so every screen says so.
    confirmed_by: str = ""

    @property
    def is_confirmed_by_clinician(self) -> bool:
        return bool(self.confirmed_by)


B = TypeVar("B")
E = TypeVar("E", bound=Entry)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One knowledge file, remembered by name so that every refusal can say where to look."""

    file: str
    tables: Mapping[str, list[dict[str, Any]]]

    def entries(self, table: str, build: Callable[["Sheet", dict[str, Any]], E] | type[E]) -> Mapping[str, E]:
        """Every entry of a table by its code, in the order of the file.

        Raises `KnowledgeError` on an empty table or a code given twice.
        """
        found: dict[str, E] = {}
        for raw in self.tables.get(table, ()):
            entry = self._entry(build, dict(raw))
            if entry.code in found:
                self.refuse(entry.code, "this code is given twice")
            found[entry.code] = entry
        # An empty list of dangers would find nothing, and nothing found looks like safety.
        if not found:
            self.refuse(f"[[{table}]]", "the table is empty or missing")
        return MappingProxyType(found)

    def _entry(self, build: Callable[["Sheet", dict[str, Any]], E] | type[E], raw: dict[str, Any]) -> E:
        if isinstance(build, type):
            return self.built(build, raw)
        name = str(raw.get("code", "entry"))
        try:
            return build(self, raw)
        except KeyError as missing:
            self.refuse(name, f"{missing} is missing")

    def built(self, kind: type[B], raw: Mapping[str, Any], **parts: Any) -> B:
        """One frozen entry of that kind; `parts` are fields the caller has already built.

        Raises `KnowledgeError` on a key we do not know, a key that is missing, or a value of the wrong kind.
        """
        name = str(raw.get("code", kind.__name__))
        given = {key: _frozen(value) for key, value in raw.items()} | parts
        expected = _expected(kind)
        # A misspelt key would otherwise switch a safety rule off without a sound.
        for key in given.keys() - expected.keys():
            self.refuse(name, f"{key!r} is not a key of {kind.__name__}")
        for key, (hint, is_required) in expected.items():
            if key not in given and is_required:
                self.refuse(name, f"{key!r} is missing")
            if key in given and not _fits(given[key], hint):
                self.refuse(name, f"{key!r} cannot be {given[key]!r}")
        return kind(**given)

    def require_known(self, entry: str, what: str, codes: Iterable[str], known: Collection[str]) -> None:
        """Raises `KnowledgeError` if any of the codes is not among those we know."""
        for code in codes:
            if code not in known:
                self.refuse(entry, f"{what} {code!r} is not known")

    def require_evidence(self, claims: Iterable[Claim], known_sources: Collection[str]) -> None:
        """Raises `KnowledgeError` if a claim names no source where it must, or one we do not have."""
        for claim in claims:
            self.require_known(claim.code, "basis", [claim.basis], BASES)
            self.require_known(claim.code, "source", claim.sources, known_sources)
            if claim.basis != "general_knowledge" and not claim.sources:
                self.refuse(claim.code, f"basis is {claim.basis!r} but no source is named")
            if claim.basis != "sourced" and not claim.basis_note:
                self.refuse(claim.code, f"basis is {claim.basis!r} but 'basis_note' is missing")

    def refuse(self, entry: str, problem: str) -> NoReturn:
        raise KnowledgeError(self.file, entry, problem)


def sheet(folder: Path, file: str) -> Sheet:
    """Raises `KnowledgeError` if the file is missing or is not TOML."""
    try:
        tables = tomllib.loads((folder / file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise KnowledgeError(file, "file", str(problem)) from problem
    return Sheet(file, {name: rows for name, rows in tables.items() if isinstance(rows, list)})


def version(folder: Path) -> str:
    """A short name for exactly this knowledge, so that a stored result can say what it was judged by."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.toml")):
        # The name goes in too: moving an entry from one file to another is a change.
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


# One rulebook serves every request of a process, so nothing in it may be changed by accident.
def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        return MappingProxyType({key: _frozen(item) for key, item in value.items()})
    return value


def _expected(kind: type[Any]) -> dict[str, tuple[Any, bool]]:
    return {
        field.name: (field.type, field.default is MISSING and field.default_factory is MISSING)
        for field in fields(kind)
    }


def _fits(value: Any, hint: Any) -> bool:
    origin = get_origin(hint)
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(item, get_args(hint)[0]) for item in value)
    if origin is UnionType:
        return any(_fits(value, each) for each in get_args(hint))
    if origin in (Mapping, frozenset):
        return isinstance(value, origin)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    # In Python True is an int; in a dosage it is a slip.
    return isinstance(value, hint) and not (hint is int and isinstance(value, bool))

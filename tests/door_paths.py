"""Which views and commands can lead to a visit, a plan or a treatment: read from the source, so none is forgotten."""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from django.urls import URLResolver, get_resolver

import clinic.management.commands

HOUSES = ("people", "patients", "programs", "clinic")
# A row of these is what a treatment is given by: booked, held, planned or written down as done.
GIVES = frozenset({
    "Appointment", "Hold", "Reservation", "GroupSession", "Plan", "Phase", "PlannedSession", "TreatmentGiven",
})  # fmt: skip
WRITES = frozenset({
    "save", "create", "create_together", "bulk_create", "update", "bulk_update", "get_or_create", "update_or_create",
})  # fmt: skip
Place = tuple[str, str]  # module and function


def doors() -> set[str]:
    """The names of all views and commands of ours from which a write to one of `GIVES` can be reached."""
    found = {name for name, place in _views() if _gives(place)}
    for command in pkgutil.iter_modules(clinic.management.commands.__path__):
        module = f"clinic.management.commands.{command.name}"
        if any(_gives((module, name)) for name in _functions(module)):
            found.add(f"manage.py {command.name}")
    return found


def _views(resolver: URLResolver | None = None, space: str = "") -> Iterator[tuple[str, Place]]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from _views(entry, f"{space}{entry.namespace}:" if entry.namespace else space)
        else:
            view = inspect.unwrap(entry.callback)
            if view.__module__.partition(".")[0] in HOUSES:
                yield f"{space}{entry.name}", (view.__module__, view.__name__)


def _gives(place: Place) -> bool:
    seen: set[Place] = set()
    waiting = {place}
    while waiting:
        seen.add(here := waiting.pop())
        if _writes(here):
            return True
        waiting |= _led_to(here) - seen
    return False


@cache
def _writes(place: Place) -> bool:
    words: set[str] = set()
    called: set[str] = set()
    for node in _nodes(place):
        if isinstance(node, ast.Name):
            words.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words.add(node.value)  # an annotation in quotes
        elif isinstance(node, ast.Call):
            called.add(ast.unparse(node.func).rpartition(".")[2])
    return bool(words & GIVES and called & WRITES)


@cache
def _led_to(place: Place) -> frozenset[Place]:
    """Whatever function of ours it names: called, handed on or kept for later."""
    there = importlib.import_module(place[0])
    named = []
    for node in _nodes(place):
        if isinstance(node, ast.Name):
            named.append(getattr(there, node.id, None))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            named.append(getattr(getattr(there, node.value.id, None), node.attr, None))
    return frozenset(found for it in named if (found := _place(it)) and found[1] in _functions(found[0]))


def _nodes(place: Place) -> Iterator[ast.AST]:
    return ast.walk(_functions(place[0]).get(place[1], ast.Pass()))


def _place(named: Any) -> Place | None:
    if inspect.isclass(named) and not hasattr(named, "_meta"):
        it: Any = named
    else:
        it = inspect.unwrap(named) if inspect.isroutine(named) else None
    module = getattr(it, "__module__", None) or ""
    return (module, it.__name__) if module.partition(".")[0] in HOUSES else None


@cache
def _functions(module: str) -> dict[str, ast.AST]:
    """By name, classes too: what a form or a command does stands in its methods."""
    there: ModuleType = importlib.import_module(module)
    tree = ast.parse(Path(str(there.__file__)).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name: node for node in ast.walk(tree) if isinstance(node, kinds)}

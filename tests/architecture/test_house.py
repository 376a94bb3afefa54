"""The rules of the house (docs/house.md) that a program can check."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOUSES = ["people", "patients", "programs", "clinic"]
TOP_LEVEL = {
    *HOUSES,
    "templates",
    "tests",
    "docs",
    "manage.py",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
}
TOP_LEVEL |= {"uv.lock", "package.json", "package-lock.json"}
DRAWERS = {"utils", "helpers", "common", "misc", "base", "core", "services", "managers"}
LONGEST_MODULE = 300  # lines
WRITES = {
    "save",
    "create",
    "bulk_create",
    "create_together",
    "bulk_update",
    "get_or_create",
    "update_or_create",
    "delete",
    "asave",
    "acreate",
}


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def modules(*, under: str = "") -> Iterator[Path]:
    for path in tracked():
        inside = path.relative_to(ROOT)
        is_ours = path.suffix == ".py" and inside.parts[0] in HOUSES and "migrations" not in inside.parts
        if is_ours and (not under or under in inside.parts or inside.stem == under):
            yield path


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def calls(path: Path) -> Iterator[tuple[int, str]]:
    """Line and name of each method called; a deed called with its module (`assessments.save(...)`) is no method."""
    tree = ast.parse(path.read_text())
    deeds = {alias.asname or alias.name for module, alias in imports(tree) if module.endswith("actions")}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value
            if not (isinstance(of, ast.Name) and of.id in deeds):
                yield node.lineno, node.func.attr


def imports(tree: ast.AST) -> Iterator[tuple[str, ast.alias]]:
    """Everything imported, with the module it comes from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, alias) for alias in node.names)


def test_only_the_agreed_things_stand_at_the_top() -> None:
    found = {path.relative_to(ROOT).parts[0] for path in tracked()}

    assert {entry for entry in found if not entry.startswith(".")} <= TOP_LEVEL


def test_nothing_is_put_in_a_drawer() -> None:
    # services.py of programs/rules is a clinic word: what the desk books (FHIR HealthcareService).
    found = [name(p) for p in tracked() for part in p.relative_to(ROOT).with_suffix("").parts if part in DRAWERS]

    assert set(found) <= {"programs/rules/services.py", "programs/knowledge/services.toml"}


def test_no_module_is_too_long_to_read() -> None:
    long = {name(path): lines for path in modules() if (lines := len(path.read_text().splitlines())) > LONGEST_MODULE}

    assert long == {}


def test_rules_are_pure() -> None:
    allowed = {
        ("django.db.models", "TextChoices"),
        ("django.db.models", "IntegerChoices"),
        ("django.utils.translation", "gettext_lazy"),
        ("django.utils.translation", "ngettext_lazy"),
    }
    guilty = [
        f"{name(path)}: {module} {alias.name}"
        for path in modules(under="rules")
        for module, alias in imports(ast.parse(path.read_text()))
        if module.startswith(("django", "clinic.settings")) and (module, alias.name) not in allowed
    ]

    assert guilty == []


def is_a_door(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return "web" in parts or path.name == "tasks.py" or parts[1] in {"desk", "portal", "api"} or path.name == "front.py"


def test_only_actions_write() -> None:
    guilty = [
        f"{name(path)}:{line}" for path in modules() if is_a_door(path) for line, call in calls(path) if call in WRITES
    ]

    assert guilty == []


def test_the_clock_is_read_only_at_the_edges() -> None:
    inner = [p for room in ("rules", "models", "actions") for p in modules(under=room)]
    guilty = [
        f"{name(path)}:{line}"
        for path in inner
        for line, call in calls(path)
        if call in {"now", "today", "localdate", "utcnow"}
    ]

    assert guilty == []


def test_nobody_enqueues_work_for_later() -> None:
    """A Celery ETA on Redis ran 50 of 50 reminders more than once when tried: due times live in rows."""
    guilty = [
        name(path)
        for path in modules()
        if re.search(r"\b(eta|countdown)\s*=|\.apply_async\(|\.delay\(", path.read_text()) and path.name != "tasks.py"
    ]

    assert guilty == []
    assert not any(re.search(r"\b(eta|countdown)\s*=", path.read_text()) for path in modules())


def test_there_are_no_signals_of_our_own() -> None:
    guilty = [
        name(p)
        for p in modules()
        if re.search(r"from django\.(db\.models\.signals|dispatch)|\bSignal\(", p.read_text())
    ]

    assert guilty == []


def test_every_constraint_is_a_sentence() -> None:
    from django.apps import apps

    names = [
        constraint.name
        for model in apps.get_models()
        if model.__module__.split(".")[0] in HOUSES
        for constraint in model._meta.constraints
    ]

    assert names
    assert [name for name in names if name.count("_") < 2] == []


TRACED = re.compile(r"audit\.(record|lines)")


def test_every_action_leaves_an_audit_line() -> None:
    """A public function in an actions module that writes must be traced, itself or through what it calls."""
    silent = [
        name(path)
        for path in modules(under="actions")
        if any(call in WRITES for _, call in calls(path)) and not TRACED.search(path.read_text())
    ]

    # Parts of one deed, shared by several: the deed that calls them leaves the line.
    parts = [f"clinic/appointments/actions/{part}.py" for part in ("clashes", "history", "holding")]
    parts += ["clinic/reminders/actions/anew.py"]
    assert sorted(silent) == [*parts, "people/actions/audit.py", "programs/actions/plan_at_home.py"]


@pytest.mark.parametrize("word", [r"\bTODO\b", r"\bFIXME\b", r"\bXXX\b", "NotImplementedError"])
def test_nothing_is_left_for_later(word: str) -> None:
    guilty = [
        name(p)
        for p in tracked()
        if p.suffix in {".py", ".html", ".js", ".css"} and p != Path(__file__) and re.search(word, p.read_text())
    ]

    assert guilty == []


def test_houses_look_left_and_rooms_keep_their_order() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    if not linter.exists():
        contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
        assert len(contracts) >= 2  # the linter itself runs in CI, with the quality tools
        return

    done = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout

"""Which files speak to patients, found by walking from their doors: a new page or refusal is found by itself."""

import ast
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
TEMPLATES: Final = ROOT / "templates"
HOUSES: Final = ("people", "patients", "programs", "clinic")

# Where patients come in. What these import, and the pages they show, is followed.
DOORS: Final = (
    "clinic.portal.*", "clinic.errors", "people.web.*", "patients.web.own", "patients.web.intake_*",
    "patients.web.consent_tablet", "clinic.reminders.web.stop", "clinic.reminders.web.contact_page",
    "programs.templatetags.programs",
)  # fmt: skip
# Shown by Django and allauth by themselves, or to everybody.
SHOWN: Final = (
    "account/**/*", "allauth/**/*", "mfa/**/*", "usersessions/*", "errors/*", "layouts/*", "partials/*", "mail/*",
    "people/join*.html", "people/account.html", "*.html",
)  # fmt: skip
# Reached from there, but in the hands of the clinic's own people alone: their pages are in English.
OFFICE: Final = (
    "clinic.appointments.models.policy", "clinic.appointments.models.resource", "clinic.appointments.models.roster",
    "clinic.reminders.models.[ls]*", "clinic.reminders.rules.wording",
    "patients.actions.assessments", "patients.actions.registration", "patients.rules.decisions",
    "patients.rules.follow_up", "patients.rules.movement", "patients.rules.notes", "patients.rules.quick_tests",
    "patients.rules.twins", "patients.web.assessment_*", "patients.web.consent_pages",
    "patients.web.intake_staff", "patients.web.intake_paper",
    "people.actions.*", "people.models.invitation", "people.models.organization", "people.rules.staff",
    "people.web.setup", "people.web.staff", "people.web.trail", "people.web.urls",
    "programs.actions.beginning", "programs.actions.checkpoints", "programs.actions.doses",
    "programs.actions.offering", "programs.actions.plan_revising", "programs.actions.plan_templates",
    "programs.actions.plans", "programs.actions.prescribing", "programs.actions.safety",
    "programs.models.plan_template", "programs.models.rule_change", "programs.models.service_setting",
    "programs.rules.next_dose", "programs.web.forms",
)  # fmt: skip
OFFICE_PAGES: Final = (
    "layouts/staff.html", "layouts/setup.html", "people/mail/*", "people/setup.html", "patients/banner.html",
    "programs/exercise_change.html", "programs/exercise_days.html", "programs/exercises.html", "programs/plan.html",
    "programs/plan_*", "programs/stop.html", "programs/timeline.html",
)  # fmt: skip

_PAGE: Final = re.compile(r"[\w/-]+\.(?:html|txt)")
_FOLLOWED: Final = re.compile(r"""{%\s*(?:extends|include)\s+["']([\w/.-]+)""")


@cache
def modules() -> tuple[Path, ...]:
    """Every Python file with words for patients, in the order of their names."""
    known = dict(_known())
    waiting = [name for name in known if _is(name, DOORS) and not _is(name, OFFICE)]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [it for it in _imported(known[name]) if it in known and not _is(it, OFFICE)]
    return tuple(known[name] for name in sorted(found))


@cache
def pages() -> tuple[Path, ...]:
    """Every template that patients may be shown."""
    waiting = [path for pattern in SHOWN for path in TEMPLATES.glob(pattern) if path.is_file()]
    waiting += [TEMPLATES / name for module in modules() for name in _named(module)]
    found: set[Path] = set()
    while waiting:
        page = waiting.pop()
        if page in found or not page.is_file() or _is_of_office(page):
            continue
        found.add(page)
        waiting += [TEMPLATES / name for name in _FOLLOWED.findall(page.read_text(encoding="utf-8"))]
    return tuple(sorted(found))


def left_in_english() -> list[tuple[str, str]]:
    """The parts that a page of patients includes although they are the office's: nobody would translate them."""
    included = ((page, name) for page in pages() for name in _FOLLOWED.findall(page.read_text(encoding="utf-8")))
    return [(page.name, name) for page, name in included if _is(name, OFFICE_PAGES)]


def _known() -> Iterator[tuple[str, Path]]:
    for house in HOUSES:
        for path in sorted((ROOT / house).rglob("*.py")):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path


def _imported(module: Path) -> Iterator[str]:
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{it.name}" for it in node.names)
        elif isinstance(node, ast.Import):
            yield from (it.name for it in node.names)


def _named(module: Path) -> Iterator[str]:
    """The templates that a module names, with or without the part of it that it shows."""
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            name = node.value.partition("#")[0]
            if _PAGE.fullmatch(name):
                yield name


@cache
def _tree(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def _is(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, it) for it in patterns)


def _is_of_office(page: Path) -> bool:
    if _is(page.relative_to(TEMPLATES).as_posix(), OFFICE_PAGES):
        return True
    return "layouts/staff.html" in _FOLLOWED.findall(page.read_text(encoding="utf-8"))

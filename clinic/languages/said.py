"""What is said to patients, taken out of code, pages and knowledge."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from babel.messages.extract import DEFAULT_KEYWORDS, extract_python
from django.utils.translation import template

from clinic.languages import heard
from clinic.languages.heard import ROOT

LAZY: Final = {f"{name}_lazy": DEFAULT_KEYWORDS[name] for name in ("gettext", "ngettext", "pgettext", "npgettext")}
KEYWORDS: Final = DEFAULT_KEYWORDS | LAZY | {"gettext_noop": None}
# What patients read of our knowledge: the file, and the way through it. The sheets of exercises have their own words.
KNOWLEDGE: Final = (
    ("patients/knowledge/causes.toml", "cause.label"),
    ("patients/knowledge/symptoms.toml", "symptom.label"),
    ("patients/knowledge/red_flags.toml", "red_flag.patient_question"),
    ("patients/knowledge/urgencies.toml", "urgency.label"),
    ("patients/knowledge/urgencies.toml", "urgency.patient_message"),
    ("patients/knowledge/intake_groups.toml", "intake_group.title"),
    ("patients/knowledge/intake_groups.toml", "intake_group.words"),
    ("patients/knowledge/medicines.toml", "medicine_class.label"),
    ("patients/knowledge/body_regions.toml", "body_region.label"),
    ("patients/knowledge/conditions.toml", "suspected_condition.label"),
    ("patients/knowledge/outcome_measures.toml", "measure.name"),
    ("patients/knowledge/patient_facts.toml", "fact.label"),
    ("patients/knowledge/consents.toml", "consent.title"),
    ("patients/knowledge/consents.toml", "consent.in_plain_words"),
    ("programs/knowledge/interactions.toml", "event.label"),
    ("programs/knowledge/services.toml", "service.name"),
    ("programs/knowledge/modalities.toml", "modality.name"),
    ("programs/knowledge/modalities.toml", "modality.technique.name"),
    ("programs/knowledge/modalities.toml", "modality.pre_instructions"),
    ("programs/knowledge/modalities.toml", "modality.post_instructions"),
    ("programs/knowledge/exercises.toml", "exercise.basis_note"),
    ("programs/knowledge/program_templates.toml", "program.basis_note"),
    ("programs/knowledge/program_templates.toml", "program.name"),
    ("programs/knowledge/program_templates.toml", "program.phase.name"),
    ("programs/knowledge/program_templates.toml", "program.phase.goals"),
    ("programs/knowledge/posture_checklist.toml", "item.checklist_item"),
    ("programs/knowledge/posture_checklist.toml", "item.target"),
    ("programs/knowledge/posture_checklist.toml", "item.how_to_check"),
    ("programs/knowledge/self_care.toml", "self_care.label"),
    ("programs/knowledge/self_care.toml", "self_care.how_to"),
    ("programs/knowledge/self_care.toml", "self_care.warnings"),
)
FACTS: Final = "patients/knowledge/patient_facts.toml"


@dataclass(frozen=True, slots=True)
class Said:
    """One text as the code has it: `ids` is the text, or the one for one thing and the one for several."""

    ids: tuple[str, ...]
    where: str
    context: str | None = None


@cache
def everything() -> tuple[Said, ...]:
    """All that patients may read, file by file in the order of their names."""
    said = [it for path in heard.modules() for it in of_code(path.read_bytes(), _short(path))]
    said += [it for path in heard.pages() for it in of_page(path.read_text(encoding="utf-8"), _short(path))]
    return (*said, *of_knowledge())


def of_code(code: bytes, where: str) -> Iterator[Said]:
    for _line, name, found, _comments in extract_python(BytesIO(code), KEYWORDS, (), {}):
        texts = (found,) if isinstance(found, str) else tuple(found or ())
        spec = KEYWORDS.get(str(name))
        context = None
        if texts and spec and isinstance(spec[0], tuple):  # the first argument says in which sense
            context, texts = texts[0], texts[1:]
        count = len(spec or (1,)) - (context is not None)
        ids = tuple(it for it in texts[:count] if it)
        if ids:
            yield Said(ids, where, context)


def of_page(page: str, where: str) -> Iterator[Said]:
    """A template as Django's own extraction reads it, turned into code first."""
    code = template.templatize(page, origin=where)
    yield from of_code(f"(\n{code}\n)".encode(), where)  # in brackets the page's indentation means nothing


def of_knowledge() -> Iterator[Said]:
    asked = _facts_asked()
    for file, way in KNOWLEDGE:
        for text in _along(_toml(file), way.split(".")):
            yield Said((text,), file)
    for fact in _toml(FACTS)["fact"]:
        if fact["code"] in asked:
            yield Said((fact["patient_question"],), FACTS)


def _facts_asked() -> set[str]:
    """The facts that the form of a patient asks; the others are a clinician's words."""
    return {code for group in _toml("patients/knowledge/intake_groups.toml")["intake_group"] for code in group["facts"]}


def _along(value: Any, way: Iterable[str]) -> Iterator[str]:
    first, *rest = way
    for entry in value[first] if isinstance(value.get(first), list) else filter(None, [value.get(first)]):
        if rest:
            yield from _along(entry, rest)
        else:
            yield entry


def _toml(file: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / file).read_text(encoding="utf-8"))


def _short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()

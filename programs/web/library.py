"""The library: everything clinical this product says, with its source and who confirmed it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from patients.rules.rulebook import rulebook as patients_rulebook
from people.rules.knowledge import Claim
from people.rules.permissions import Permission
from people.rules.professions import professions
from people.web.guards import SignedInRequest, needs
from programs.rules.rulebook import needs_confirmation, rulebook
from programs.web import rule_pages, wording
from programs.web.rule_words import CHANGEABLE


@dataclass(frozen=True, slots=True)
class Shelf:
    """One kind of entry: what the list calls it, and how an entry is titled."""

    label: str | Promise
    entries: Callable[[], Mapping[str, Any]]
    title: str  # the field that a list prints
    sub: str  # a second, shorter line


SHELVES: Mapping[str, Shelf] = {
    "programs": Shelf(_("Programs"), lambda: rulebook().templates, "name", "summary"),
    "exercises": Shelf(_("Exercises"), lambda: rulebook().exercises, "name", "category"),
    "treatments": Shelf(_("Treatments"), lambda: rulebook().modalities, "name", "evidence_note"),
    "posture": Shelf(_("Posture items"), lambda: rulebook().posture_items, "checklist_item", "target"),
    "warning-signs": Shelf(_("Warning signs"), lambda: patients_rulebook().red_flags, "clinician_wording", "urgency"),
    "contraindications": Shelf(_("Contraindications"), lambda: rulebook().contraindications, "reason", "modality"),
    "timing": Shelf(_("Days between treatments"), lambda: rulebook().timing_rules, "reason", "strength"),
    "measures": Shelf(_("Outcome measures"), lambda: patients_rulebook().measures, "name", "change_rule"),
    "medicines": Shelf(_("Medicines"), lambda: patients_rulebook().medicine_classes, "label", "code"),
}


@needs(Permission.LIBRARY_VIEW)
def library(request: SignedInRequest) -> HttpResponse:
    """What there is, how much of it, and how much no clinician has confirmed yet."""
    shelves = [
        {
            "kind": kind,
            "label": shelf.label,
            "count": len(entries),
            "unconfirmed": sum(map(needs_confirmation, entries)),
        }
        for kind, shelf in SHELVES.items()
        for entries in [list(shelf.entries().values())]
    ]
    return render(request, "programs/library.html", {"shelves": shelves} | _about())


@needs(Permission.LIBRARY_VIEW)
def shelf(request: SignedInRequest, kind: str) -> HttpResponse:
    """Every entry of one kind."""
    found = _shelf(kind)
    rows = [
        {"code": it.code, "title": getattr(it, found.title), "sub": _words(getattr(it, found.sub)), "claim": it}
        for it in found.entries().values()
    ]
    changed = rule_pages.changed_codes() if kind in CHANGEABLE else frozenset()
    context = {"kind": kind, "label": found.label, "rows": rows, "changed": changed}
    return render(request, "programs/shelf.html", context | _about())


@needs(Permission.LIBRARY_VIEW)
def entry(request: SignedInRequest, kind: str, code: str) -> HttpResponse:
    """One entry with its full wording."""
    found = _shelf(kind)
    claim = found.entries().get(code)
    if claim is None:
        raise Http404
    context: dict[str, Any] = {"kind": kind, "label": found.label, "title": getattr(claim, found.title), "it": claim}
    context |= {**_details(kind, claim), **rule_pages.about(kind, claim)}
    return render(request, "programs/entry.html", context | _about())


def _shelf(kind: str) -> Shelf:
    if kind not in SHELVES:
        raise Http404
    return SHELVES[kind]


def _about() -> dict[str, Any]:
    versions = {"programs": rulebook().version, "patients": patients_rulebook().version}
    return {"active": "library", "versions": versions}


def _words(text: str) -> str:
    """A code by its name; any other text as it is."""
    if text in (urgencies := patients_rulebook().urgencies):
        return urgencies[text].label
    if text in (modalities := rulebook().modalities):
        return modalities[text].name
    return rulebook().self_care[text].label if text in rulebook().self_care else text.replace("_", " ")


def _details(kind: str, claim: Claim) -> dict[str, Any]:
    """What the entry names by code, by its name."""
    return _DETAILS[kind](claim) if kind in _DETAILS else {}


def _of_exercise(it: Any) -> dict[str, Any]:
    return {
        "stop_rules": [rulebook().stop_rules[code] for code in it.stop_rules],
        "precautions": [patients_rulebook().facts[code].label for code in it.precaution_facts],
    }


def _of_program(it: Any) -> dict[str, Any]:
    return {
        "entry_criteria": [wording.criterion_in_words(criterion) for criterion in it.entry_criteria],
        "exclusions": [patients_rulebook().facts[code].label for code in it.exclusion_facts],
        "sessions": wording.sessions_in_words(it),
        "exercises": rulebook().exercises,
    }


def _of_warning_sign(it: Any) -> dict[str, Any]:
    book, patients = rulebook(), patients_rulebook()
    return {
        "urgency": patients.urgencies[it.urgency],
        "may_indicate": [patients.conditions[code] for code in it.may_indicate],
        "blocked": [book.modalities[code].name for code in sorted(book.modalities_blocked_by(it.blocks))],
    }


def _of_contraindication(it: Any) -> dict[str, Any]:
    return {
        "treatment": _words(it.modality),
        "techniques": [_technique(code) for code in it.techniques],
        "when": [wording.test_in_words(test) for test in it.when],
        "severity": rulebook().severities[it.severity],
        "may_unlock": [professions()[code].label for code in it.override_roles],
    }


def _of_timing(it: Any) -> dict[str, Any]:
    return {
        "first": [_happening(it.first), *map(_technique, it.first_techniques)],
        "then": [*map(_happening, (it.then, *it.also)), *map(_technique, it.then_techniques)],
        "strength": rulebook().timing_strengths[it.strength],
        "may_unlock": [professions()[code].label for code in it.override_roles],
    }


def _of_medicines(it: Any) -> dict[str, Any]:
    return {"facts": [patients_rulebook().facts[code].label for code in it.facts]}


_DETAILS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "exercises": _of_exercise,
    "programs": _of_program,
    "warning-signs": _of_warning_sign,
    "contraindications": _of_contraindication,
    "timing": _of_timing,
    "medicines": _of_medicines,
}


def _technique(code: str) -> str:
    every = (technique for it in rulebook().modalities.values() for technique in it.techniques.values())
    return next(technique.name for technique in every if technique.code == code)


def _happening(code: str) -> str:
    events = rulebook().timing_events
    return events[code].label if code in events else _words(code)

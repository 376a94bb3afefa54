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
from people.web.guards import SignedInRequest, needs
from programs.rules.rulebook import needs_confirmation, rulebook
from programs.web import wording


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
    return render(request, "programs/shelf.html", {"kind": kind, "label": found.label, "rows": rows} | _about())


@needs(Permission.LIBRARY_VIEW)
def entry(request: SignedInRequest, kind: str, code: str) -> HttpResponse:
    """One entry with its full wording."""
    found = _shelf(kind)
    claim = found.entries().get(code)
    if claim is None:
        raise Http404
    context = {"kind": kind, "label": found.label, "title": getattr(claim, found.title), "it": claim}
    return render(request, "programs/entry.html", context | _details(kind, claim) | _about())


def _shelf(kind: str) -> Shelf:
    if kind not in SHELVES:
        raise Http404
    return SHELVES[kind]


def _about() -> dict[str, Any]:
    versions = {"programs": rulebook().version, "patients": patients_rulebook().version}
    return {"active": "library", "versions": versions}


def _words(text: str) -> str:
    urgencies = patients_rulebook().urgencies
    return urgencies[text].label if text in urgencies else text.replace("_", " ")


def _details(kind: str, claim: Claim) -> dict[str, Any]:
    """What the entry names by code, by its name."""
    book, patients = rulebook(), patients_rulebook()
    it: Any = claim
    match kind:
        case "exercises":
            return {
                "stop_rules": [book.stop_rules[code] for code in it.stop_rules],
                "precautions": [patients.facts[code].label for code in it.precaution_facts],
            }
        case "programs":
            return {
                "entry_criteria": [wording.criterion_in_words(criterion) for criterion in it.entry_criteria],
                "exclusions": [patients.facts[code].label for code in it.exclusion_facts],
                "sessions": wording.sessions_in_words(it),
                "exercises": book.exercises,
            }
        case "warning-signs":
            return {
                "urgency": patients.urgencies[it.urgency],
                "may_indicate": [patients.conditions[code] for code in it.may_indicate],
                "blocked": [book.modalities[code].name for code in sorted(book.modalities_blocked_by(it.blocks))],
            }
    return {}

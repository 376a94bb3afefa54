"""The form on paper, for who would rather write: staff type it in through the same pages."""

from django.http import HttpResponse
from django.shortcuts import render

from patients.rules.intake_groups import groups_of
from patients.rules.intake_parts import PLACES, SIDES, pages
from patients.rules.rulebook import rulebook
from patients.web import bodymap
from patients.web.intake_forms import causes_by_group, symptoms_by_kind
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs


@needs(Permission.CONTACT_VIEW)
def paper(request: SignedInRequest) -> HttpResponse:
    """Every question in the order of the screen, nobody's name on it yet."""
    book = rulebook()
    titles = {code: [(it.title, _lines(it.facts, it.words)) for it in groups_of(code, book=book)] for code in _PARTS}
    context = {
        "active": "patients",
        "causes": causes_by_group(),
        "symptoms": symptoms_by_kind(),
        "places": [(it.words, [SIDES[side] for side in ("left", "right")] if it.has_sides else []) for it in PLACES],
        "regions": bodymap.regions(()),
        "ticks": [group for part in _PARTS for group in titles[part]],
        "safety": [question for page in pages(None) for question in page.questions],
        "rows": range(6),
        "goals": range(3),
        "scale": range(11),
        "version": book.version,
    }
    return render(request, "patients/intake_paper.html", context)


_PARTS = ("kinds", "conditions", "conditions-more", "recent", "allergies", "safety-more")


def _lines(facts: tuple[str, ...], words: tuple[str, ...]) -> tuple[str, ...]:
    return words or tuple(rulebook().facts[code].patient_question for code in facts)

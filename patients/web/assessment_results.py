"""How a patient does over time: every scale as a line and as a table, with the threshold that decides."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from patients.models import Outcome
from patients.rules.entries import Measure
from patients.rules.rulebook import rulebook
from patients.web import assessment_glance, assessment_maps
from patients.web.assessment_pages import about
from patients.web.records import open_record
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs

A_PAGE = 50


@needs(Permission.RECORD_VIEW)
def results(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """The pain and disability lines, and every score that was kept, newest first."""
    patient = open_record(request, patient_id)
    rows = Outcome.objects.visible_to(request.user).filter(patient=patient).select_related("by")
    page = Paginator(rows.order_by("-on", "-at"), A_PAGE).get_page(request.GET.get("page"))
    context = {
        "lines": assessment_glance.lines(patient, request.user),
        "maps": assessment_maps.over_time(patient, request.user),
        "page": page,
        "scores": [{"it": it, "name": _name(it), "words": _words(it)} for it in page],
    }
    return render(request, "patients/assessment_results.html", context | about(request, patient))


def _name(it: Outcome) -> str:
    known = rulebook().measures.get(it.measure)
    return known.name if known else it.measure


def _words(it: Outcome) -> str:
    """What was scored, in short; a scale with too little answered says so."""
    known = rulebook().measures.get(it.measure)
    said = [f"{name}: {value:g}" for name, value in it.values.items() if isinstance(value, int | float)
            and not isinstance(value, bool)]  # fmt: skip
    if it.answers.get("worst_24h") is not None:
        said.insert(0, _("worst in 24 hours: %(n)d") % {"n": it.answers["worst_24h"]})
    band = _band(known, it.band) if known else it.band
    return ", ".join([*said, *([band] if band else [])]) or _("too little answered to be scored")


def _band(measure: Measure, code: str) -> str:
    found = next((band for band in measure.bands if band["code"] == code), {})
    return str(found.get("label", code.replace("_", " ")))

"""How a patient does over time: every scale as a line and as a table, with the threshold that decides."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.models import Outcome
from patients.rules.entries import Measure
from patients.rules.rulebook import rulebook
from patients.web import assessment_glance, assessment_maps
from patients.web.assessment_pages import about
from patients.web.records import open_record
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs

A_PAGE = 50
# What `patients.rules.scoring` calls its numbers, and its warnings where they are true.
NUMBERS: Final[Mapping[str, Any]] = {
    "current": gettext_lazy("now"),
    "average3": gettext_lazy("mean of what was answered"),
    "raw": gettext_lazy("points"),
    "percent": gettext_lazy("per cent"),
    "raw_equivalent": gettext_lazy("as points of 50"),
    "mean": gettext_lazy("mean"),
    "n": gettext_lazy("activities rated"),
    "value": gettext_lazy("change"),
    "per_30": gettext_lazy("days with headache in 30"),
    "simple_per_30": gettext_lazy("days with a simple painkiller in 30"),
    "combination_per_30": gettext_lazy("days with a combination, a triptan or an opioid in 30"),
    "disturbance": gettext_lazy("sleep disturbed"),
    "efficiency": gettext_lazy("per cent of the time in bed asleep"),
    "mean_tst_hours": gettext_lazy("hours asleep"),
    "overdone_days": gettext_lazy("days with more done than prescribed"),
}
WARNINGS: Final[Mapping[str, Any]] = {
    "overuse_warning": gettext_lazy("painkillers on too many days"),
    "moh_possible": gettext_lazy("headache from painkillers is possible"),
    "chronic_pattern": gettext_lazy("headache on half of the days or more"),
}


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
    said = [
        f"{NUMBERS.get(name, name)}: {value:g}"
        for name, value in it.values.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    said += [str(WARNINGS[name]) for name, value in it.values.items() if value is True and name in WARNINGS]
    if it.answers.get("worst_24h") is not None:
        said.insert(0, _("worst in 24 hours: %(n)d") % {"n": it.answers["worst_24h"]})
    band = _band(known, it.band) if known else it.band
    said += [_("band: %(band)s") % {"band": band}] if band else []
    return ", ".join(said) or _("too little answered to be scored")


def _band(measure: Measure, code: str) -> str:
    found = next((band for band in measure.bands if band["code"] == code), {})
    return str(found.get("label", code.replace("_", " ")))

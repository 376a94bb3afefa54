"""Adverse events: recorded after a treatment, listed for the clinic, and seen to when they are severe."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from patients.web.records import banner, open_record
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import adverse_events
from programs.models import AdverseEvent, TreatmentGiven
from programs.models.treatment import AdverseEventQuerySet
from programs.web import given_words
from programs.web.adverse_forms import AdverseForm, SeenToForm

A_PAGE = 30
MOST_SHOWN = 5  # beside the day; the list has all of them


@needs(Permission.RECORD_EDIT)
def record(request: SignedInRequest, treatment_id: UUID) -> HttpResponse:
    """Something happened after this treatment. The note it stands in may be signed for years."""
    rows = TreatmentGiven.objects.visible_to(request.user).select_related("session", "by")
    treatment = rows.filter(pk=treatment_id).first()
    if treatment is None:
        raise Http404
    patient, today = open_record(request, treatment.patient_id), timezone.localdate()
    form = AdverseForm(request.POST if request.method == "POST" else None, today=today)
    if form.is_valid():
        try:
            adverse_events.record(treatment, **form.cleaned_data, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Written down. It stays with the record."))
            return redirect("programs:treatments", patient.pk)
    context = {"active": "patients", "form": form, "row": given_words.row(treatment)}
    return render(request, "programs/adverse_record.html", context | banner(patient, request.user, today))


@needs(Permission.RECORD_VIEW)
def events(request: SignedInRequest) -> HttpResponse:
    """Every adverse event of the clinic, newest first; `?severity=` narrows it. On top what waits for somebody."""
    asked = request.GET.get("severity", "")
    found = _told(AdverseEvent.objects.visible_to(request.user))
    if asked in AdverseEvent.Severity.values:
        found = found.filter(severity=asked)
    page = Paginator(found.order_by("-noticed_on", "-at"), A_PAGE).get_page(request.GET.get("page"))
    waiting = _told(AdverseEvent.objects.visible_to(request.user).severe_and_open())
    context: dict[str, Any] = {
        "active": "my_day",
        "page": page,
        "lines": [(it, given_words.row(it.treatment)) for it in page],
        "waiting": [(it, given_words.row(it.treatment)) for it in waiting.order_by("at")],
        "severities": AdverseEvent.Severity.choices,
        "asked": asked,
        "form": SeenToForm(auto_id=False),
    }
    return render(request, "programs/adverse_list.html", context)


@needs(Permission.RECORD_VIEW)
def mine(request: SignedInRequest) -> HttpResponse:
    """The severe events of my patients that nobody has seen to, as a part of my day."""
    found = _told(AdverseEvent.objects.visible_to(request.user).severe_and_open().in_charge_of(request.user))
    rows = list(found.order_by("at")[: MOST_SHOWN + 1])
    context = {"rows": rows[:MOST_SHOWN], "more": len(rows) > MOST_SHOWN, "active": "my_day"}
    if request.headers.get("HX-Request"):
        return render(request, "programs/adverse_mine.html#mine", context)
    return render(request, "programs/adverse_mine.html", context)


@needs(Permission.RECORD_VIEW)
def mark(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """What the banner of a patient says of adverse events; nothing if there were none."""
    patient = open_record(request, patient_id)
    rows = AdverseEvent.objects.visible_to(request.user).filter(patient=patient)
    newest = rows.select_related("treatment").order_by("-noticed_on", "-at").first()
    context: dict[str, Any] = {"newest": newest, **banner(patient, request.user, timezone.localdate())}
    if newest is not None:
        context |= {"count": rows.count(), "name": given_words.name_of(newest.treatment.modality)}
    if request.headers.get("HX-Request"):
        return render(request, "programs/adverse_mark.html#mark", context)
    return render(request, "programs/adverse_mark.html", context | {"active": "patients"})


@needs(Permission.RECORD_EDIT)
@require_POST
def see_to(request: SignedInRequest, event_id: UUID) -> HttpResponse:
    """Say what was done about a severe one."""
    event = AdverseEvent.objects.visible_to(request.user).filter(pk=event_id).first()
    if event is None:
        raise Http404
    form = SeenToForm(request.POST)
    try:
        said = form.cleaned_data if form.is_valid() else {"deed": "", "note": ""}
        adverse_events.see_to(event, deed=said["deed"], note=said["note"], by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Written down."))
    return redirect("programs:adverse_events")


def _told(rows: AdverseEventQuerySet) -> AdverseEventQuerySet:
    return rows.select_related("patient", "by", "treatment__session__plan__started_by", "treatment__by")

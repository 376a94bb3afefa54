"""One ranked list of the patients a clinician should look at, each with why, and what was done about it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from patients.models import Patient
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import worklist as working
from programs.models import Plan, WorklistAction
from programs.rules import worklist as ranking
from programs.rules.worklist import Kind, Reason
from programs.web import worklist_reasons
from programs.web.forms import WorkedForm

A_PAGE = 25


@dataclass(frozen=True, slots=True)
class Shown:
    """A patient of the list as the page prints it."""

    patient: Patient
    reasons: tuple[Reason, ...]
    last: WorklistAction | None  # what was done about anything last


@needs(Permission.RECORD_VIEW)
def worklist(request: SignedInRequest) -> HttpResponse:
    """My patients, the gravest first; `?who=all` shows everybody's, `?kind=` one kind of reason."""
    return render(request, "programs/worklist.html", _page(request))


@needs(Permission.RECORD_EDIT)
@require_POST
def act(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Note what was done about one reason, and when to look again."""
    patient = Patient.objects.visible_to(request.user).filter(pk=patient_id).first()
    if patient is None:
        raise Http404
    form = WorkedForm(request.POST)
    if not form.is_valid():
        return _refused(request, patient, " ".join(str(it) for errors in form.errors.values() for it in errors))
    try:
        plan = Plan.objects.visible_to(request.user).active().filter(patient=patient).first()
        working.act(patient, **form.cleaned_data, plan=plan, by=request.user, now=timezone.now())
    except Refused as refusal:
        return _refused(request, patient, str(refusal))
    messages.success(request, _("Noted for %(name)s.") % {"name": patient.list_name})
    who = "?who=all" if request.POST.get("who") == "all" else ""
    return redirect(reverse("programs:worklist") + who)


def _refused(request: SignedInRequest, patient: Patient, why: str) -> HttpResponse:
    typed: dict[str, Any] = {name: request.POST.get(name, "") for name in ("kind", "occasion", "deed", "note")}
    typed |= {"patient": patient.pk, "again": request.POST.get("look_again_on", "")}
    return render(request, "programs/worklist.html", _page(request) | {"refusal": why, "typed": typed})


def _page(request: SignedInRequest) -> dict[str, Any]:
    now = timezone.now()
    everybody = "all" in (request.GET.get("who"), request.POST.get("who"))
    patients = worklist_reasons.mine(request.user, everybodys=everybody)
    reasons = worklist_reasons.all_of(patients, request.user, now=now)
    done = worklist_reasons.answers(list({it.patient for it in reasons}))
    lines = ranking.ranked(reasons, done, on=timezone.localdate(now))
    counts = {kind: sum(any(it.kind == kind for it in line.reasons) for line in lines) for kind in Kind}
    kind = request.GET.get("kind", "")
    if kind in Kind.values:
        lines = [line for line in lines if any(it.kind == kind for it in line.reasons)]
    page = Paginator(lines, A_PAGE).get_page(request.GET.get("page"))
    of = Patient.objects.visible_to(request.user).in_bulk([line.patient for line in page])
    last = WorklistAction.objects.filter(patient__in=of).order_by("patient", "-at").distinct("patient")
    did = {it.patient_id: it for it in last.select_related("by")}
    return {
        "active": "my_day",
        "everybody": everybody,
        "page": page,
        "rows": [Shown(of[it.patient], it.reasons, did.get(it.patient)) for it in page if it.patient in of],
        "kinds": [(it.value, it.label, counts[it]) for it in Kind],
        "kind": kind,
        "deeds": WorklistAction.Deed.choices,
        "today": timezone.localdate(now),
    }

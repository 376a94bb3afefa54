"""What patients asked about their record: to put it right, or to be forgotten; and the clinic's promises."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.appointments.web import names
from clinic.desk.inbox_forms import DecisionForm, PolicyForm
from patients.actions import record_requests
from patients.models import Correction, Erasure, RecordPolicy
from patients.web.records import open_record
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs

ON_A_PAGE = 25


@needs(Permission.CONTACT_VIEW)
def requests(request: SignedInRequest) -> HttpResponse:
    """The longest wait first. `?show=all` are the decided ones, too."""
    shows_all = request.GET.get("show") == "all"
    asked = Correction.objects.visible_to(request.user)
    rows = (asked.order_by("-asked_at") if shows_all else asked.undecided()).select_related("patient", "decided_by")
    forget = Erasure.objects.visible_to(request.user).select_related("patient", "seen_by")
    context = {
        "active": "inbox",
        "shows_all": shows_all,
        "page": Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page")),
        "forget": (forget if shows_all else forget.open())[:ON_A_PAGE],
        "hide_names": names.are_hidden(request),
    }
    return render(request, "desk/requests.html", context)


@needs(Permission.CONTACT_VIEW)
def request_of(request: SignedInRequest, correction_id: UUID) -> HttpResponse:
    """One correction. A POST decides it."""
    kept = Correction.objects.visible_to(request.user).select_related("decided_by").filter(pk=correction_id).first()
    if kept is None:
        raise Http404
    form = DecisionForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        is_accepted = form.cleaned_data["outcome"] == Correction.Outcome.ACCEPTED
        try:
            record_requests.decide(
                kept,
                is_accepted=is_accepted,
                reason=form.cleaned_data["reason"],
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Decided. The patient reads it under “My data”."))
            return redirect("desk:requests")
    patient = open_record(request, kept.patient_id)
    return render(request, "desk/request.html", {"active": "inbox", "it": kept, "patient": patient, "form": form})


@needs(Permission.CONTACT_EDIT)
@require_POST
def forgotten(request: SignedInRequest, erasure_id: UUID) -> HttpResponse:
    """Somebody at the clinic knows of it."""
    kept = Erasure.objects.visible_to(request.user).filter(pk=erasure_id).first()
    if kept is None:
        raise Http404
    try:
        record_requests.see(kept, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Noted."))
    return redirect("desk:requests")


@needs(Permission.CLINIC_SETUP)
def policy(request: SignedInRequest) -> HttpResponse:
    """How fast messages are answered, and how long records are kept."""
    form = PolicyForm(request.POST if request.method == "POST" else None, instance=RecordPolicy.current())
    if form.is_valid():
        record_requests.set_policy(by=request.user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("desk:record_policy")
    return render(request, "desk/record_policy.html", {"active": "setup", "form": form})

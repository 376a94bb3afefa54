"""What patients texted back that a person has to read, and addresses that somebody has to ask about."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.reminders.actions import answers, wishes
from clinic.reminders.models import ContactPreference, InboundText, Message
from patients.models import Patient
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs

_PAGE = 25
_BESIDE = 5  # on the page of tasks
_DOUBTED = {"email": Message.Channel.EMAIL, "mobile": Message.Channel.SMS}


@needs(Permission.MESSAGE_VIEW)
def to_look_at(request: SignedInRequest) -> HttpResponse:
    """Newest first. As a part of the page of tasks only the first few."""
    texts = InboundText.objects.visible_to(request.user).to_look_at()
    rows = texts.select_related("patient", "message__appointment__site").order_by("-received_at")
    doubted = ContactPreference.objects.visible_to(request.user).filter(
        ~Q(doubtful_email="") | ~Q(doubtful_mobile=""), patient__archived_at=None, patient__died_on=None
    )
    calls = Message.objects.visible_to(request.user)
    context: dict[str, Any] = {
        "active": "tasks",
        "page": Paginator(rows, _PAGE).get_page(request.GET.get("page")),
        "calls": calls.to_call(timezone.now()).for_ledger().order_by("starts_at")[:_PAGE],
        "doubted": doubted.select_related("patient").order_by("-doubted_at")[:_PAGE],
    }
    if not request.headers.get("HX-Request"):
        return render(request, "reminders/answers.html", context)
    few = {"page": context["page"].object_list[:_BESIDE], "doubted": context["doubted"][:_BESIDE], "is_part": True}
    few["calls"] = context["calls"][:_BESIDE]
    return render(request, "reminders/answers.html#list", context | few)


@needs(Permission.MESSAGE_VIEW)
@require_POST
def dealt_with(request: SignedInRequest, text_id: UUID) -> HttpResponse:
    """Read, and done what had to be done."""
    text = InboundText.objects.visible_to(request.user).filter(pk=text_id).first()
    if text is None:
        raise Http404
    try:
        answers.dealt_with(text, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Noted: dealt with."))
    return redirect("reminders:answers")


@needs(Permission.CONTACT_EDIT)
@require_POST
def is_right(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Somebody has asked: the address is the patient's."""
    patient = Patient.objects.visible_to(request.user).filter(pk=patient_id).first()
    channel = _DOUBTED.get(request.POST.get("which", ""))
    if patient is None or channel is None:
        raise Http404
    wishes.trust(patient, channel, by=request.user)
    messages.success(request, _("Noted: the address is right."))
    return redirect("reminders:answers")

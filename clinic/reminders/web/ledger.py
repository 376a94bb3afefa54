"""What was sent, what was not and why, and what is coming. Kinds and times only; nothing about health."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from clinic.appointments.models import Appointment
from clinic.reminders.actions import second_thoughts, visit_reminders
from clinic.reminders.models import LastLook, Message
from clinic.reminders.models.message import ABOUT_A_VISIT, MessageQuerySet
from clinic.reminders.rules.telling import Answer, Said, did_we_tell
from patients.models import Patient
from patients.web.records import open_record
from people.models import User
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs

_PAGE = 50
_OF_ONE = 100  # of one patient; older ones are in the ledger
_SHOWN_AHEAD = timedelta(days=14)


class SecondThought(Protocol):
    """A deed of `second_thoughts`."""

    def __call__(self, message: Message, *, by: User, now: datetime) -> None: ...


FILTERS = {
    "newest": gettext_lazy("Newest"),
    "overdue": gettext_lazy("Overdue"),
    "failed": gettext_lazy("Needs a person"),
    "unsent": gettext_lazy("Not sent"),
    "coming": gettext_lazy("Coming"),
}


@needs(Permission.MESSAGE_VIEW)
def ledger(request: SignedInRequest) -> HttpResponse:
    """Every message, and above them what tells whether messages go out at all."""
    now = timezone.now()
    show = request.GET.get("show", "newest")
    if show not in FILTERS:
        raise Http404
    rows = Message.objects.visible_to(request.user)
    page = Paginator(_filtered(rows, show, now=now).for_ledger(), _PAGE).get_page(request.GET.get("page"))
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    context = {
        "active": "messages",
        "page": page,
        "show": show,
        "filters": FILTERS,
        "nobody_since": LastLook.missed_since(now),
        "health": rows.health(now=now, since=midnight),
        "now": now,
        "back": request.get_full_path(),
    }
    return render(request, "reminders/ledger.html", context)


def _filtered(rows: MessageQuerySet, show: str, *, now: datetime) -> MessageQuerySet:
    if show == "overdue":
        return rows.overdue(now).order_by("due_at")
    if show == "failed":
        return rows.needing_a_person()
    if show == "unsent":
        return rows.not_sent()
    if show == "coming":
        return rows.coming().order_by("due_at")
    return rows.begun(now)


@needs(Permission.MESSAGE_VIEW)
def patient_messages(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Did we tell her? Everything to one patient, newest first."""
    patient = open_record(request, patient_id)
    rows = Message.objects.visible_to(request.user).of_patient(patient.pk)
    return _of_one(request, rows, patient=patient)


@needs(Permission.MESSAGE_VIEW)
def visit_messages(request: SignedInRequest, visit_id: UUID) -> HttpResponse:
    """Everything about one visit, also at the times it had before."""
    visit = Appointment.objects.visible_to(request.user).select_related("site").filter(pk=visit_id).first()
    if visit is None:
        raise Http404
    patient = open_record(request, visit.patient_id)
    rows = Message.objects.visible_to(request.user).about_visit(visit.pk)
    return _of_one(request, rows, patient=patient, visit=visit)


def _of_one(
    request: SignedInRequest, rows: MessageQuerySet, *, patient: Patient, visit: Appointment | None = None
) -> HttpResponse:
    now = timezone.now()
    found = list(rows.for_ledger().order_by("-due_at")[:_OF_ONE])
    coming = Appointment.objects.expected().filter(starts_at__gt=now).select_related("site")
    # Among everything else that is said to a patient, what comes in months is not of interest.
    of_these = {"pk": visit.pk} if visit else {"patient": patient, "starts_at__lt": now + _SHOWN_AHEAD}
    written = {it.occasion for it in found}
    later = visit_reminders.later(coming.filter(**of_these), written=written, now=now)
    is_fragment = bool(request.headers.get("HX-Request"))
    # A button pressed in a fragment comes back to the page around it.
    back = urlsplit(request.headers.get("HX-Current-URL", "")).path if is_fragment else request.get_full_path()
    context: dict[str, Any] = {
        "active": "messages",
        "rows": [*later, *found],
        "patient": patient,
        "visit": visit,
        "of_one": True,
        "back": back,
    }
    if visit is not None:
        context["told"], context["told_by"] = _did_we_tell(found)
    name = "reminders/of_one.html"
    return render(request, f"{name}#messages" if is_fragment else name, context)


def _did_we_tell(rows: Sequence[Message]) -> tuple[Answer, Message | None]:
    """Of the visit as it is now: what an older time was said to be does not count."""
    about = [(n, it) for n, it in enumerate(rows) if it.kind in ABOUT_A_VISIT and not it.is_overtaken]
    answer, place = did_we_tell(Said(n, it.state, it.delivered_at is not None) for n, it in about)
    return answer, None if place is None else rows[place]


@needs(Permission.MESSAGE_VIEW)
@require_POST
def resend(request: SignedInRequest, message_id: UUID) -> HttpResponse:
    return _second_thought(request, message_id, second_thoughts.resend, done=_("It will be sent again in a moment."))


@needs(Permission.MESSAGE_VIEW)
@require_POST
def called(request: SignedInRequest, message_id: UUID) -> HttpResponse:
    return _second_thought(request, message_id, second_thoughts.called, done=_("Noted: called."))


@needs(Permission.MESSAGE_VIEW)
@require_POST
def stop(request: SignedInRequest, message_id: UUID) -> HttpResponse:
    return _second_thought(request, message_id, second_thoughts.stop, done=_("This message will not be sent."))


def _second_thought(request: SignedInRequest, message_id: UUID, deed: SecondThought, *, done: str) -> HttpResponse:
    message = Message.objects.visible_to(request.user).filter(pk=message_id).first()
    if message is None:
        raise Http404
    try:
        deed(message, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    back = request.POST.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return redirect(back if is_ours else "reminders:ledger")

"""Writing with the clinic. Not for emergencies: every page says so and leads to help."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from clinic.portal.door import own
from clinic.portal.message_forms import MessageForm, NewMessageForm
from patients.actions import threads
from patients.models import Attachment, Patient, RecordPolicy, Thread
from patients.web.attachments import as_download
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest

ON_A_PAGE = 20


@own
def inbox(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """Every conversation, the newest first."""
    mine = Thread.objects.visible_to(request.user).filter(patient=patient).with_unread().order_by("-last_at")
    page = Paginator(mine, ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "portal/messages.html", _around() | {"page": page})


@own
def new(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """A first message about something. A POST sends it."""
    form = NewMessageForm(*_sent_in(request))
    if form.is_valid():
        try:
            thread = threads.begin(
                patient, form.cleaned_data["subject"], form.written, by=request.user, now=timezone.now()
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _sent(thread.pk)
    return render(request, "portal/message_new.html", _around() | {"form": form, "patient": patient})


@own
def thread(request: SignedInRequest, patient: Patient, thread_id: UUID) -> HttpResponse:
    """One conversation. Opening it marks the clinic's messages as read; a POST writes one more."""
    kept = Thread.objects.visible_to(request.user).filter(patient=patient, pk=thread_id).first()
    if kept is None:
        raise Http404
    form = MessageForm(*_sent_in(request))
    if form.is_valid():
        try:
            threads.write(kept, form.written, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _sent(kept.pk)
    posts = list(kept.posts.select_related("by").prefetch_related("attachments"))
    if request.method == "GET" and any(it.is_ours and it.read_at is None for it in posts):
        threads.seen(kept, by=request.user, now=timezone.now())
    context = {"thread": kept, "posts": posts, "form": form, "was_sent": "sent" in request.GET, "patient": patient}
    return render(request, "portal/thread.html", _around() | context)


@own
def attachment(request: SignedInRequest, patient: Patient, attachment_id: UUID) -> HttpResponse:
    """A file of a conversation, as a download."""
    mine = Thread.objects.visible_to(request.user).filter(patient=patient)
    kept = Attachment.objects.filter(post__thread__in=mine, pk=attachment_id).first()
    if kept is None:
        raise Http404
    return as_download(kept)


def _around() -> dict[str, Any]:
    return {"active": "messages", "answer_days": RecordPolicy.current().answer_working_days}


def _sent(thread_id: UUID) -> HttpResponse:
    """The page that comes then tells the browser to forget the draft."""
    return redirect(f"{reverse('portal:thread', args=[thread_id])}?sent=1#last")


def _sent_in(request: SignedInRequest) -> tuple[Any, Any]:
    """What a form is filled with: nothing on a page that was only opened."""
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)

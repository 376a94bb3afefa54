"""What patients write to us: read by the desk or by clinicians, answered, passed on, closed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.appointments.web import names
from clinic.desk.inbox_forms import AnswerForm, BeginForm
from patients.actions import threads
from patients.models import Attachment, Correction, Erasure, RecordPolicy, Thread
from patients.models.thread import ThreadQuerySet
from patients.rules.threads import Audience, answer_by
from patients.web.attachments import as_download
from patients.web.records import open_record
from people.models import Clinic, User
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs

ON_A_PAGE = 25
BESIDE = 5  # on the page of tasks
WAITING, MINE, ALL = "waiting", "mine", "all"


@needs(Permission.CONTACT_VIEW)
def inbox(request: SignedInRequest) -> HttpResponse:
    """The longest wait first. `?part=tasks` is the short form for the page of tasks, `?part=badge` the number."""
    now = timezone.now()
    seen = Thread.objects.visible_to(request.user)
    if request.GET.get("part") == "badge":
        return render(request, "desk/inbox.html#badge", {"count": seen.waiting().count()})
    show = request.GET.get("show", WAITING)
    page = Paginator(_shown(seen, show, request.user).for_pages(), ON_A_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "active": "inbox",
        "show": show,
        "page": page,
        "rows": _rows(list(page), now=now),
        "hide_names": names.are_hidden(request),
        "to_decide": Correction.objects.visible_to(request.user).undecided().count(),
        "to_forget": Erasure.objects.visible_to(request.user).open().count(),
    }
    if request.GET.get("part") == "tasks":
        return render(request, "desk/inbox.html#tasks", context | {"rows": context["rows"][:BESIDE]})
    return render(request, "desk/inbox.html", context)


def _shown(seen: ThreadQuerySet, show: str, user: User) -> ThreadQuerySet:
    if show == MINE:
        return seen.filter(assigned_to=user, closed_at=None).order_by("-last_at")
    return seen.order_by("-last_at") if show == ALL else seen.waiting()


def _rows(found: list[Thread], *, now: datetime) -> list[dict[str, Any]]:
    """Each with the day on which our promise ends, and whether that has passed."""
    promised, today = RecordPolicy.current().answer_working_days, Clinic.day_of(now)
    rows = []
    for it in found:
        since = it.waiting_since
        until = answer_by(timezone.localdate(since), working_days=promised) if since else None
        rows.append({"it": it, "until": until, "is_late": until is not None and until < today})
    return rows


@needs(Permission.CONTACT_VIEW)
def thread(request: SignedInRequest, thread_id: UUID) -> HttpResponse:
    """One conversation. A POST answers, says who answers, passes on or closes."""
    kept = Thread.objects.visible_to(request.user).for_pages().filter(pk=thread_id).first()
    if kept is None:
        raise Http404
    form = AnswerForm(request.POST if request.POST.get("do") == "answer" else None)
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            if _is_done(request, kept, form):
                return redirect("desk:messages") if _has_left(request, kept) else redirect("desk:thread", kept.pk)
        except Refused as problem:
            refusal = problem
    patient = open_record(request, kept.patient_id)
    context = {
        "active": "inbox",
        "thread": kept,
        "patient": patient,
        "row": _rows([kept], now=timezone.now())[0],
        "posts": kept.posts.select_related("by").prefetch_related("attachments"),
        "others": [it for it in User.objects.staff().active() if _may_read(it, kept)],
        "other_audience": next(it for it in Audience if it != kept.audience),
        "form": form,
        "refusal": refusal,
    }
    return render(request, "desk/thread.html", context)


def _is_done(request: SignedInRequest, kept: Thread, form: AnswerForm) -> bool:
    """Do what one of the forms asks. Raises `Refused`, and `Http404` for a form that the page does not have."""
    by, now, deed = request.user, timezone.now(), request.POST.get("do", "")
    if deed == "answer":
        if not form.is_valid():
            return False
        threads.write(kept, form.written, by=by, now=now)
        messages.success(request, _("Sent. The patient is told that there is a message."))
    elif deed == "assign":
        to = User.objects.staff().active().filter(pk=_uuid(request.POST.get("to"))).first()
        threads.assign(kept, to, by=by)
        messages.success(request, _("%(name)s answers.") % {"name": to.name} if to else _("Anybody may answer."))
    elif deed == "pass" and request.POST.get("to") in Audience.values:
        threads.pass_on(kept, request.POST["to"], by=by)
        messages.success(request, _("Passed on."))
    elif deed == "close":
        threads.close(kept, by=by, now=now)
        messages.success(request, _("Closed."))
    else:
        raise Http404
    return True


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _has_left(request: SignedInRequest, kept: Thread) -> bool:
    """Whether this user can no longer see it, as the desk cannot what it passed to the clinicians."""
    return not Thread.objects.visible_to(request.user).filter(pk=kept.pk).exists()


def _may_read(user: User, kept: Thread) -> bool:
    return user.may(Permission.RECORD_VIEW if kept.audience == Audience.CLINICIANS else Permission.CONTACT_VIEW)


@needs(Permission.CONTACT_EDIT)
def begin(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Write to a patient who did not write first."""
    patient = open_record(request, patient_id)
    form = BeginForm(request.POST if request.method == "POST" else None, user=request.user)
    if form.is_valid():
        try:
            kept = threads.begin(
                patient, form.cleaned_data["subject"], form.written, by=request.user, now=timezone.now()
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Sent. The patient is told that there is a message."))
            return redirect("desk:thread", kept.pk)
    return render(request, "desk/thread_new.html", {"active": "inbox", "patient": patient, "form": form})


@needs(Permission.CONTACT_VIEW)
def attachment(request: SignedInRequest, attachment_id: UUID) -> HttpResponse:
    """A file of a conversation that this user may read, as a download."""
    readable = Thread.objects.visible_to(request.user)
    kept = Attachment.objects.filter(post__thread__in=readable, pk=attachment_id).select_related("post__thread").first()
    if kept is None:
        raise Http404
    open_record(request, kept.post.thread.patient_id)
    return as_download(kept)

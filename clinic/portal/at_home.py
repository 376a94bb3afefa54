"""All my exercises with a calendar and a sheet to print; my desk and my nights; when to be reminded to move."""

from datetime import time
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_time
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.portal.door import own
from clinic.portal.forms import BreaksForm
from clinic.portal.home import active_plan, home
from clinic.portal.home import breaks as home_breaks
from clinic.reminders.models import ContactPreference
from patients.models import Patient
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest
from programs.actions import posture as checking
from programs.web import exercise_pages, exercise_sheet, posture_words


@own
def exercises(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """Every exercise of now, and the days it was done on: days per week, and nothing about days in a row."""
    today = timezone.localdate()
    plan = exercise_pages.newest(patient, request.user)
    context = {
        "active": "today",
        "plan": plan,
        "home": home(plan, today) if plan and plan.is_active else None,
        "calendar": exercise_pages.calendar(plan, request.GET.get("month", ""), today=today),
        "language": _language(patient),
    }
    return render(request, "portal/exercises.html", context)


@own
def sheet(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """The same as a PDF, in the language the patient is written to."""
    return exercise_sheet.made(request, patient, usual=_language(patient))


@own
def posture(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """The checklist in the patient's own time; a POST keeps it for the next visit."""
    typed = posture_words.posted(request.POST)
    context: dict[str, Any] = {"active": "plan", "was_sent": "sent" in request.GET}
    if request.method == "POST":
        try:
            checking.check(patient, typed, by=request.user, now=timezone.now())
        except Refused as refusal:
            context["refusal"] = str(refusal)
        else:
            messages.success(request, _("Kept. Your clinician sees it at the next visit."))
            return redirect(f"{reverse('portal:posture')}?sent=1")
    plan = active_plan(patient, request.user)
    context |= posture_words.told(patient, request.user, typed=typed, today=timezone.localdate())
    context |= {"plan": plan, "breaks": BreaksForm.of(plan.break_times) if plan else None}
    return render(request, "portal/posture.html", context)


@own
def print_posture(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """What to change at the desk and at night, to hang beside the screen."""
    told = posture_words.told(patient, request.user, typed={}, today=timezone.localdate())
    return render(request, "portal/posture_print.html", told | {"active": "plan", "patient": patient})


@own
@require_POST
def break_taken(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """Tick off one break of today, or take the tick back: the list alone for htmx."""
    plan = active_plan(patient, request.user)
    hour = _hour(request.POST.get("hour", ""))
    if plan is None or hour is None:
        raise Http404
    is_taken = request.POST.get("do") != "undo"
    try:
        checking.note_break(plan, hour, is_taken=is_taken, by=request.user, now=timezone.now())
    except Refused as refusal:
        said = str(refusal)
    else:
        words = _("Break at %(time)s: done.") if is_taken else _("Break at %(time)s: not done.")
        said = words % {"time": time_format(hour, "g:iA").lower()}
    if request.headers.get("HX-Request"):
        context = {"breaks": home_breaks(plan, timezone.localtime()), "said": said}
        return render(request, "portal/breaks.html", context)
    messages.success(request, said)
    return redirect(f"{reverse('portal:today')}#breaks")


@own
@require_POST
def breaks(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """Keep the times at which the patient wants to be reminded to move."""
    plan = active_plan(patient, request.user)
    if plan is None:
        raise Http404
    form = BreaksForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("A time reads like 10:30. Nothing was changed."))
        return redirect("portal:posture")
    times: list[time] = form.chosen()
    try:
        checking.set_breaks(plan, times, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Saved."))
    return redirect("portal:posture")


def _language(patient: Patient) -> str:
    """Empty if the patient has not chosen one. One query."""
    chosen = ContactPreference.objects.filter(patient=patient).values_list("language", flat=True).first()
    return chosen or ""


def _hour(text: str) -> time | None:
    try:
        return parse_time(text)
    except ValueError:  # such as 25:00
        return None

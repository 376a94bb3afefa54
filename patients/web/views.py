"""Finding a patient, and taking a new one on."""

import re
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from patients.actions import registration
from patients.actions.twins import close_matches
from patients.models import Patient
from patients.rules.search import LONGEST, Wanted, read
from patients.web.forms import RegistrationForm, typed_already
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs

PAGE = 25  # patients
LAST_PAGE = 400  # further on nobody reads; they search
MOST_CLOSE = 5


@needs(Permission.CONTACT_VIEW)
def patients(request: SignedInRequest) -> HttpResponse:
    """Everybody by name, or whoever fits what was typed. Enter in the box opens the first."""
    text = request.GET.get("q", "").strip()[:LONGEST]
    wanted = read(text, on=timezone.localdate())
    with_archived = request.GET.get("archived") == "1"
    seen = Patient.objects.visible_to(request.user)
    seen = seen if with_archived else seen.current()
    number = _page(request.GET.get("page", ""))
    asked = seen.matching(wanted) if text else seen.by_name()
    rows = list(asked[(number - 1) * PAGE : number * PAGE + 1])
    if rows and text and request.GET.get("open") == "first" and not request.headers.get("HX-Request"):
        return redirect("patients:patient", rows[0].pk)
    close = [] if rows or not text or number > 1 else seen.close_to(wanted, most=MOST_CLOSE)
    context = {
        "active": "patients",
        "q": text,
        "patients": rows[:PAGE],
        "close": close,
        "with_archived": with_archived,
        "next_page": number + 1 if len(rows) > PAGE and number < LAST_PAGE else None,
        "previous_page": number - 1,
    }
    template = "patients/list.html#results" if request.headers.get("HX-Request") else "patients/list.html"
    return render(request, template, context)


@needs(Permission.CONTACT_EDIT)
def register(request: SignedInRequest) -> HttpResponse:
    """One screen for a caller: name, birth date, mobile; then straight on to the first visit."""
    text = request.GET.get("q", "")[:LONGEST]
    wanted = read(text, on=timezone.localdate()) if text else Wanted()
    form = RegistrationForm(request.POST or None, initial=typed_already(text, wanted))
    context: dict[str, Any] = {"active": "patients", "form": form}
    if form.is_valid():
        try:
            patient = registration.register(
                by=request.user,
                now=timezone.now(),
                even_if_known="even_if_known" in request.POST,
                **form.cleaned_data,
            )
        except registration.PerhapsKnown as known:
            form.add_error(None, str(known))
            context |= {"matches": known.matches, "is_asked_twice": True}
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(_first_visit(patient.pk))
    return render(request, "patients/register.html", context)


@needs(Permission.CONTACT_EDIT)
@require_POST
def matches(request: SignedInRequest) -> HttpResponse:
    """Who is like the person being typed. Posted, though it changes nothing: names stay out of URLs and logs."""
    form = RegistrationForm(request.POST)
    form.is_valid()  # a half-typed field is left out, the others are compared
    return render(request, "patients/register.html#matches", {"matches": close_matches(form.instance)})


def _first_visit(patient_id: UUID) -> str:
    return f"{reverse('appointments:book')}?{urlencode({'patient': patient_id, 'service': 'first_assessment'})}"


def _page(typed: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,4}", typed):
        return 1
    return min(int(typed), LAST_PAGE)

"""The clinician's day: who comes next, what is to be signed, and which warning signs are open."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Case, Exists, IntegerField, OuterRef, Subquery, Value, When
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from clinic.appointments.models import Appointment
from clinic.appointments.models.appointment import AppointmentQuerySet
from clinic.appointments.rules.status import Status
from clinic.desk import clinician_worse
from patients.actions import signatures
from patients.models import Assessment, Intake, RedFlag
from patients.rules.rulebook import rulebook
from patients.web import intake_words, triage_words
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs

TO_SIGN = 20  # at most so many on the page; the count says how many there are
ALERTS_A_PAGE = 50
UNKNOWN_RANK = 99  # of an urgency that a newer rulebook no longer has
# Whoever is in the building comes before whoever is still expected; who cannot be checked in until somebody has
# looked does not sit in the waiting room behind the others.
TURN = {Status.IN_ROOM: 0, Status.ARRIVED: 2, Status.CONFIRMED: 3, Status.BOOKED: 3}
WAITS_FOR_US = 1


@dataclass(frozen=True, slots=True)
class Line:
    visit: Appointment
    flags: list[triage_words.FlagLine]

    @property
    def gravest(self) -> triage_words.FlagLine | None:
        return self.flags[0] if self.flags else None


@needs(Permission.RECORD_VIEW)
def my_day(request: SignedInRequest) -> HttpResponse:
    """My visits today, the next patient on top; `?who=all` shows everybody's."""
    everybody = request.GET.get("who") == "all"
    now = timezone.now()
    visits = _visits_on(now, request)
    if not everybody:
        visits = visits.filter(clinician__user=request.user)
    lines = _lines(visits, request)
    to_sign = Assessment.objects.visible_to(request.user).unsigned().filter(author=request.user)
    unsigned = to_sign.select_related("patient", "appointment").order_by("started_at")
    next_up = _next_up(lines)
    # Only a visit has a page on which to sign second.
    second = signatures.to_countersign(request.user).filter(appointment__isnull=False)
    worse = clinician_worse.worse(request.user, on=timezone.localdate(now), everybodys=everybody)
    context = {
        "active": "my_day",
        "everybody": everybody,
        "today": timezone.localdate(now),
        "lines": lines,
        "next_up": next_up,
        "story": _story(next_up, request) if next_up else "",
        "to_sign": unsigned[:TO_SIGN],
        "to_sign_count": to_sign.count(),
        "second": second.select_related("patient", "signed_by", "appointment")[:TO_SIGN],
        "worse": worse[: clinician_worse.MOST_SHOWN],
        "worse_count": len(worse),
        "open_flags_count": RedFlag.objects.visible_to(request.user).open().count(),
    }
    return render(request, "desk/clinician_day.html", context)


@needs(Permission.RECORD_VIEW)
def alerts(request: SignedInRequest) -> HttpResponse:
    """Every open warning sign in the clinic, gravest first, then newest, with what to do about it."""
    book = rulebook()
    flags = RedFlag.objects.visible_to(request.user).open()
    known = [When(urgency=code, then=Value(urgency.rank)) for code, urgency in book.urgencies.items()]
    # Ranked in the database, so that page one holds the gravest of all; an urgency nobody knows counts as gravest.
    gravity = Case(*known, default=Value(UNKNOWN_RANK), output_field=IntegerField())
    ranked = flags.select_related("patient").order_by(gravity.desc(), "-raised_at", "pk")
    page = Paginator(ranked, ALERTS_A_PAGE).get_page(request.GET.get("page"))
    context = {"active": "my_day", "page": page, "lines": triage_words.flag_lines(page)}
    return render(request, "desk/clinician_alerts.html", context)


def _visits_on(now: datetime, request: SignedInRequest) -> AppointmentQuerySet:
    day = timezone.localdate(now)
    first = datetime.combine(day, time.min, tzinfo=request.clinic.zone)
    # By the calendar and not plus 24 hours: the day the clocks change has 23 or 25.
    last = datetime.combine(day + timedelta(days=1), time.min, tzinfo=request.clinic.zone)
    forms = Intake.objects.visible_to(request.user).filter(patient=OuterRef("patient"))
    sent = forms.submitted().order_by("-submitted_at").values("submitted_at")[:1]
    visits = Appointment.objects.visible_to(request.user).standing().starting_between(first, last)
    return visits.select_related("patient", "clinician", "site", "assessment").annotate(
        form_sent_at=Subquery(sent), form_is_open=Exists(forms.open())
    )


def _lines(visits: AppointmentQuerySet, request: SignedInRequest) -> list[Line]:
    found = list(visits)
    flags = RedFlag.objects.visible_to(request.user).open().filter(patient__in=[it.patient_id for it in found])
    of: dict[UUID, list[RedFlag]] = defaultdict(list)
    for flag in flags:
        of[flag.patient_id].append(flag)
    return [Line(visit, triage_words.flag_lines(of[visit.patient_id])) for visit in found]


def _next_up(lines: Iterable[Line]) -> Line | None:
    waiting = [line for line in lines if line.visit.status in TURN]
    return min(waiting, key=lambda line: (turn(line.visit), line.visit.starts_at), default=None)


def turn(visit: Appointment) -> int:
    return WAITS_FOR_US if visit.waits_for_clinician else TURN[Status(visit.status)]


def _story(line: Line, request: SignedInRequest) -> str:
    forms: Any = Intake.objects.visible_to(request.user).submitted().filter(patient=line.visit.patient)
    return intake_words.story(forms.order_by("-submitted_at").first())

"""What a patient needs today, on one page; and one exercise with its steps."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.appointments.models import Appointment
from clinic.portal.door import own
from clinic.portal.home import active_plan, breaks, home
from clinic.portal.visits import may_change
from patients.models import Intake, Patient
from people.models import User
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest
from programs.actions import exercises
from programs.models import ExerciseDone, Plan, PlanExercise
from programs.rules.next_dose import TOO_MUCH_PAIN
from programs.rules.rulebook import rulebook

PAINS = range(exercises.MOST_PAIN + 1)
NUMBERS = frozenset(map(str, PAINS))


@own
def today(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """Next visit, exercises, the week, the form. A POST ticks every exercise of today that is left."""
    now, day = timezone.localtime(), timezone.localdate()
    if request.method == "POST":
        return _tick_all(request, patient, day)
    visit = next_visit(patient, request.user, now)
    context = _at_home(patient, request.user, day)
    context |= {
        "active": "today",
        "breaks": breaks(context["plan"], now) if context["plan"] else [],
        "patient": patient,
        "greeting": _greeting(now),
        "visit": visit,
        "can_change": visit is not None and may_change(visit, now),
        "owes_form": visit is not None and not _has_sent_a_form(patient, request.user),
    }
    return render(request, "portal/today.html", context)


@own
def exercise(request: SignedInRequest, patient: Patient, exercise_id: UUID) -> HttpResponse:
    """How to do it. A POST ticks it off for today, says how it felt, or takes the tick back."""
    mine = PlanExercise.objects.visible_to(request.user).filter(plan__patient=patient).select_related("plan", "phase")
    it = mine.filter(pk=exercise_id).first()
    known = rulebook().exercises.get(it.code) if it else None
    if it is None or known is None:
        raise Http404
    if request.method == "POST":
        return _tick(request, patient, it)
    day = timezone.localdate()
    context = {
        "active": "today",
        "it": it,
        "known": known,
        "stop_rules": [
            rulebook().stop_rules[code].text.replace("911", request.clinic.emergency_number)
            for code in known.stop_rules
        ],
        "is_for_today": it.plan.is_active and it.dropped_in is None and it.phase.holds_on(day),
        "done": it.done.filter(on=day).first(),
        "feelings": ExerciseDone.Feeling.choices,
        "pains": PAINS,
    }
    return render(request, "portal/exercise.html", context)


def next_visit(patient: Patient, user: User, now: datetime) -> Appointment | None:
    coming = Appointment.objects.visible_to(user).filter(patient=patient, ends_at__gt=now).expected()
    return coming.select_related("clinician", "site").order_by("starts_at").first()


def _has_sent_a_form(patient: Patient, user: User) -> bool:
    return Intake.objects.visible_to(user).filter(patient=patient).submitted().exists()


def _greeting(now: datetime) -> str:
    if now.hour < 12:
        return _("Good morning")
    return _("Good afternoon") if now.hour < 18 else _("Good evening")


def _at_home(patient: Patient, user: User, day: date) -> dict[str, Any]:
    followed = Plan.objects.visible_to(user).unfinished().filter(patient=patient).first()
    plan = followed if followed and followed.is_active else None
    found = home(plan, day) if plan else None
    return {
        "plan": plan,
        "is_paused": followed is not None and plan is None,
        "home": found,
        "today": day,
        "feelings": ExerciseDone.Feeling.choices,
        "pains": PAINS,
    }


def _tick_all(request: SignedInRequest, patient: Patient, day: date) -> HttpResponse:
    plan = active_plan(patient, request.user)
    if plan is None:
        raise Http404
    codes = frozenset(card.it.code for card in home(plan, day).asked)
    count = exercises.tick_all(plan, on=day, by=request.user, now=timezone.now(), only=codes)
    said = ngettext("%(n)d exercise marked as done.", "%(n)d exercises marked as done.", count) % {"n": count}
    return _answer(request, patient, said, anchor="exercises")


def _tick(request: SignedInRequest, patient: Patient, it: PlanExercise) -> HttpResponse:
    day, now = timezone.localdate(), timezone.now()
    name = rulebook().exercises[it.code].name
    try:
        if request.POST.get("do") == "undo":
            exercises.untick(it, on=day, by=request.user, now=now)
            said = _("%(name)s: not done yet.") % {"name": name}
        else:
            felt, hurt = request.POST.get("feeling", ""), request.POST.get("pain", "")
            pain = int(hurt) if hurt in NUMBERS else None
            exercises.tick(it, on=day, by=request.user, now=now, feeling=felt, pain=pain)
            said = _("%(name)s: done.") % {"name": name}
            if pain is not None and pain > TOO_MUCH_PAIN:
                said = _("%(name)s: noted. Stop when pain goes above 5. Your clinician will see this.") % {"name": name}
    except Refused as refusal:
        said = str(refusal)
    return _answer(request, patient, said, anchor=f"ex-{it.pk}", exercise=it)


def _answer(
    request: SignedInRequest, patient: Patient, said: str, *, anchor: str, exercise: PlanExercise | None = None
) -> HttpResponse:
    """The card alone for htmx; without JavaScript, back to the page it came from, at the same place."""
    if request.headers.get("HX-Request"):
        context = _at_home(patient, request.user, timezone.localdate()) | {"said": said}
        return render(request, "portal/today.html#exercises", context)
    messages.success(request, said)
    if exercise is not None and request.POST.get("from") == "exercise":
        return redirect("portal:exercise", exercise.pk)
    return redirect(f"{reverse('portal:today')}#{anchor}")

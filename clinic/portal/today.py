"""What a patient needs today, on one page; and one exercise with its steps."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.appointments.models import Appointment
from clinic.portal.door import is_open, own
from clinic.portal.home import active_plan, breaks, home
from clinic.portal.taps import tap_of
from clinic.portal.visit_deeds import may_change, may_say_here
from patients.actions import pain_diary
from patients.models import Intake, Patient, Thread
from patients.rules.intake_parts import MINUTES, PARTS, is_filled_in, pages
from people.models import User
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest
from programs.actions import exercises
from programs.models import ExerciseDone, Plan, PlanExercise
from programs.rules.next_dose import TOO_MUCH_PAIN
from programs.rules.rulebook import rulebook
from programs.rules.sheet_words import sheet_words
from programs.rules.usual import dosage_of
from programs.templatetags.programs import exercise_name

PAINS = range(exercises.MOST_PAIN + 1)
NUMBERS = frozenset(map(str, PAINS))


@own
def today(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """Next visit, exercises, the week, the form. A POST ticks every exercise of today that is left."""
    now, day = timezone.localtime(), timezone.localdate()
    if request.method == "POST":
        return _tick_all(request, patient)
    sees_visits = is_open(request, "portal:visits")
    visit = next_visit(patient, request.user, now) if sees_visits else None
    context = _at_home(patient, request.user, day)
    context |= {
        "active": "today",
        "breaks": breaks(context["plan"], now) if context["plan"] else [],
        "patient": patient,
        "greeting": _greeting(now),
        "visit": visit,
        "sees_visits": sees_visits,
        "fills_in_forms": is_open(request, "patients:forms"),
        "can_change": visit is not None and may_change(visit, now),
        "can_say_here": visit is not None and may_say_here(visit, now),
        "form_owed": _form_owed(patient, request.user, day) if visit and is_open(request, "patients:forms") else None,
        "pain_now": pain_diary.of_day(patient, on=day),
        "unread": _unread(patient, request.user) if is_open(request, "portal:messages") else 0,
    }
    return render(request, "portal/today.html", context)


@own
@require_POST
def pain(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """How bad it is now, with one tap; another tap that day is a newer answer."""
    said = request.POST.get("pain", "")
    if said not in NUMBERS:
        raise Http404
    try:
        tap = tap_of(request)
        pain_diary.note(patient, int(said), on=tap.on, by=request.user, now=timezone.now(), tap=tap.key)
    except Refused as refusal:
        words = str(refusal)
    else:
        words = _("Pain %(n)s of 10: noted.") % {"n": said}
    if request.headers.get("HX-Request"):
        told = pain_diary.of_day(patient, on=timezone.localdate())
        context = {"pain_now": told, "pains": PAINS, "today": timezone.localdate(), "said": words}
        return render(request, "portal/today.html#pain", context)
    messages.success(request, words)
    return redirect(f"{reverse('portal:today')}#pain")


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
    context = {
        "active": "today",
        "known": known,
        "stop_rules": [
            sheet_words(get_language() or "")
            .stop(rulebook().stop_rules[code])
            .replace("911", request.clinic.emergency_number)
            for code in known.stop_rules
        ],
        **_of_today(it, timezone.localdate()),
    }
    return render(request, "portal/exercise.html", context)


def _of_today(it: PlanExercise, day: date) -> dict[str, Any]:
    """The part of an exercise's page that a tap changes."""
    return {
        "it": it,
        "today": day,
        "dosage": dosage_of(it.code, it.dosage),
        "is_for_today": it.plan.is_active and it.dropped_in is None and it.phase.holds_on(day),
        "done": it.done.filter(on=day).first(),
        "feelings": ExerciseDone.Feeling.choices,
        "pains": PAINS,
    }


def _unread(patient: Patient, user: User) -> int:
    threads = Thread.objects.visible_to(user).filter(patient=patient).with_unread()
    return sum(it.unread for it in threads)


def next_visit(patient: Patient, user: User, now: datetime) -> Appointment | None:
    coming = Appointment.objects.visible_to(user).filter(patient=patient, ends_at__gt=now).expected()
    return coming.select_related("clinician", "site").order_by("starts_at").first()


def _form_owed(patient: Patient, user: User, day: date) -> Mapping[str, Any] | None:
    """How far the form before the visit is; None once one was sent and no other is begun. Two queries."""
    mine = Intake.objects.visible_to(user).filter(patient=patient)
    begun = mine.open().first()
    if begun is None and mine.submitted().exists():
        return None
    done = 0
    if begun is not None:
        open_parts = {
            it.part for it in pages(patient.age_on(day), begun.answers) if not is_filled_in(it, begun.answers)
        }
        done = PARTS - len(open_parts)
    return {"done": done, "parts": range(1, PARTS + 1), "of": PARTS, "minutes": MINUTES}


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


def _tick_all(request: SignedInRequest, patient: Patient) -> HttpResponse:
    plan = active_plan(patient, request.user)
    if plan is None:
        raise Http404
    try:
        tap = tap_of(request)
        codes = frozenset(card.it.code for card in home(plan, tap.on).asked)
        count = exercises.tick_all(plan, on=tap.on, by=request.user, now=timezone.now(), only=codes, tap=tap.key)
    except Refused as refusal:
        said = str(refusal)
    else:
        said = ngettext("%(n)d exercise marked as done.", "%(n)d exercises marked as done.", count) % {"n": count}
    return _answer(request, patient, said, anchor="exercises")


def _tick(request: SignedInRequest, patient: Patient, it: PlanExercise) -> HttpResponse:
    now, name = timezone.now(), exercise_name(rulebook().exercises[it.code])
    try:
        tap = tap_of(request)
        if request.POST.get("do") == "undo":
            exercises.untick(it, on=tap.on, by=request.user, now=now, tap=tap.key)
            said = _("%(name)s: not done yet.") % {"name": name}
        else:
            felt, hurt = request.POST.get("feeling", ""), request.POST.get("pain", "")
            pain = int(hurt) if hurt in NUMBERS else None
            exercises.tick(it, on=tap.on, by=request.user, now=now, feeling=felt, pain=pain, tap=tap.key)
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
    its_own = exercise if request.POST.get("from") == "exercise" else None
    if request.headers.get("HX-Request"):
        day = timezone.localdate()
        part = "portal/exercise.html#did" if its_own else "portal/today.html#exercises"
        context = _of_today(its_own, day) if its_own else _at_home(patient, request.user, day)
        return render(request, part, context | {"said": said})
    messages.success(request, said)
    if its_own:
        return redirect("portal:exercise", its_own.pk)
    return redirect(f"{reverse('portal:today')}#{anchor}")

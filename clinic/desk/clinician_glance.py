"""What a clinician reads before the visit without another tap: where it hurts, the exercises at home, the plan."""

from datetime import date, timedelta
from typing import Any, Final

from django.urls import NoReverseMatch, reverse

from clinic.appointments.models import Appointment
from clinic.desk.clinician_draft import Written
from patients.models import Intake, Patient
from patients.rules.intake_parts import place_codes
from patients.web import bodymap
from patients.web.assessment_tapped import PLACE
from people.models import User
from programs.models import ExerciseDone, Plan
from programs.rules.rulebook import rulebook

TWO_WEEKS: Final = timedelta(days=14)
PLAN_CHANGE: Final = ("programs:revise", "programs:plan")  # the first there is


def context(visit: Appointment, written: Written, form: Intake | None, user: User, *, on: date) -> dict[str, Any]:
    """Four queries at most, however long the record."""
    plan = Plan.objects.visible_to(user).filter(patient=visit.patient).order_by("status", "-starts_on").first()
    phase = plan.phases.filter(starts_on__lte=on, ends_on__gte=on).first() if plan else None
    return {
        "plan": plan,
        "plan_week": plan.week_on(on) if plan else None,
        "phase": phase,
        "exercise_names": [_name(it.code) for it in plan.exercises.on(on)] if plan else [],
        "exercise_days": _days(visit.patient, on=on) if plan else 0,
        "plan_change_url": _plan_change(visit) if plan else "",
        "exercises_url": reverse("programs:prescribe", args=[visit.patient_id]) if plan else "",
        **_places(written, form),
    }


def _places(written: Written, form: Intake | None) -> dict[str, Any]:
    """The places of the body with their field; first those she named and those that have a number already."""
    named = list(form.answers.get("places", {}).get("codes", ())) if form else []
    fields = {code: written.form[PLACE + code] for code in place_codes()}
    shown = [code for code in fields if code in named or fields[code].value() not in (None, "")]
    return {
        "map_regions": bodymap.regions(shown),
        "place_rows": [{"code": code, "field": fields[code], "is_named": code in named} for code in shown],
        "place_more": [
            {"code": code, "field": it, "is_named": False} for code, it in fields.items() if code not in shown
        ],
    }


def _days(patient: Patient, *, on: date) -> int:
    """With at least one exercise done."""
    done = ExerciseDone.objects.filter(exercise__plan__patient=patient, on__gt=on - TWO_WEEKS, on__lte=on)
    return done.values("on").distinct().count()


def _name(exercise: str) -> str:
    known = rulebook().exercises.get(exercise)
    return known.name if known else exercise


def _plan_change(visit: Appointment) -> str:
    for name in PLAN_CHANGE:
        try:
            return reverse(name, args=[visit.patient_id])
        except NoReverseMatch:
            continue
    return ""

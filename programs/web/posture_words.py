"""The checklist as pages show it, to a clinician and to the patient."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from patients.models import Patient
from people.models import User
from programs.actions import done_at_home
from programs.models import Plan, PostureCheck
from programs.rules import posture
from programs.rules.entries import PostureItem
from programs.rules.rulebook import rulebook

AREAS: Mapping[str, str | Promise] = {
    "workstation": _("Screen and desk"),
    "phone": _("Phone and tablet"),
    "breaks": _("Breaks"),
    "sleep": _("Sleep"),
    "lifting": _("Lifting and carrying"),
    "driving": _("Driving"),
    "leisure": _("Reading and leisure"),
    "work": _("Other work"),
    "lifestyle": _("Eating and drinking"),
    "stress": _("Stress"),
    "safety": _("Safety"),
}
CHOICES: tuple[tuple[str, str | Promise], ...] = (
    (posture.MET, _("Yes, it is so")),
    (posture.NOT_MET, _("Not yet")),
    (posture.NOT_RELEVANT, _("Does not apply")),
)
FIELD = "ps."


@dataclass(frozen=True, slots=True)
class Line:
    item: PostureItem
    said: str  # now
    before: str | Promise  # last time, in words


def posted(form: QueryDict) -> dict[str, str]:
    """What was answered on the page, by the codes of the checklist."""
    return {code: said for code in rulebook().posture_items if (said := str(form.get(FIELD + code, "")))}


def told(patient: Patient, user: User, *, typed: Mapping[str, str], today: date) -> dict[str, Any]:
    """The checklist by area with what was said last time, and what has become better. One query."""
    checks = list(PostureCheck.objects.visible_to(user).filter(patient=patient).select_related("by")[:2])
    last = checks[0] if checks else None
    items = rulebook().posture_items
    words = dict(CHOICES)
    groups: dict[str, list[Line]] = {}
    for code, it in items.items():
        label = str(AREAS.get(it.area, it.area.replace("_", " ").capitalize()))
        before = words.get(last.answers.get(code, ""), "") if last else ""
        groups.setdefault(label, []).append(Line(it, typed.get(code, ""), before))
    found = posture.compared(last.answers, checks[1].answers if len(checks) > 1 else None) if last else None
    return {
        "groups": groups,
        "choices": CHOICES,
        "last": last,
        "found": found,
        "better": _items(found.better) if found else [],
        "worse": _items(found.worse) if found else [],
        "still_open": _items(found.still_open) if found else [],
        "is_due": posture.is_due(timezone.localdate(last.at) if last else None, on=today),
    }


def breaks(patient: Patient, user: User, *, today: date) -> dict[str, Any] | None:
    """The breaks of the plan that is followed: the hours chosen, and how many were taken of late. Two queries."""
    plan = Plan.objects.visible_to(user).unfinished().filter(patient=patient).first()
    if plan is None:
        return None
    return {"hours": plan.break_times, "percent": done_at_home.breaks_lately(plan, on=today)}


def _items(codes: tuple[str, ...]) -> list[PostureItem]:
    items = rulebook().posture_items
    return [items[code] for code in codes if code in items]

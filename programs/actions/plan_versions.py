"""What a plan was from one revision to the next, written down for ever."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from people.actions import audit
from people.models import User
from programs.models import Plan, PlanVersion
from programs.rules.templates import ProgramTemplate

Contents = dict[str, Any]


def contents(plan: Plan, *, self_care: Mapping[str, Sequence[str]]) -> Contents:
    """All that the plan asks for as it stands, in plain values; `self_care` by the code of its phase. Five queries."""
    phases = list(plan.phases.all())
    code_of = {phase.pk: phase.code for phase in phases}
    return {
        "phases": [
            {"code": it.code, "name": it.name, "from": str(it.starts_on), "until": str(it.ends_on)} for it in phases
        ],
        "sessions": [
            {
                "id": str(it.pk), "phase": code_of[it.phase_id], "modality": it.modality, "technique": it.technique,
                "ordinal": it.ordinal, "of": it.course_length, "from": str(it.due_from), "on": str(it.due_on),
                "until": str(it.due_until), "gap": [it.gap_days_min, it.gap_days_target, it.gap_days_max],
                "hold_loading_days": it.hold_loading_days, "is_optional": it.is_optional,
            }
            for it in plan.sessions.standing()
        ],
        "exercises": [
            {"id": str(it.pk), "phase": code_of[it.phase_id], "exercise": it.code, "dosage": it.dosage}
            for it in plan.exercises.standing()
        ],
        "posture": [{"phase": code_of[it.phase_id], "item": it.code} for it in plan.posture_items.all()],
        "self_care": {code: list(items) for code, items in self_care.items()},
        "checkpoints": [{"on": str(it.due_on), "measures": it.measures} for it in plan.checkpoints.all()],
    }  # fmt: skip


def first(plan: Plan, template: ProgramTemplate, *, by: User, now: datetime) -> PlanVersion:
    """The plan as it began. Part of `plans.start`."""
    self_care = {phase.code: phase.self_care for phase in template.phases}
    left_out = [
        {"what": "left_out", "modality": it.modality, "technique": it.technique} for it in template.switched_off
    ]
    return PlanVersion.objects.create(
        plan=plan, number=1, changes=left_out, contents=contents(plan, self_care=self_care), by=by, at=now
    )


def following(plan: Plan, *, changes: Sequence[Contents], why: str, by: User, now: datetime) -> PlanVersion:
    """The next version of a plan whose rows have just been changed. Part of the deed that changed them."""
    before = plan.versions.order_by("-number").values_list("contents", flat=True).first() or {}
    return PlanVersion.objects.create(
        plan=plan, number=plan.version, changes=list(changes), why=why, by=by, at=now,
        contents=contents(plan, self_care=_advised(before, changes)),
    )  # fmt: skip


def advised(plan: Plan) -> dict[str, list[str]]:
    """What the patient may do alone, by the code of its phase. One query."""
    now = plan.versions.order_by("-number").values_list("contents", flat=True).first() or {}
    return _advised(now, ())


def _advised(before: Contents, changes: Sequence[Contents]) -> dict[str, list[str]]:
    """As it was, with what the changes add and leave out."""
    told = {phase: list(items) for phase, items in before.get("self_care", {}).items()}
    for it in changes:
        if it["what"] == "self_care_added":
            told.setdefault(it["in"], []).append(it["care"])
        elif it["what"] == "self_care_dropped":
            told[it["in"]].remove(it["care"])
    return told


@transaction.atomic
def seen(plan: Plan, *, by: User, now: datetime) -> int:
    """The patient has read what changed: how many versions that were. Saying so twice changes nothing."""
    unread = plan.versions.filter(number__gt=1, seen_at=None)
    count = unread.update(seen_at=now)
    if count:
        audit.record(by, "plan.changes_seen", plan, versions=count)
    return count

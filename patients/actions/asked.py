"""Taking back "asked: all no": a slip of the finger must not stand as an answer."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from patients.actions import facts
from patients.actions.assessments import ALL, ASKED_GROUPS, claimed, keep
from patients.models import Assessment
from people.actions import audit
from people.models import Clinic, User
from people.rules.permissions import Permission
from people.rules.refusal import NotAllowed, Refused


class NothingToTakeBack(Refused):
    """These questions were not answered by one tap."""


@transaction.atomic
def take_back(assessment: Assessment, *, revision: int, by: User, now: datetime, group: str = "") -> Assessment:
    """The questions that "asked: all no" answered are not asked again, and nothing that followed from it is known.

    What was answered one by one since stays. Raises as `assessments.save` does, `NothingToTakeBack` and `NotAllowed`.
    """
    if not by.may(Permission.RECORD_EDIT):
        raise NotAllowed(_("Only a clinician writes in a record."))
    found = claimed(assessment, revision)
    taps = found.told.get(ASKED_GROUPS, {})
    tap = taps.get(group or ALL)
    if tap is None:
        raise NothingToTakeBack(_("These questions were not answered by one tap. Change each of them instead."))
    left = {code: it for code, it in taps.items() if code != (group or ALL)}
    others = {ASKED_GROUPS: left} if left else {}
    codes = set(tap.get("codes", ()))
    fields = {
        "examined": {code: it for code, it in found.examined.items() if code not in codes or it is not False},
        "told": {code: it for code, it in found.told.items() if code != ASKED_GROUPS} | others,
    }
    found.asked_again_at = found.asked_again_by = None
    kept = keep(found, fields, by=by, now=now)
    # Only a no: what has become a yes since is somebody's answer.
    known, before = facts.known(found.patient, on=Clinic.day_of(now)), tap.get("known", {})
    facts.state(found.patient, {it: was for it, was in before.items() if known.get(it) is False}, by=by, now=now)
    audit.record(by, "assessment.asking_taken_back", kept, questions=len(codes), **({"group": group} if group else {}))
    return kept

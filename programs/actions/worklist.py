"""A clinician notes what was done about a patient on the worklist."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from patients.models import Patient
from people.actions import audit
from people.models import User
from people.rules.refusal import Refused
from programs.actions.plans import clinic_day
from programs.models import Plan, WorklistAction
from programs.rules.worklist import Kind


class LooksBack(Refused):
    """The day to look again is not ahead, or is missing where it is needed."""


class NotOnTheList(Refused):
    """Nobody knows this kind of reason, or what was done about it."""


@transaction.atomic
def act(
    patient: Patient,
    *,
    kind: str,
    occasion: str,
    deed: str,
    note: str = "",
    look_again_on: date | None = None,
    plan: Plan | None = None,
    by: User,
    now: datetime,
) -> WorklistAction:
    """Write down what was done. The patient is off the list for this occasion, or until `look_again_on`.

    Raises `NotOnTheList` for a kind or a deed nobody knows, and `LooksBack` for a day that is not ahead; who waits,
    or reached nobody, says when to look again.
    """
    if kind not in Kind.values or deed not in WorklistAction.Deed.values or not occasion:
        raise NotOnTheList(_("Choose what was done."))
    needs_day = deed in {WorklistAction.Deed.WAIT, WorklistAction.Deed.NOT_REACHED}
    if needs_day and look_again_on is None:
        raise LooksBack(_("Say on which day to look again."))
    if look_again_on is not None and look_again_on <= clinic_day(now):
        raise LooksBack(_("The day to look again must be after today."))
    made = WorklistAction.objects.create(
        patient=patient,
        plan=plan,
        kind=kind,
        occasion=occasion[:80],
        deed=deed,
        note=note,
        look_again_on=look_again_on,
        by=by,
        at=now,
    )
    audit.record(by, "worklist.acted", made, kind=kind, deed=deed, again=str(look_again_on or ""))
    return made

"""How much it hurts now, told with one tap at home."""

from datetime import date, datetime

from django.db import transaction

from patients.actions import outcomes
from patients.models import Outcome, Patient
from people.actions import audit, taps
from people.models import User

MEASURE = "nprs"
ITEM = "current"


def of_day(patient: Patient, *, on: date) -> int | None:
    """What she last said on that day; None if nothing. One query."""
    said = Outcome.objects.filter(patient=patient, measure=MEASURE, on=on).order_by("-at")
    return next((it.answers[ITEM] for it in said if it.answers.get(ITEM) is not None), None)


@transaction.atomic
def note(patient: Patient, pain: int, *, on: date, by: User, now: datetime, tap: str = "") -> None:
    """Keep the pain of this moment, 0 to 10. Another number later that day stands beside it, and counts.

    The same number again says nothing new; the same `tap` a second time (a key that a phone gave it) is the same tap.
    Raises `NotScorable` for a number outside the scale, and `NotAllowed`.
    """
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    if taps.is_counted(patient.pk, tap, now=now):
        return
    if of_day(patient, on=on) != pain:
        outcomes.record(patient, MEASURE, {ITEM: pain}, on=on, by=by, now=now)
    if tap:
        audit.record(by, "pain.told", patient, on=on.isoformat(), **taps.noted(tap))

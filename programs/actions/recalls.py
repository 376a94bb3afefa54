"""Who was given a product that is called back."""

from collections.abc import Iterable

from django.db import transaction

from people.actions import audit
from people.models import Clinic, User
from programs.models import TreatmentGiven


@transaction.atomic
def looked_up(found: Iterable[TreatmentGiven], clinic: Clinic, *, shown_as: str, by: User) -> None:
    """Leave a line that somebody looked, and one in the trail of each patient who was found. Two queries."""
    rows = list(found)
    patients = {row.patient_id: row.patient for row in rows}
    audit.record(by, "recall.looked_up", clinic, shown_as=shown_as, patients=len(patients), sessions=len(rows))
    audit.record_all(by, "patient.found_by_recall", ((it, {"shown_as": shown_as}) for it in patients.values()))

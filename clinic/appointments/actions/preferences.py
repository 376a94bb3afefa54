"""When, where and with whom a patient would rather come. It ranks times; it never forbids one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import time

from django.db import transaction

from clinic.appointments.models import Resource, VisitPreference
from clinic.appointments.rules.waitlist_refusals import HoursOutOfOrder
from patients.models import Patient
from people.actions import audit
from people.models import Site, User

EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """`weekdays`: 0 is Monday, empty is any. Hours are on the clock of the site. `time_zone`: where the patient is."""

    weekdays: Collection[int] = ()
    earliest: time | None = None
    latest: time | None = None
    site: Site | None = None
    clinician: Resource | None = None
    time_zone: str = ""

    @property
    def is_nothing(self) -> bool:
        return not (self.weekdays or self.earliest or self.latest or self.site or self.clinician or self.time_zone)


@transaction.atomic
def set_preference(patient: Patient, wish: Preference, *, by: User) -> VisitPreference | None:
    """Remember how the patient would rather come; a wish for nothing forgets it. Every day is the same as any day.

    Raises `HoursOutOfOrder`.
    """
    if wish.earliest and wish.latest and wish.latest <= wish.earliest:
        raise HoursOutOfOrder
    if wish.is_nothing:
        return clear(patient, by=by)
    preference, _created = VisitPreference.objects.update_or_create(
        patient=patient,
        defaults={
            "weekdays": [] if set(wish.weekdays) >= EVERY_DAY else sorted(wish.weekdays),
            "earliest": wish.earliest,
            "latest": wish.latest,
            "site": wish.site,
            "clinician": wish.clinician,
            "time_zone": wish.time_zone,
        },
    )
    audit.record(by, "visit_preference.set", preference)
    return preference


@transaction.atomic
def clear(patient: Patient, *, by: User) -> None:
    """Forget it. What was not there leaves no line."""
    found = VisitPreference.objects.select_for_update().filter(patient=patient).first()
    if found is None:
        return
    audit.record(by, "visit_preference.cleared", found)
    found.delete()

"""Locking what visits want, everybody in one order, and holding it for them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from clinic.appointments.actions.asked import Asked, Shared
from clinic.appointments.models import Appointment, Hold, Resource
from clinic.appointments.rules.refusals import NothingChosen
from patients.models import Patient


@dataclass(frozen=True, slots=True)
class Locked:
    """Fresh rows that nobody else can book until we commit. `holders` are patients' rows in the book, by patient."""

    pieces: Mapping[UUID, Resource]
    holders: Mapping[UUID, Resource]

    def of(self, resource_ids: Collection[UUID]) -> list[Resource]:
        """Raises `NothingChosen` if one of them does not exist, whatever a form says."""
        if any(pk not in self.pieces for pk in resource_ids):
            raise NothingChosen
        return [self.pieces[pk] for pk in resource_ids]


def locked(
    patients: Collection[Patient], resource_ids: Collection[UUID], *, freeing: Collection[Appointment] = ()
) -> Locked:
    """What the visits need, what they hold so far (`freeing`), and the patients' own rows in the book."""
    wanted = Q(pk__in=set(resource_ids)) | Q(patient__in=patients)
    if freeing:
        wanted |= held_by(freeing)
    rows = lock(wanted)
    known = {row.patient_id for row in rows}
    if newcomers := [patient for patient in patients if patient.pk not in known]:
        # Nobody else can see a row before we commit. One that another desk made in this instant must be queued for.
        is_ours = [_made(patient) for patient in newcomers]
        rows = lock(wanted) if not all(is_ours) else [*rows, *Resource.objects.filter(patient__in=newcomers)]
    return Locked({row.pk: row for row in rows}, {row.patient_id: row for row in rows if row.patient_id})


def _made(patient: Patient) -> bool:
    _, is_ours = Resource.objects.get_or_create(
        patient=patient, defaults={"kind": Resource.Kind.PATIENT, "name": patient.clinic_number}
    )
    return is_ours


def held_by(visits: Collection[Appointment]) -> Q:
    return Q(pk__in=Hold.objects.filter(appointment__in=visits).values("resource"))


def lock(wanted: Q) -> list[Resource]:
    # The constraint alone is correct but lets two bookings of several resources deadlock (3 of 180 races even
    # when sorted). Queueing for the rows first, everybody in one order, cannot (0 of 240).
    rows = Resource.objects.filter(wanted).select_related("patient", "site").order_by("pk")
    return list(rows.select_for_update(of=("self",), no_key=True))


def hold(visits: Collection[Asked], holders: Mapping[UUID, Resource], *, shared: Shared = frozenset()) -> None:
    """Keep everything the visits need. One query."""
    Hold.objects.bulk_create(holds(visits, holders, shared=shared))


def holds(visits: Collection[Asked], holders: Mapping[UUID, Resource], *, shared: Shared = frozenset()) -> list[Hold]:
    """What to write down for it. What is `shared` is marked, so that the constraint lets it pass."""
    return [
        Hold(
            appointment=each.visit,
            resource=piece,
            during=DateTimeTZRange(*each.during(piece)),
            is_overbooked=(each.visit.pk, piece.pk) in shared,
        )
        for each in visits
        for piece in [*each.pieces, holders[each.visit.patient_id]]
    ]

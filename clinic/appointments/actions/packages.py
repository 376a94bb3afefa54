"""Sessions sold in advance: selling them, using one for a visit, giving it back."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models import F

from clinic.appointments.models import Appointment, Package, PackageUse
from clinic.appointments.rules.package_refusals import (
    ClosedAlready,
    NoSessionLeft,
    NotSoldInAdvance,
    PackageMakesNoSense,
    PaidForAlready,
    WhyClosed,
)
from patients.models import Patient
from people.actions import audit
from people.models import Clinic, User
from programs.rules.services import Service


@transaction.atomic
def sell(
    patient: Patient,
    *,
    service: Service,
    sessions: int,
    price: Decimal,
    by: User,
    now: datetime,
    expires_on: date | None = None,
    note: str = "",
    key: UUID | None = None,
) -> Package:
    """The patient has paid for so many sessions. `price` is for all of them, in the clinic's currency.

    `key` is of the form that was sent: a form that comes twice sells once. Raises `NotSoldInAdvance` and
    `PackageMakesNoSense`.
    """
    # One after the other for a patient, so that the second of two clicks sees what the first has sold.
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    sold = Package.objects.filter(pk=key).first() if key else None
    if sold and sold.patient_id == patient.pk:
        return sold
    if not service.is_enabled:
        raise NotSoldInAdvance
    today = Clinic.day_of(now)
    if sessions < 1 or price < 0 or (expires_on and expires_on < today):
        raise PackageMakesNoSense
    package = Package.objects.create(
        pk=key if key and not sold else uuid4(),
        patient=patient,
        service=service.code,
        sessions=sessions,
        left=sessions,
        price=price,
        currency=Clinic.objects.values_list("currency", flat=True).get(),
        bought_on=today,
        expires_on=expires_on,
        note=note,
        by=by,
        at=now,
    )
    audit.record(by, "package.sold", package, service=service.code, sessions=sessions)
    return package


def use_if_any(visit: Appointment, *, by: User, now: datetime) -> PackageUse | None:
    """Count a prepaid session for the visit, if one is left and none was counted: the one that lapses first."""
    try:
        return use(visit, by=by, now=now)
    except (NoSessionLeft, PaidForAlready):
        return None


@transaction.atomic
def use(visit: Appointment, *, by: User, now: datetime) -> PackageUse:
    """Count a prepaid session for the visit, the one that lapses first. Raises `NoSessionLeft` and `PaidForAlready`."""
    on = Clinic.day_of(visit.starts_at)
    # All of them are locked, not just the first: somebody who waited for its last session must see the next package.
    packages = Package.objects.filter(patient=visit.patient_id, service=visit.service_code)
    package = next(iter(packages.usable(on).select_for_update()), None)
    if package is None:
        raise NoSessionLeft
    try:
        with transaction.atomic():
            used = PackageUse.objects.create(package=package, appointment=visit, by=by, at=now)
    except IntegrityError as clash:
        raise PaidForAlready from clash
    Package.objects.filter(pk=package.pk).update(left=F("left") - 1)
    audit.record(by, "package.used", package, visit=str(visit.pk))
    return used


@transaction.atomic
def give_back(visit: Appointment, *, by: User, now: datetime) -> None:
    """The visit was not, or is not counted: its session is there again. Nothing happens if none was used."""
    used = PackageUse.objects.select_for_update().filter(appointment=visit, returned_at=None).first()
    if used is None:
        return
    PackageUse.objects.filter(pk=used.pk).update(returned_at=now)
    Package.objects.filter(pk=used.package_id).update(left=F("left") + 1)
    audit.record(by, "package.given_back", used.package, visit=str(visit.pk))


@transaction.atomic
def close(package: Package, *, because: str, by: User, now: datetime) -> None:
    """No session of it can be used any more: sold by mistake, or paid back. Raises `WhyClosed`, `ClosedAlready`."""
    if not because.strip():
        raise WhyClosed
    still_open = Package.objects.filter(pk=package.pk, closed_at=None)
    if not still_open.update(closed_at=now, closed_by=by, closed_because=because.strip()):
        raise ClosedAlready
    audit.record(by, "package.closed", package)

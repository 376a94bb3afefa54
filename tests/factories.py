"""Word-like makers of the things tests need. Everybody in here is made up."""

import itertools
from datetime import UTC, date, datetime, time
from typing import Any

from clinic.appointments.models import Resource, Shift
from patients.models import Consent, Patient
from people.models import Clinic, Site, User
from people.rules.permissions import Role
from programs.rules.rulebook import rulebook

MONDAY = date(2026, 9, 14)
NOW = datetime(2026, 9, 14, 7, 30, tzinfo=UTC)  # a Monday morning, before the clinic opens

_count = itertools.count(1)


def the_clinic(**fields: Any) -> Clinic:
    """The one clinic, in New York unless said otherwise, with staff let in by password as in the demo."""
    defaults = {
        "name": "Northgate Clinic",
        "sender_name": "Northgate",
        "phone": "+12025550100",
        "time_zone": "America/New_York",
        "is_demo": True,
    }
    clinic, _ = Clinic.objects.update_or_create(id=1, defaults=defaults | fields)
    return clinic


def a_site(name: str = "Northgate Main", **fields: Any) -> Site:
    site, _ = Site.objects.get_or_create(name=name, defaults={"time_zone": "America/New_York"} | fields)
    return site


def a_user(role: str = Role.FRONT_DESK, **fields: Any) -> User:
    n = next(_count)
    if role == Role.CLINICIAN:
        fields.setdefault("profession", "physical_therapist")
    fields.setdefault("email", f"{role}{n}@example.org")
    fields.setdefault("name", f"Robin Marlow {n}")
    return User.objects.create_user(role=role, **fields)


def a_patient(**fields: Any) -> Patient:
    n = next(_count)
    defaults = {
        "given_name": "Leila",
        "family_name": f"Rahimi{n}",
        "birth_date": date(1978, 3, 4),
        "mobile": f"+1202555{n % 100 + 100:04d}",
        "registered_at": NOW,
    }
    patient = Patient.objects.create(**defaults | fields)
    patient.refresh_from_db()
    return patient


def a_portal_patient(**fields: Any) -> Patient:
    """A patient with an account that opens her record."""
    account = a_user(Role.PATIENT, name="Leila Rahimi")
    return a_patient(user=account, email=account.email, portal_confirmed_at=NOW, **fields)


def a_clinician(
    name: str = "Sara Haddad", *, profession: str = "physical_therapist", site: Site | None = None, **fields: Any
) -> Resource:
    """A clinician who works 09:00 to 17:00, Monday to Friday, with lunch from 12:00 to 13:00."""
    site = site or a_site()
    user = a_user(Role.CLINICIAN, name=name, profession=profession, **fields)
    resource = Resource.objects.create(kind=Resource.Kind.CLINICIAN, name=name, user=user, offers=[profession])
    Shift.objects.bulk_create(
        Shift(resource=resource, site=site, weekday=day, starts=starts, ends=ends, valid_from=date(2020, 1, 1))
        for day in range(5)
        for starts, ends in [(time(9), time(12)), (time(13), time(17))]
    )
    return resource


def a_room(name: str = "Room 1", *kinds: str, site: Site | None = None) -> Resource:
    return Resource.objects.create(
        kind=Resource.Kind.ROOM,
        name=name,
        site=site or a_site(),
        offers=list(kinds) or ["room_consult", "room_treatment"],
    )


def a_device(code: str = "dev_laser_3b", *, site: Site | None = None) -> Resource:
    return Resource.objects.create(kind=Resource.Kind.DEVICE, name=code, site=site or a_site(), offers=[code])


def consents_signed(patient: Patient, modality: str, *, by: User | None = None) -> Patient:
    """Every document the treatment asks for, signed and in force for a year around `NOW` and today."""
    taken_by = by or a_user(Role.CLINICIAN)
    for code in rulebook().modalities[modality].consents:
        Consent.objects.get_or_create(
            patient=patient,
            code=code,
            defaults={
                "text": "x",
                "text_version": "x",
                "language": "en",
                "signed_name": patient.full_name,
                "signed_at": NOW,
                "valid_from": date(2026, 1, 1),
                "valid_until": date(2099, 1, 1),
                "taken_by": taken_by,
            },
        )
    return patient

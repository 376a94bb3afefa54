"""The clinic of the simulation: two sites, somebody of every profession that the programs need, rooms and devices."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID

from clinic.appointments.actions import roster
from clinic.appointments.models import Resource
from people.actions import organization, staff
from people.models import Site, User
from people.rules.permissions import Role

ZONE: Final = "America/New_York"
HOURS: Final = [(time(8), time(12)), (time(13), time(18))]
WEEKDAYS: Final = range(6)
ROOM, DEVICE = Resource.Kind.ROOM, Resource.Kind.DEVICE
# profession and site of each clinician
CLINICIANS: Final = (
    ("physician_interventional", 0), ("physician_interventional", 1), ("physician", 0), ("physician", 1),
    ("chiropractor", 0), ("chiropractor", 0), ("chiropractor", 1), ("licensed_acupuncturist", 0),
    ("licensed_acupuncturist", 1), ("physical_therapist", 0), ("physical_therapist", 1),
    ("exercise_professional", 0), ("exercise_professional", 1), ("laser_operator", 0),
    ("mental_health_professional", 0), ("mental_health_professional", 1),
)  # fmt: skip
ROOMS: Final = (
    ("room_procedure", "room_fluoroscopy"), ("room_consult", "room_quiet"), ("room_consult",), ("room_treatment",),
    ("room_treatment",), ("room_laser",), ("room_manual",), ("room_manual",), ("room_gym",), ("room_gym",),
)  # fmt: skip
DEVICES: Final = ("dev_ultrasound", "dev_centrifuge", "dev_laser_3b", "dev_eswt_radial")


@dataclass(frozen=True, slots=True)
class House:
    owner: User
    desk: User
    doctors: tuple[User, ...]  # who may close a grave warning sign
    clinicians: tuple[Resource, ...]
    devices: tuple[Resource, ...]

    @property
    def users(self) -> dict[UUID, User]:
        return {it.pk: it.user for it in self.clinicians if it.user}


def open_doors(*, now: datetime) -> House:
    """Start the clinic, let its people join, and put everything where it stands."""
    start = organization.start_for_its_owner(
        owner_email="ines@example.org", name="Northgate Clinic", time_zone=ZONE, now=now, is_demo=True
    )
    owner = staff.join(start.token, password="made-up-clinic-8421", now=now)  # noqa: S106  (nobody ever signs in)
    sites = [
        organization.open_site(by=owner, name=f"Site {n}", address=f"{n} Elm Street", phone="+12025550100",
                               time_zone=ZONE)
        for n in (1, 2)
    ]  # fmt: skip
    desk = _join("desk", Role.FRONT_DESK, "", owner, now)
    at = {_join(f"clinician{n}", Role.CLINICIAN, who, owner, now).pk: sites[site]
          for n, (who, site) in enumerate(CLINICIANS)}  # fmt: skip
    for site in sites:
        for n, kinds in enumerate(ROOMS):
            roster.add_piece(ROOM, name=f"Room {n} of {site.name}", site=site, offers=kinds, by=owner)
    devices = [
        roster.add_piece(DEVICE, name=f"{code} of {site.name}", site=site, offers=[code], by=owner)
        for site in sites
        for code in DEVICES
    ]
    clinicians = _at_work(at, owner, now)
    doctors = tuple(it.user for it in clinicians if it.user and it.user.profession.startswith("physician"))
    return House(owner, desk, doctors, clinicians, tuple(devices))


def _join(name: str, role: str, profession: str, owner: User, now: datetime) -> User:
    _invitation, token = staff.invite(
        f"{name}@example.org", name=name.capitalize(), role=role, profession=profession, by=owner, now=now
    )
    return staff.join_demo(token, like=owner, now=now)


def _at_work(at: dict[UUID, Site], owner: User, now: datetime) -> tuple[Resource, ...]:
    roster.sync_clinicians(by=owner)
    people = tuple(Resource.objects.clinicians().select_related("user").order_by("name"))
    for resource in people:
        roster.add_shifts(
            resource, site=at[resource.user_id], weekdays=WEEKDAYS, hours=HOURS,  # type: ignore[index]  # all have one
            valid_from=now.date() - timedelta(days=30), by=owner,
        )  # fmt: skip
    return people

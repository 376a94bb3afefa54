"""The demo's sites, people, rooms and machines."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.conf import settings

from clinic.appointments.actions import roster
from clinic.appointments.models import Resource
from clinic.demo.timetable import AFTERNOON, MORNING, Timetable
from people.actions import organization, staff
from people.models import Site, User
from people.rules.permissions import Role

PASSWORD = "rebalance-demo-360"  # noqa: S105  (public on purpose; a production start refuses a demo clinic)
ROOM, DEVICE = Resource.Kind.ROOM, Resource.Kind.DEVICE

# name, e-mail, role, profession, site
STAFF = (
    ("Rosa Bianchi", "rosa@example.org", Role.FRONT_DESK, "", 0),
    ("Martin Vale", "martin@example.org", Role.MANAGER, "", 0),
    ("Dr Amara Okafor", "amara@example.org", Role.CLINICIAN, "physician_interventional", 0),
    ("Mikael Lindqvist", "mikael@example.org", Role.CLINICIAN, "chiropractor", 0),
    ("Sara Haddad", "sara@example.org", Role.CLINICIAN, "licensed_acupuncturist", 0),
    ("João Costa", "joao@example.org", Role.CLINICIAN, "physical_therapist", 0),
    ("Priya Nair", "priya@example.org", Role.CLINICIAN, "exercise_professional", 0),
    ("Naomi Adeyemi", "naomi@example.org", Role.CLINICIAN, "nurse_practitioner", 0),
    ("Dr Henrik Solberg", "henrik@example.org", Role.CLINICIAN, "physician", 1),
)
ROOMS = (
    ("Room 1, procedures", 0, ("room_procedure", "room_fluoroscopy")),
    ("Room 2, consulting", 0, ("room_consult",)),
    ("Room 3, treatment", 0, ("room_treatment",)),
    ("Room 4, laser", 0, ("room_laser", "room_treatment")),
    ("Room 5, manual care", 0, ("room_manual",)),
    ("Room 6, consulting", 0, ("room_consult", "room_quiet")),
    ("Gym", 0, ("room_gym",)),
    ("Quay 1, consulting", 1, ("room_consult", "room_quiet")),
    ("Quay 2, treatment", 1, ("room_treatment", "room_laser", "room_gym")),
)
DEVICES = (
    ("Ultrasound", 0, "dev_ultrasound"),
    ("Centrifuge", 0, "dev_centrifuge"),
    ("Laser, class 3B", 0, "dev_laser_3b"),
    ("Laser, class 4", 0, "dev_laser_4"),
    ("Shockwave, radial", 0, "dev_eswt_radial"),
    ("Laser, class 3B", 1, "dev_laser_3b"),
    ("Shockwave, focused", 1, "dev_eswt_focused"),
)


@dataclass(frozen=True, slots=True)
class House:
    desk: User
    doctor: User
    timetable: Timetable


def open_doors(*, now: datetime, today: date) -> House:
    """Start the clinic, let its people join, and put everything where it stands."""
    start = organization.start_for_its_owner(
        owner_email="ines@example.org",
        name="Northgate Clinic",
        time_zone=settings.DEMO_TIME_ZONE,
        now=now,
        is_demo=True,
    )
    owner = staff.join(start.token, password=PASSWORD, now=now)
    organization.change_clinic(by=owner, sender_name="Northgate", phone="+12025550100")
    sites = [
        organization.open_site(
            by=owner, name=name, address=address, phone="+12025550100", time_zone=settings.DEMO_TIME_ZONE
        )
        for name, address in (("Northgate Main", "12 Elm Street"), ("Northgate Quay", "3 Quay Road"))
    ]
    members = {email: _join(name, email, role, profession, owner, now) for name, email, role, profession, _ in STAFF}
    rooms = [roster.add_piece(ROOM, name=name, site=sites[at], offers=kinds, by=owner) for name, at, kinds in ROOMS]
    devices = [
        roster.add_piece(DEVICE, name=name, site=sites[at], offers=[code], by=owner) for name, at, code in DEVICES
    ]
    works_at: dict[UUID | None, Site] = {members[email].pk: sites[at] for _, email, _, _, at in STAFF}
    desk, doctor = members["rosa@example.org"], members["amara@example.org"]
    return House(desk, doctor, _timetable(rooms, devices, works_at, owner, today))


def _join(name: str, email: str, role: str, profession: str, owner: User, now: datetime) -> User:
    _, token = staff.invite(email, name=name, role=role, profession=profession, by=owner, now=now)
    return staff.join_demo(token, like=owner, now=now)


def _timetable(
    rooms: list[Resource], devices: list[Resource], works_at: dict[UUID | None, Site], owner: User, today: date
) -> Timetable:
    roster.sync_clinicians(by=owner)
    clinicians = list(Resource.objects.clinicians())
    # The clinic rests on Sundays, but a demo that is started on one must not show an empty day.
    weekdays = {*range(6), today.weekday()}
    for resource in clinicians:
        roster.add_shifts(
            resource,
            site=works_at[resource.user_id],
            weekdays=weekdays,
            hours=[MORNING, AFTERNOON],
            valid_from=today - timedelta(days=180),
            by=owner,
        )
    at = {resource.pk: works_at[resource.user_id] for resource in clinicians}
    return Timetable(clinicians, rooms, devices, at, frozenset(weekdays))

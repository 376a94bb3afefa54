"""Starting a clinic, its sites, and the trail of who did what."""

import io
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from factories import NOW, a_patient, a_site, a_user

from people.actions import audit, organization, staff
from people.models import AuditEvent, Clinic, Invitation, Site, User
from people.rules.permissions import Role


def start(**options: str) -> str:
    out = io.StringIO()
    call_command("start_clinic", stdout=out, **{"owner": "boss@example.org"} | options)
    return out.getvalue()


def test_one_command_starts_a_clinic_and_its_owner_joins_by_a_link(db: None) -> None:
    said = start(name="Riverside", time_zone="Europe/London")

    clinic = Clinic.objects.get()
    assert (clinic.name, clinic.sender_name, clinic.time_zone, clinic.is_demo) == (
        "Riverside", "Riverside", "Europe/London", False,
    )  # fmt: skip
    token = said.split("/join/")[1].strip().strip("/")
    owner = staff.join(token, password="correct horse battery staple", now=Invitation.objects.get().invited_at)
    assert owner.role == Role.OWNER
    deeds = [(event.deed, event.role) for event in AuditEvent.objects.order_by("id")]
    assert deeds == [("clinic.started", "system"), ("staff.invited", "system"), ("staff.joined", "owner")]


def test_starting_a_clinic_that_has_an_owner_changes_nothing(demo: Clinic, owner: User) -> None:
    before = (list(Clinic.objects.values()), AuditEvent.objects.count())

    assert "already" in start(name="Another")

    assert (list(Clinic.objects.values()), AuditEvent.objects.count(), Invitation.objects.count()) == (*before, 0)


def test_a_lost_link_of_the_first_owner_is_no_dead_end(db: None) -> None:
    first = start().split("/join/")[1].strip().strip("/")

    second = start().split("/join/")[1].strip().strip("/")

    now = Invitation.objects.first().invited_at  # type: ignore[union-attr]
    assert (staff.invitation_of(first, now=now), bool(staff.invitation_of(second, now=now))) == (None, True)
    assert Clinic.objects.count() == 1


def test_an_unknown_time_zone_starts_nothing(db: None) -> None:
    with pytest.raises(CommandError, match="not a time zone"):
        start(time_zone="Mars/Olympus")
    assert Clinic.objects.count() == 0


def test_an_empty_clinic_says_what_comes_next(db: None, as_user: Any) -> None:
    start()
    Clinic.objects.update(is_demo=True)
    boss = as_user(a_user(Role.OWNER))

    def next_step() -> str:
        page = boss.get(reverse("people:setup")).content.decode()
        after = page.split('class="panel next"', 1)[1]
        return str(after.split("<h2", 1)[1].split(">", 1)[1].split("<", 1)[0])

    assert next_step() == "The clinic"
    Clinic.objects.update(phone="+12025550100")
    assert next_step() == "Sites"
    a_site()
    assert next_step() == "Staff"
    a_user(Role.CLINICIAN)
    assert next_step() == "Rooms, devices and shifts"


def test_the_clinic_is_changed_by_its_office(demo: Clinic, manager: User, as_user: Any) -> None:
    form = {"name": "Riverside", "sender_name": "River", "phone": "", "emergency_number": "999"}

    bad = as_user(manager).post(reverse("people:clinic"), form | {"time_zone": "Nowhere"})
    good = as_user(manager).post(reverse("people:clinic"), form | {"time_zone": "Europe/London"})

    assert "is not a time zone" in bad.content.decode()
    assert good.url == reverse("people:setup")
    assert Clinic.objects.get().emergency_number == "999"
    assert AuditEvent.objects.get(deed="clinic.changed").detail == {
        "changed": ["emergency_number", "name", "phone", "sender_name", "time_zone"]
    }


def test_there_is_only_ever_one_clinic(demo: Clinic) -> None:
    with pytest.raises(DatabaseError, match="there_is_one_clinic"), transaction.atomic():
        Clinic.objects.create(id=2, name="Second", sender_name="Second")


def test_sites_are_opened_changed_archived_and_used_again(demo: Clinic, manager: User, as_user: Any) -> None:
    office = as_user(manager)
    form = {"name": "North", "address": "1 High Road", "phone": "", "time_zone": "Europe/London"}
    office.post(reverse("people:new_site"), form)
    north = Site.objects.get()

    office.post(reverse("people:site", kwargs={"site_id": north.pk}), form | {"name": "North Gate"})
    office.post(reverse("people:archive_site", kwargs={"site_id": north.pk}))
    assert Site.objects.values_list("name", "is_active").get() == ("North Gate", False)
    office.post(reverse("people:reopen_site", kwargs={"site_id": north.pk}))

    assert Site.objects.get().is_active
    deeds = list(AuditEvent.objects.order_by("id").values_list("deed", flat=True))
    assert deeds == ["site.opened", "site.changed", "site.archived", "site.reopened"]


def test_two_sites_never_share_a_name(manager: User) -> None:
    organization.open_site(by=manager, name="North", time_zone="UTC")

    with pytest.raises(organization.SiteNameTaken):
        organization.open_site(by=manager, name="North", time_zone="UTC")
    assert AuditEvent.objects.count() == 1


def test_the_clinic_refuses_a_time_zone_that_does_not_exist(demo: Clinic, manager: User) -> None:
    with pytest.raises(ValidationError):
        organization.change_clinic(by=manager, time_zone="Nowhere")


@pytest.mark.parametrize("number", [1, 50])
def test_the_list_of_sites_costs_the_same_for_one_and_for_fifty(
    demo: Clinic, manager: User, as_user: Any, number: int, django_assert_num_queries: Any
) -> None:
    for n in range(number):
        a_site(f"Site {n}")
    office = as_user(manager)
    office.get(reverse("people:sites"))

    with django_assert_num_queries(5):  # session, user, clinic, second factor; sites
        office.get(reverse("people:sites"))


# ---- the audit trail


@pytest.fixture
def an_event(owner: User) -> AuditEvent:
    audit.record(owner, "patient.opened", a_patient())
    return AuditEvent.objects.get()


CHANGES = [
    "UPDATE people_auditevent SET deed = 'nothing.happened'",
    "DELETE FROM people_auditevent",
    "TRUNCATE people_auditevent",
    "ALTER TABLE people_auditevent DISABLE TRIGGER ALL",
    "DROP TABLE people_auditevent",
    "SET session_replication_role = replica",
]


@pytest.mark.parametrize("statement", CHANGES)
def test_the_database_lets_nobody_rewrite_the_trail(an_event: AuditEvent, statement: str) -> None:
    with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), transaction.atomic():
        connection.cursor().execute(statement)
    assert AuditEvent.objects.get().deed == "patient.opened"


def test_the_program_cannot_rewrite_the_trail_either(an_event: AuditEvent) -> None:
    an_event.deed = "nothing.happened"
    for change in (
        an_event.save,
        an_event.delete,
        lambda: AuditEvent.objects.update(deed="nothing.happened"),
        lambda: AuditEvent.objects.all().delete(),
        lambda: AuditEvent.objects.bulk_update([an_event], ["deed"]),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert AuditEvent.objects.get().deed == "patient.opened"


def test_whoever_left_a_line_cannot_be_deleted(an_event: AuditEvent, owner: User) -> None:
    from django.db.models import ProtectedError

    with pytest.raises(ProtectedError):
        owner.delete()


def test_a_deed_that_fails_leaves_no_line(owner: User) -> None:
    with pytest.raises(staff.rules.LastOwner):
        staff.change_role(owner, role=Role.MANAGER, profession="", by=owner)

    assert AuditEvent.objects.count() == 0


def test_the_owner_reads_the_trail_and_that_is_written_down(
    demo: Clinic, an_event: AuditEvent, owner: User, as_user: Any
) -> None:
    page = as_user(owner).get(reverse("people:audit"), {"patient": str(an_event.patient_id)}).content.decode()

    assert str(an_event.patient_id) in page
    assert "Rahimi" not in page, "ids, not names of patients"
    opened = AuditEvent.objects.get(deed="audit.opened")
    assert (opened.by, opened.detail) == (owner, {"filters": ["patient"]})


def lines(page: Any) -> list[str]:
    return [event.deed for event in page.context["events"]]


def test_the_trail_is_narrowed_by_person_deed_day_and_patient(
    demo: Clinic, owner: User, manager: User, as_user: Any
) -> None:
    patient, site = a_patient(), a_site()
    audit.record(owner, "patient.opened", patient)
    audit.record(manager, "site.opened", site)
    reader, url = as_user(owner), reverse("people:audit")

    assert lines(reader.get(url, {"person": str(manager.pk)})) == ["site.opened"]
    assert lines(reader.get(url, {"deed": "patient."})) == ["patient.opened"]
    assert lines(reader.get(url, {"patient": str(patient.pk)})) == ["patient.opened"]
    assert lines(reader.get(url, {"patient": str(uuid4())})) == []
    assert lines(reader.get(url, {"day": "2020-01-01"})) == []
    assert "site.opened" in lines(reader.get(url))
    assert reader.get(url, {"day": "yesterday"}).context["form"].errors


def test_a_day_of_the_trail_is_a_day_on_the_clinics_clock(demo: Clinic, owner: User, as_user: Any) -> None:
    late = datetime(2026, 11, 2, 4, 30, tzinfo=UTC)  # 23:30 in New York on 1 November, a day of 25 hours
    AuditEvent.objects.create(by=owner, role="owner", deed="late.deed", object_type="x", object_id="x", at=late)

    shown = [lines(as_user(owner).get(reverse("people:audit"), {"day": f"2026-11-0{n}"})) for n in (1, 2)]

    assert ["late.deed" in deeds for deeds in shown] == [True, False]


def test_the_trail_is_read_page_by_page_without_missing_a_line(demo: Clinic, owner: User, as_user: Any) -> None:
    site = a_site()
    for n in range(75):
        audit.record(owner, f"site.step{n}", site)
    reader, url = as_user(owner), reverse("people:audit")

    first = reader.get(url, {"deed": "site."})
    second = reader.get(f"{url}?{first.context['older']}")

    assert lines(first) + lines(second) == [f"site.step{n}" for n in reversed(range(75))]
    assert second.context["older"] == ""


@pytest.mark.parametrize("number", [1, 50])
def test_a_page_of_the_trail_costs_the_same_for_one_and_for_fifty(
    demo: Clinic, owner: User, as_user: Any, number: int, django_assert_num_queries: Any
) -> None:
    site = a_site()
    for _ in range(number):
        audit.record(a_user(Role.FRONT_DESK), "site.opened", site)
    reader = as_user(owner)
    reader.get(reverse("people:audit"))

    with django_assert_num_queries(7):  # session, user, clinic, second factor; events, its own line, people to choose
        reader.get(reverse("people:audit"))


def test_the_name_of_a_patient_who_acted_is_not_in_the_trail(demo: Clinic, owner: User, as_user: Any) -> None:
    patient = a_user(Role.PATIENT, name="Quillon Featherby")
    audit.record(patient, "account.signed_in", patient)

    page = as_user(owner).get(reverse("people:audit"), {"deed": "account."}).content.decode()

    assert "Quillon" not in page
    assert str(patient.pk) in page


def test_a_line_is_dated_by_the_database(owner: User) -> None:
    with time_machine.travel(NOW, tick=False):
        audit.record(owner, "site.opened", owner)

    assert AuditEvent.objects.get().at != NOW

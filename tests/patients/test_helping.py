"""Helpers: what they may do, until when, and that it ends at once."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import formats, timezone
from factories import a_portal_patient, a_user, the_clinic
from hypothesis import given
from hypothesis import strategies as st

from patients.actions import helping
from patients.actions.accounts import NotTheBirthDate
from patients.models import Helper, Patient
from patients.rules.helping import PAGES, CannotHelp, Help, Relation, first_page, last_day, may_enter
from people.models import AuditEvent, User
from people.rules.permissions import Role
from people.rules.refusal import NotAllowed

TODAY = date(2026, 9, 14)
IN_A_MONTH = timedelta(days=30)


@pytest.fixture
def leila(db: None) -> Patient:
    the_clinic()
    return a_portal_patient()


def named(patient: Patient, by: User | None = None, **changes: Any) -> Helper:
    now = timezone.now()  # whether help has ended is asked of the database, which has a clock of its own
    asked: dict[str, Any] = {
        "name": "Omid Rahimi", "email": "omid@example.org", "relation": Relation.PARTNER, "may": [Help.SEE_VISITS],
        "until": now.date() + IN_A_MONTH, "by": by or patient.user, "now": now,
    }  # fmt: skip
    return helping.add(patient, **asked | changes)


@given(given=st.sets(st.sampled_from(list(Help))), page=st.sampled_from(sorted(PAGES)), changes=st.booleans())
def test_a_helper_does_no_more_than_was_given(given: set[Help], page: str, changes: bool) -> None:
    needed = PAGES[page][changes]

    assert may_enter(page, given, changes=changes) == bool(needed & given)


def test_what_is_not_listed_is_closed_to_helpers() -> None:
    for page in ("portal:consents", "portal:my_data", "portal:helpers", "portal:settings", "portal:forget", ""):
        assert not may_enter(page, set(Help), changes=False)


def test_a_helper_lands_on_a_page_that_is_open() -> None:
    assert first_page({Help.SEE_VISITS}) == "portal:visits"
    assert first_page({Help.FORMS}) == "patients:forms"
    assert first_page(set(Help)) == "portal:today"
    assert first_page(()) == ""


def test_help_ends_within_a_year_and_a_guardians_with_the_childhood() -> None:
    def ends(relation: str, asked: date, born: date | None) -> date:
        return last_day(relation, asked_until=asked, today=TODAY, birth_date=born)

    soon = TODAY + IN_A_MONTH
    assert ends(Relation.PARTNER, soon, date(2008, 9, 20)) == soon
    assert ends(Relation.PARENT, soon, date(2008, 9, 20)) == date(2026, 9, 20)
    assert ends(Relation.PARENT, soon, date(1970, 1, 1)) == soon  # a grown-up may be helped by a parent
    for day in (TODAY - timedelta(days=1), TODAY + timedelta(days=367)):
        with pytest.raises(CannotHelp):
            ends(Relation.FRIEND, day, None)


def test_a_helper_opens_the_record_until_it_is_taken_back(leila: Patient) -> None:
    helper = named(leila)
    omid = helper.user
    assert list(Patient.objects.visible_to(omid)) == [leila]

    assert leila.user
    helping.end(helper, by=leila.user, now=timezone.now())

    assert not Patient.objects.visible_to(omid).exists()
    assert list(AuditEvent.objects.order_by("id").values_list("deed", flat=True)) == ["helper.added", "helper.ended"]
    named(leila)
    assert list(Patient.objects.visible_to(omid)) == [leila]


def test_help_that_is_over_opens_nothing(leila: Patient) -> None:
    helper = named(leila)

    Helper.objects.update(added_at=timezone.now() - IN_A_MONTH, ends_at=timezone.now() - timedelta(minutes=1))

    assert not Patient.objects.visible_to(helper.user).exists()


def test_only_the_patient_names_helpers(leila: Patient) -> None:
    omid = named(leila).user

    for by in (omid, a_user(Role.FRONT_DESK), a_portal_patient().user):
        with pytest.raises(NotAllowed):
            named(leila, by=by, email="third@example.org")


def test_nobody_is_named_who_would_get_in_by_a_password_or_twice(leila: Patient) -> None:
    named(leila)
    staff = a_user(Role.CLINICIAN)

    for email in ("omid@example.org", staff.email, leila.email):
        with pytest.raises(CannotHelp):
            named(leila, email=email)
    with pytest.raises(CannotHelp):
        named(leila, email="other@example.org", may=[])
    for nth in range(4):
        named(leila, email=f"helper{nth}@example.org")
    with pytest.raises(CannotHelp):
        named(leila, email="sixth@example.org")


def test_a_helper_has_to_know_the_birth_date(leila: Patient) -> None:
    helper = named(leila)

    with pytest.raises(NotTheBirthDate):
        helping.confirm(helper, birth_date=date(1978, 3, 5), by=helper.user, now=timezone.now())
    assert leila.user
    with pytest.raises(NotAllowed):
        helping.confirm(helper, birth_date=date(1978, 3, 4), by=leila.user, now=timezone.now())
    assert helping.confirm(helper, birth_date=date(1978, 3, 4), by=helper.user, now=timezone.now()).confirmed_at


def test_staff_see_on_her_page_who_helps_her_with_what_and_until_when(
    leila: Patient, django_assert_num_queries: Any
) -> None:
    until = timezone.localdate() + IN_A_MONTH
    helper = named(leila, until=until, may=[Help.SEE_VISITS, Help.FORMS])
    gone = named(leila, name="Nadia Over", email="nadia@example.org")
    helping.end(gone, by=gone.added_by, now=timezone.now())
    desk, url = Client(), reverse("patients:patient", args=[leila.pk])
    desk.force_login(a_user(Role.FRONT_DESK))

    page = desk.get(url).content.decode()

    assert "<bdi>Omid Rahimi</bdi></b>, husband, wife or partner, <bdi>omid@example.org</bdi>" in page
    assert "See when visits are; Fill in forms." in page
    assert f"Until {formats.date_format(until, 'd-M-Y')}. Has not given the patient" in page
    assert "Nadia Over" not in page
    for nth in (1, 2, 3):
        named(leila, email=f"helper{nth}@example.org")
        with django_assert_num_queries(9):
            desk.get(url)
    assert leila.user
    for nobody in (helper.user, leila.user):
        other = Client()
        other.force_login(nobody)
        assert other.get(url).status_code == 404

"""The clinician's pages: my day, the alerts, the record, and a warning sign closed."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from factories import NOW, a_clinician, a_patient, a_portal_patient, a_user
from pytest_django import DjangoAssertNumQueries
from visit_cast import TEN, a_first_visit, a_sent_form, begun, page_of, signed_in, words

from clinic.appointments.models import Appointment, Resource
from clinic.appointments.rules.status import Status
from patients.models import Assessment, Patient, RedFlag
from people.models import Clinic
from people.rules.permissions import Role

pytestmark = pytest.mark.usefixtures("monday_morning")


@pytest.fixture
def sara(northgate: Clinic) -> Resource:
    return a_clinician()


@pytest.fixture
def visit(leila: Patient, sara: Resource) -> Appointment:
    return a_first_visit(leila, sara)


def test_my_day_shows_my_visits_and_only_on_request_everybodys(visit: Appointment, screen: Client) -> None:
    a_first_visit(a_patient(family_name="Brandt"), a_clinician("Omar"))
    a_first_visit(a_patient(family_name="Tomorrow"), visit.clinician, starts_at=TEN + timedelta(days=1))
    a_first_visit(
        a_patient(family_name="Gone"), visit.clinician, starts_at=TEN + timedelta(hours=2), status=Status.CANCELLED,
        cancelled_at=NOW,
    )  # fmt: skip

    mine, everybodys = words(screen.get(reverse("desk:my_day"))), words(screen.get("/clinic/?who=all"))

    assert [name in mine for name in ("Rahimi", "Brandt", "Tomorrow", "Gone")] == [True, False, False, False]
    assert [name in everybodys for name in ("Rahimi", "Brandt", "Tomorrow", "Gone")] == [True, True, False, False]
    assert "10:00" in mine


def test_the_next_patient_is_the_one_who_waits_with_her_own_words(sara: Resource, screen: Client) -> None:
    a_first_visit(a_portal_patient(family_name="Earlier"), sara)
    waiting = a_portal_patient(family_name="Waiting")
    a_sent_form(waiting, story="My legs feel heavy", rf_fever=True)
    a_first_visit(waiting, sara, starts_at=TEN + timedelta(hours=1), status=Status.ARRIVED)

    top = words(screen.get(reverse("desk:my_day"))).split("Visits today")[0]

    assert "WAITING" in top
    assert "EARLIER" not in top
    assert "My legs feel heavy" in top
    assert "Same-day medical assessment" in top


def test_what_i_have_not_signed_waits_on_my_day(visit: Appointment, sara: Resource, screen: Client) -> None:
    begun(visit, sara)

    assert f'href="{page_of(visit)}"' in words(screen.get(reverse("desk:my_day"))).split("To sign</h2>")[1]


def test_the_desk_sees_none_of_it(visit: Appointment, sara: Resource, leila: Patient) -> None:
    draft = begun(visit, sara)
    flag = RedFlag.objects.create(patient=leila, code="rf_fever", urgency="same_day", raised_at=NOW)
    desk = signed_in(a_user(Role.FRONT_DESK))

    for url in (
        reverse("desk:my_day"),
        reverse("desk:alerts"),
        page_of(visit),
        reverse("desk:draft_visit", args=[draft.pk]),
        reverse("desk:visit_draft", args=[visit.pk]),
        reverse("patients:record", args=[leila.pk]),
        reverse("patients:assessment", args=[leila.pk, draft.pk]),
        reverse("patients:addendum", args=[leila.pk, draft.pk]),
        reverse("patients:flag_clear", args=[leila.pk, flag.pk]),
    ):
        assert (desk.get(url).status_code, desk.post(url).status_code) == (404, 404), url


def test_a_sign_is_closed_from_the_visit_by_whoever_may(visit: Appointment, leila: Patient, screen: Client) -> None:
    a_sent_form(leila, rf_fever=True)
    flag = RedFlag.objects.get()
    url = reverse("patients:flag_clear", args=[leila.pk, flag.pk])
    back = {"next": page_of(visit), "finding": "36.8 °C"}

    refused = words(screen.post(url, back))
    assert "You may not close this warning sign. It needs Physician" in refused

    doctor = signed_in(a_user(Role.CLINICIAN, profession="physician"))
    assert "Write what you found." in words(doctor.post(url, back | {"finding": ""}))
    assert doctor.post(url, back).url == page_of(visit)
    assert "closed already" in words(doctor.post(url, back))
    assert "36.8 °C" in words(screen.get(reverse("patients:record", args=[leila.pk])))


def test_closing_a_sign_never_leads_to_a_foreign_page(leila: Patient) -> None:
    flag = RedFlag.objects.create(patient=leila, code="rf_fever", urgency="same_day", raised_at=NOW)
    doctor = signed_in(a_user(Role.CLINICIAN, profession="physician"))

    answer = doctor.post(
        reverse("patients:flag_clear", args=[leila.pk, flag.pk]),
        {"finding": "None", "next": "https://elsewhere.example/"},
    )

    assert answer.url == reverse("patients:record", args=[leila.pk])


def test_a_sign_or_assessment_of_another_patient_is_not_found_under_this_one(
    visit: Appointment, leila: Patient, sara: Resource, screen: Client
) -> None:
    other = a_patient()
    flag = RedFlag.objects.create(patient=leila, code="rf_fever", urgency="same_day", raised_at=NOW)
    draft = begun(visit, sara)

    assert screen.get(reverse("patients:flag_clear", args=[other.pk, flag.pk])).status_code == 404
    assert screen.get(reverse("patients:assessment", args=[other.pk, draft.pk])).status_code == 404


def test_the_alerts_list_the_gravest_first_and_say_what_to_do(sara: Resource, screen: Client) -> None:
    for code, urgency in (
        ("rf_cancer_history", "refer_before_treatment"),
        ("rf_fever", "same_day"),
        ("rf_dysarthria", "emergency_now"),
    ):
        RedFlag.objects.create(patient=a_patient(), code=code, urgency=urgency, raised_at=NOW)

    page = words(screen.get(reverse("desk:alerts")))

    shown = re.findall(r"Emergency now|Same-day medical assessment|Clinician evaluation before treatment", page)
    assert shown == ["Emergency now", "Same-day medical assessment", "Clinician evaluation before treatment"]
    assert "alert the clinician on duty at once" in page


@pytest.mark.parametrize("many", [1, 50])
def test_the_lists_cost_the_same_for_one_row_and_for_fifty(
    sara: Resource, screen: Client, many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert sara.user
    for n in range(many):
        patient = a_patient()
        RedFlag.objects.create(patient=patient, code="rf_fever", urgency="same_day", raised_at=NOW)
        draft = Assessment.objects.create(patient=patient, author=sara.user, started_at=NOW)
        a_first_visit(patient, sara, starts_at=TEN + timedelta(minutes=n), assessment=draft)
    screen.get(reverse("desk:my_day"))

    with django_assert_num_queries(13):
        screen.get(reverse("desk:my_day"))
    with django_assert_num_queries(6):
        screen.get(reverse("desk:alerts"))


@pytest.mark.parametrize("many", [1, 20])
def test_the_record_costs_the_same_however_long_it_is(
    leila: Patient, sara: Resource, screen: Client, many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert sara.user
    for _ in range(many):
        written = Assessment.objects.create(
            patient=leila, author=sara.user, started_at=NOW, findings="x", signed_at=NOW, signed_by=sara.user
        )
        written.addenda.create(text="y", author=sara.user, written_at=NOW)
        RedFlag.objects.create(
            patient=leila, code="rf_fever", urgency="same_day", raised_at=NOW, cleared_at=NOW, cleared_by=sara.user,
            finding="none",
        )  # fmt: skip
        a_sent_form(leila)
    screen.get(reverse("patients:record", args=[leila.pk]))

    with django_assert_num_queries(14):
        screen.get(reverse("patients:record", args=[leila.pk]))

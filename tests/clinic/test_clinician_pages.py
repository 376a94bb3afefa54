"""The clinician's pages: my day, the visit, the alerts, the record."""

import re
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse
from factories import NOW, a_clinician, a_patient, a_portal_patient, a_site, a_user, the_clinic
from pytest_django import DjangoAssertNumQueries

from clinic.appointments.actions import assessing
from clinic.appointments.models import Appointment, Resource
from clinic.appointments.rules.status import Status
from patients.actions import intake as intakes
from patients.models import Assessment, Patient, RedFlag
from people.models import AuditEvent, User
from people.rules.permissions import Role

TEN = datetime(2026, 9, 14, 14, tzinfo=UTC)  # 10:00 in New York
TYPED = {"findings": "Trigger point", "impression": "", "next_steps": "", "revision": "1"}
ASKED = {"do": "all_no"}


@pytest.fixture(autouse=True)
def _monday_morning() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def sara(db: None) -> Resource:
    the_clinic()
    return a_clinician()


@pytest.fixture
def leila(sara: Resource) -> Patient:
    return a_portal_patient(given_name="Leila", family_name="Rahimi")


@pytest.fixture
def visit(leila: Patient, sara: Resource) -> Appointment:
    return a_visit(leila, sara)


@pytest.fixture
def screen(sara: Resource) -> Client:
    assert sara.user
    return signed_in(sara.user)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def a_visit(patient: Patient, clinician: Resource, *, starts_at: datetime = TEN, **fields: Any) -> Appointment:
    return Appointment.objects.create(
        patient=patient, clinician=clinician, site=a_site(), service_code="first_assessment", starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=45), booked_at=NOW, timed_at=NOW, **fields,
    )  # fmt: skip


def a_sent_form(patient: Patient, story: str = "Stiff since the move", **answers: bool) -> None:
    assert patient.user
    form = intakes.start(patient, by=patient.user, now=NOW)
    intakes.save_part(form, "story", {"text": story, "causes": ["stress"]}, by=patient.user, now=NOW)
    intakes.save_part(form, "pain", {"now": 6}, by=patient.user, now=NOW)
    intakes.save_part(form, "safety-1", answers, by=patient.user, now=NOW)
    intakes.submit(form, by=patient.user, now=NOW)


def page_of(visit: Appointment) -> str:
    return reverse("desk:clinic_visit", args=[visit.pk])


def begun(visit: Appointment, clinician: Resource) -> Assessment:
    assert clinician.user
    return assessing.open_assessment(visit, by=clinician.user, now=NOW)


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def test_my_day_shows_my_visits_and_only_on_request_everybodys(visit: Appointment, screen: Client) -> None:
    a_visit(a_patient(family_name="Brandt"), a_clinician("Omar"))
    a_visit(a_patient(family_name="Tomorrow"), visit.clinician, starts_at=TEN + timedelta(days=1))
    a_visit(
        a_patient(family_name="Gone"), visit.clinician, starts_at=TEN + timedelta(hours=2), status=Status.CANCELLED,
        cancelled_at=NOW,
    )  # fmt: skip

    mine, everybodys = words(screen.get(reverse("desk:my_day"))), words(screen.get("/clinic/?who=all"))

    assert [name in mine for name in ("Rahimi", "Brandt", "Tomorrow", "Gone")] == [True, False, False, False]
    assert [name in everybodys for name in ("Rahimi", "Brandt", "Tomorrow", "Gone")] == [True, True, False, False]
    assert "10:00" in mine


def test_the_next_patient_is_the_one_who_waits_with_her_own_words(sara: Resource, screen: Client) -> None:
    a_visit(a_portal_patient(family_name="Earlier"), sara)
    waiting = a_portal_patient(family_name="Waiting")
    a_sent_form(waiting, story="My legs feel heavy", rf_fever=True)
    a_visit(waiting, sara, starts_at=TEN + timedelta(hours=1), status=Status.ARRIVED)

    top = words(screen.get(reverse("desk:my_day"))).split("Visits today")[0]

    assert "WAITING" in top
    assert "EARLIER" not in top
    assert "My legs feel heavy" in top
    assert "Same-day medical assessment" in top


def test_what_i_have_not_signed_waits_on_my_day(visit: Appointment, sara: Resource, screen: Client) -> None:
    begun(visit, sara)

    assert f'href="{page_of(visit)}"' in words(screen.get(reverse("desk:my_day"))).split("To sign</h2>")[1]


def test_the_visit_shows_what_she_said_what_it_means_and_where_that_is_written(
    visit: Appointment, leila: Patient, screen: Client
) -> None:
    a_sent_form(leila, rf_fever=True, rf_chin_to_chest_stiffness=True)

    page = words(screen.get(page_of(visit)))

    for shown in (
        "RAHIMI, Leila",
        "Stiff since the move",
        "now: 6",
        "Emergency now",
        "meningitis or sepsis",
        "Not yet confirmed by a clinician",
        "Held back by these answers:",
        "every treatment, until a clinician has looked",
        "grave questions are open",
        "Close with a finding",
    ):
        assert shown in page, shown
    assert re.search(r'Source: <a href="https?://', page)


def test_opening_a_visit_leaves_a_line_in_the_trail(visit: Appointment, screen: Client) -> None:
    screen.get(page_of(visit))

    event = AuditEvent.objects.get(deed="patient.opened")
    assert (event.patient_id, event.detail) == (visit.patient_id, {"page": "desk:clinic_visit"})


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


def test_reading_begins_nothing_and_saving_twice_begins_one_assessment(visit: Appointment, screen: Client) -> None:
    screen.get(page_of(visit))
    assert not Assessment.objects.exists()

    for revision in ("0", "2"):
        assert screen.post(page_of(visit), TYPED | {"revision": revision}).url == page_of(visit)

    assert [(it.kind, it.revision) for it in Assessment.objects.all()] == [("first", 2)]


def test_a_draft_in_the_record_is_gone_on_with_at_its_visit(
    visit: Appointment, sara: Resource, leila: Patient, screen: Client
) -> None:
    draft, alone = begun(visit, sara), Assessment.objects.create(patient=leila, author=sara.user, started_at=NOW)

    answer = screen.get(reverse("patients:assessment", args=[leila.pk, draft.pk]))

    assert answer.url == reverse("desk:draft_visit", args=[draft.pk])
    assert screen.get(answer.url).url == page_of(visit)
    assert screen.get(reverse("desk:draft_visit", args=[alone.pk])).url == reverse("patients:record", args=[leila.pk])


@pytest.mark.django_db(transaction=True)
def test_two_clinicians_beginning_at_once_begin_one_assessment() -> None:
    the_clinic()
    visit = a_visit(a_patient(), a_clinician())
    together = Barrier(4)

    def begin() -> None:
        user = User.objects.get(resource=visit.clinician)
        together.wait()
        assessing.open_assessment(visit, by=user, now=NOW)
        connection.close()

    threads = [Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Assessment.objects.count() == 1


def test_a_cancelled_visit_is_not_assessed(visit: Appointment, screen: Client) -> None:
    Appointment.objects.update(status=Status.CANCELLED, cancelled_at=NOW)

    page = words(screen.post(page_of(visit), TYPED))

    assert "This visit was cancelled." in page
    assert "Trigger point" in page
    assert not Assessment.objects.exists()


def test_nothing_is_filled_in_for_her_and_the_last_value_is_only_shown(
    visit: Appointment, leila: Patient, sara: Resource, screen: Client
) -> None:
    a_sent_form(leila)
    begun(visit, sara)

    page = words(screen.get(page_of(visit)))

    assert "now: 6" in page
    assert "Named in the form: Stress. Tick to agree." in page
    assert not re.search(r"<input[^>]* checked", page)


def test_what_is_found_is_saved_and_an_examination_yes_raises_a_sign(
    visit: Appointment, sara: Resource, screen: Client
) -> None:
    draft = begun(visit, sara)
    typed = TYPED | {
        "pain_now": "4", "move_turn_left": "62", "causes": ["stress"], "q_rf_nystagmus": "yes",
        "q_rf_midline_bone_tenderness": "no", "bp_systolic": "128", "bp_diastolic": "82",
        "asked": ["rf_nystagmus", "rf_midline_bone_tenderness"], "place_lateral_neck:left": "6", "best": "2",
        "sleep_disturbance_nrs": "7",
    }  # fmt: skip

    answer = screen.post(page_of(visit), typed)

    assert answer.url == page_of(visit)
    draft.refresh_from_db()
    assert (draft.pain_now, draft.moves, draft.causes) == (4, {"turn_left": 62}, ["stress"])
    assert draft.told == {
        "best": 2, "places": {"lateral_neck:left": 6}, "scales": {"sleep": {"sleep_disturbance_nrs": 7}},
    }  # fmt: skip
    assert draft.examined == {
        "rf_nystagmus": True, "rf_midline_bone_tenderness": False, "bp_systolic": 128, "bp_diastolic": 82,
    }  # fmt: skip
    assert [flag.code for flag in RedFlag.objects.open()] == ["rf_nystagmus"]


def test_a_stale_page_is_refused_and_both_versions_are_shown(
    visit: Appointment, sara: Resource, screen: Client
) -> None:
    draft = begun(visit, sara)
    other = signed_in(a_user(Role.CLINICIAN))
    screen.post(page_of(visit), TYPED | {"findings": "Sara found this"})

    answer = other.post(page_of(visit), TYPED | {"findings": "Omar found that"})

    page = words(answer)
    assert "Nothing of yours was saved. See both below." in page
    assert "Sara found this" in page
    assert page.count("Omar found that") == 2  # in the comparison and still in the field
    draft.refresh_from_db()
    assert draft.findings == "Sara found this"

    other.post(page_of(visit), TYPED | {"findings": "Omar found that", "chosen": "2"})
    draft.refresh_from_db()
    assert draft.findings == "Omar found that"


def test_a_mistyped_number_is_said_and_nothing_typed_is_lost(
    visit: Appointment, sara: Resource, screen: Client
) -> None:
    begun(visit, sara)

    page = words(screen.post(page_of(visit), TYPED | {"move_turn_left": "620"}))

    assert "There is a problem" in page
    assert 'value="620"' in page
    assert "Trigger point" in page


def test_signing_closes_the_page_and_offers_a_program(
    visit: Appointment, leila: Patient, sara: Resource, screen: Client
) -> None:
    draft = begun(visit, sara)

    screen.post(page_of(visit), TYPED | ASKED | {"sign": "1"})
    page = words(screen.get(page_of(visit)))

    draft.refresh_from_db()
    assert draft.is_signed
    assert "Signed by Sara Haddad" in page
    assert f'href="{reverse("programs:start", args=[leila.pk])}"' in page
    assert 'name="findings"' not in page


def test_an_open_grave_sign_holds_up_the_signature_and_the_draft_is_kept(
    visit: Appointment, leila: Patient, sara: Resource, screen: Client
) -> None:
    a_sent_form(leila, rf_fever=True)
    draft = begun(visit, sara)

    page = words(screen.post(page_of(visit), TYPED | {"sign": "1"}))

    assert "A warning sign is still open: close the warning sign, or choose what is decided" in page
    draft.refresh_from_db()
    assert (draft.findings, draft.is_signed, draft.revision) == ("Trigger point", False, 2)
    assert 'name="revision" value="2"' in page


def test_a_page_left_open_past_the_signature_gives_back_what_was_typed(
    visit: Appointment, sara: Resource, screen: Client
) -> None:
    begun(visit, sara)
    screen.post(page_of(visit), TYPED | ASKED | {"sign": "1"})

    page = words(screen.post(page_of(visit), TYPED | {"findings": "Typed in the other window", "revision": "2"}))

    assert "This assessment is signed and stays as it is." in page
    assert "Typed in the other window" in page


def test_an_addendum_is_added_under_the_signed_text(
    visit: Appointment, leila: Patient, sara: Resource, screen: Client
) -> None:
    draft = begun(visit, sara)
    screen.post(page_of(visit), TYPED | ASKED | {"sign": "1"})
    url = reverse("patients:addendum", args=[leila.pk, draft.pk])

    assert "Write the addendum first." in words(screen.post(url, {"text": " "}))
    page = words(screen.post(url, {"text": "It was the left side."}, follow=True))

    assert "Addendum by Sara Haddad" in page
    assert "It was the left side." in words(screen.get(reverse("patients:record", args=[leila.pk])))


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
        a_visit(patient, sara, starts_at=TEN + timedelta(minutes=n), assessment=draft)
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

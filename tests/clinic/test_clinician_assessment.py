"""A first visit on its page: what she said, what is found, saved by two, and signed."""

import re
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from factories import NOW, a_clinician, a_patient, a_user, the_clinic
from visit_cast import a_first_visit, a_sent_form, begun, page_of, signed_in, words

from clinic.appointments.actions import assessing
from clinic.appointments.models import Appointment, Resource
from clinic.appointments.rules.status import Status
from patients.models import Assessment, Patient, RedFlag
from people.models import AuditEvent, Clinic, User
from people.rules.permissions import Role

pytestmark = pytest.mark.usefixtures("monday_morning")

TYPED = {"findings": "Trigger point", "impression": "", "next_steps": "", "revision": "1"}
ASKED = {"do": "all_no"}


@pytest.fixture
def sara(northgate: Clinic) -> Resource:
    return a_clinician()


@pytest.fixture
def visit(leila: Patient, sara: Resource) -> Appointment:
    return a_first_visit(leila, sara)


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
    visit = a_first_visit(a_patient(), a_clinician())
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

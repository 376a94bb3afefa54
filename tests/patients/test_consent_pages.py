"""The consents of a patient on the screen, and the tablet in her hands."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from consent_cast import agreed, document, sign, signed_in
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient, a_user, the_clinic
from pytest_django import DjangoAssertNumQueries
from visit_cast import words

from patients.actions import consents
from patients.models import Consent, Patient
from patients.rules.rulebook import rulebook
from patients.web.consent_tablet import LASTS_SECONDS
from people.models import AuditEvent, User
from people.rules.permissions import Role


@pytest.fixture
def sara(db: None) -> User:
    return a_user(Role.CLINICIAN)


def hand_over(client: Client, patient: Patient, *codes: str, **said: str) -> str:
    """Lock the tablet; the address of the first sheet."""
    url = reverse("patients:consent_hand_over", args=[patient.pk])
    query = "&".join(f"document={document(code)}" for code in codes)
    answer = client.post(f"{url}?{query}", {"language": "en"} | said)
    assert answer.status_code == 302, words(answer)
    return str(answer["Location"])


def test_the_tablet_shows_the_sheet_and_the_name_signs_it(leila: Patient, sara: User) -> None:
    tablet = signed_in(sara)
    sheet = hand_over(tablet, leila, "consent_laser", area="upper trapezius, left")

    page = words(tablet.get(sheet))
    for point in rulebook().consents["consent_laser"].in_plain_words:
        assert point in page
    assert "Not yet confirmed by a clinician" in page
    answer = tablet.post(sheet, agreed())

    made = Consent.objects.get()
    assert (made.patient, made.taken_by, made.signed_name) == (leila, sara, "Leila Rahimi")
    assert made.area == "upper trapezius, left"
    assert answer["Location"] == reverse("patients:tablet_back")


def test_nothing_else_of_the_clinic_can_be_reached_from_the_tablet(leila: Patient, sara: User) -> None:
    tablet = signed_in(sara)
    home = reverse("patients:record", args=[leila.pk])
    assert tablet.get(home).status_code == 200
    sheet = hand_over(tablet, leila, "consent_laser")

    for url in (home, reverse("patients:list"), reverse("desk:my_day"), reverse("patients:consents", args=[leila.pk])):
        assert tablet.get(url)["Location"].split("?")[0] == reverse("account_login"), url
    for page in (tablet.get(sheet), tablet.get(reverse("patients:tablet_back"))):
        links = set(re.findall(r'<a [^>]*href="([^"]+)"', page.content.decode()))
        assert links <= {"#main", reverse("account_login")}
        assert "no-store" in page["Cache-Control"]


def test_the_address_alone_opens_nothing_on_another_device(leila: Patient, sara: User) -> None:
    tablet = signed_in(sara)
    sheet = hand_over(tablet, leila, "consent_laser")

    for stranger in (Client(), signed_in(leila.user), signed_in(sara)):
        answer = stranger.post(sheet, agreed())
        assert (answer.status_code, "laser" in words(answer)) == (404, False)
    assert not Consent.objects.exists()
    # Another hand-over on the same tablet does not open the first one's address either.
    again = Client()
    again.force_login(sara)
    other = hand_over(again, leila, "consent_general")
    assert again.get(sheet).status_code == 404
    assert again.get(other).status_code == 200


def test_a_sheet_that_was_signed_opens_no_more_and_the_name_of_a_treatment_is_in_no_address(
    leila: Patient, sara: User
) -> None:
    tablet = signed_in(sara)
    sheet = hand_over(tablet, leila, "consent_laser", "consent_general")
    assert tablet.post(sheet, agreed())["Location"] == sheet
    assert "General consent" in words(tablet.get(sheet))
    assert 'value="Leila Rahimi"' in words(tablet.get(sheet))
    tablet.post(sheet, agreed())

    assert tablet.get(sheet).status_code == 404
    assert sorted(Consent.objects.values_list("code", flat=True)) == ["consent_general", "consent_laser"]
    assert not re.search("laser|consent_|general", sheet)


def test_the_tablet_locks_for_good_after_a_quarter_of_an_hour(leila: Patient, sara: User) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        tablet = signed_in(sara)
        sheet = hand_over(tablet, leila, "consent_laser")
        clock.shift(timedelta(seconds=LASTS_SECONDS + 1))

        assert tablet.post(sheet, agreed()).status_code == 404
    assert not Consent.objects.exists()


def test_she_may_decline_and_it_is_written_down(leila: Patient, sara: User) -> None:
    tablet = signed_in(sara)
    sheet = hand_over(tablet, leila, "consent_laser")

    answer = tablet.post(sheet, {"decline": "1"})

    assert answer["Location"] == reverse("patients:tablet_back")
    assert not Consent.objects.exists()
    assert AuditEvent.objects.get(deed="consent.declined").patient_id == leila.pk


def test_an_empty_name_is_said_and_nothing_is_lost(leila: Patient, sara: User) -> None:
    tablet = signed_in(sara)
    sheet = hand_over(tablet, leila, "consent_laser")

    answer = tablet.post(sheet, agreed(signed_name="", drawn="M1.0 1.0 L2.0 2.0"))

    page = words(answer)
    assert "<title>Error:" in page
    assert "Type your full name to sign." in page
    assert 'value="M1.0 1.0 L2.0 2.0"' in page


def test_a_guardian_says_who_she_is(db: None, sara: User) -> None:
    the_clinic()
    child = a_patient(given_name="Zoe", birth_date=date(2016, 5, 1))
    tablet = signed_in(sara)
    sheet = hand_over(tablet, child, "consent_exercise")
    assert "Guardian consent for a minor" in words(tablet.get(sheet))

    assert "You sign for the patient. Who are you? This field is required." in words(tablet.post(sheet, agreed()))
    tablet.post(sheet, agreed(relation="mother"))
    tablet.post(sheet, agreed(relation="mother"))

    assert [it.signed_for for it in Consent.objects.all()] == [f"{child.full_name}: I am the patient's mother"] * 2


def test_a_document_with_a_witness_asks_for_one_before_the_tablet_changes_hands(leila: Patient, sara: User) -> None:
    client = signed_in(sara)
    url = reverse("patients:consent_hand_over", args=[leila.pk]) + f"?document={document('consent_stem_cell')}"

    assert "Witness: This field is required." in words(client.post(url, {"language": "en"}))
    assert client.get(url).status_code == 200, "still signed in"


def test_the_list_says_how_each_signature_stands_and_what_makes_it_void(leila: Patient, sara: User) -> None:
    sign(leila, "consent_laser", sara)
    consents.withdraw(sign(leila, "consent_general", sara), by=sara, now=NOW)
    with time_machine.travel(NOW, tick=False):
        page = words(signed_in(sara).get(reverse("patients:consents", args=[leila.pk])))

    assert "In force" in page
    assert "Withdrawn 14 September 2026" in page
    assert "new photosensitising medicine, new lesion in the area" in page
    assert "not yet confirmed by a clinician" in page


def test_the_copy_has_the_exact_words_the_name_and_the_interpreter(leila: Patient, sara: User) -> None:
    made = sign(leila, "consent_laser", sara, language="fa", interpreter="Zahra", drawn="M1.0 1.0 L9.0 9.0")

    page = words(signed_in(sara).get(reverse("patients:consent_copy", args=[leila.pk, made.pk])))

    for shown in ("You wear the goggles", "Leila Rahimi", "14 September 2026", "Persian", "Zahra", "M1.0 1.0 L9.0 9.0"):
        assert shown in page
    text = page.split('class="exact"')[1].split("</div>")[0]
    assert ["- " + it for it in re.findall("<li>(.*?)</li>", text)] == re.findall(r"(?m)^- .*", made.text)
    assert 'class="exact" lang="en"' in page  # read in English to somebody who spoke Persian


def test_staff_write_down_that_she_withdraws(leila: Patient, sara: User) -> None:
    made = sign(leila, "consent_laser", sara)

    signed_in(sara).post(reverse("patients:consent_withdraw", args=[leila.pk, made.pk]))

    made.refresh_from_db()
    assert made.withdrawn_by == sara


def test_the_desk_and_the_office_never_see_which_treatment_was_agreed_to(leila: Patient, sara: User) -> None:
    made = sign(leila, "consent_laser", sara)
    doors = [
        reverse("patients:consents", args=[leila.pk]),
        reverse("patients:consent_copy", args=[leila.pk, made.pk]),
        reverse("programs:visit_consents", args=[leila.pk]),
        reverse("patients:consent_hand_over", args=[leila.pk]) + f"?document={document('consent_laser')}",
    ]
    for role in (Role.FRONT_DESK, Role.MANAGER, Role.PATIENT):
        client = signed_in(a_user(role))
        assert [client.get(url).status_code for url in doors] == [404] * 4


def test_a_consent_of_somebody_else_is_not_found_under_her_name(leila: Patient, sara: User) -> None:
    theirs = sign(a_patient(), "consent_laser", sara)
    client = signed_in(sara)

    assert client.get(reverse("patients:consent_copy", args=[leila.pk, theirs.pk])).status_code == 404
    assert client.post(reverse("patients:consent_withdraw", args=[leila.pk, theirs.pk])).status_code == 404
    assert signed_in(leila.user).post(reverse("portal:consent_copy", args=[theirs.pk])).status_code == 404
    assert Consent.objects.get().withdrawn_at is None


def test_the_visit_is_told_which_signatures_its_treatment_needs(leila: Patient, sara: User) -> None:
    client, url = signed_in(sara), reverse("programs:visit_consents", args=[leila.pk]) + "?modality=laser_therapy"
    with time_machine.travel(NOW, tick=False):
        before = words(client.get(url, headers={"HX-Request": "true"}))
        sign(leila, "consent_laser", sara)
        sign(leila, "consent_general", sara)
        after = words(client.get(url, headers={"HX-Request": "true"}))
        page = words(client.get(url))

    assert "2 signatures are missing. The session cannot start without them." in before
    assert before.count("document=") == 2
    assert "<html" not in before
    assert "Every signature is there." in after
    assert "<html" in page, "without JavaScript it is a page"


def many(patient: Patient, count: int, by: User) -> None:
    made = sign(patient, "consent_laser", by)
    Consent.objects.bulk_create(
        Consent(
            patient=patient, code="consent_general", text="x", text_version="x", language="en", signed_name="L",
            signed_at=NOW, valid_from=made.valid_from, valid_until=made.valid_until, taken_by=by,
        )
        for _ in range(count - 1)
    )  # fmt: skip


@pytest.mark.parametrize("count", [1, 50])
def test_the_list_costs_the_same_however_much_was_signed(
    leila: Patient, sara: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    many(leila, count, sara)
    client, url = signed_in(sara), reverse("patients:consents", args=[leila.pk])
    client.get(url)

    with django_assert_num_queries(11):
        client.get(url)


@pytest.mark.parametrize("count", [1, 50])
def test_her_own_list_costs_the_same_however_much_was_signed(
    leila: Patient, sara: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    many(leila, count, sara)
    client, url = signed_in(leila.user), reverse("portal:consents")
    client.get(url)

    with django_assert_num_queries(17):
        client.get(url)

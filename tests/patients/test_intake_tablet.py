"""The form on the clinic's tablet: filled in by the patient, with nothing else of the clinic within reach."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient, a_user, the_clinic

from patients.actions import intake as intakes
from patients.models import Intake, Patient, RedFlag
from patients.rules.intake_parts import pages
from patients.web.intake_tablet import LASTS_SECONDS
from people.models import AuditEvent, User
from people.rules.permissions import Role


@pytest.fixture
def zara(db: None) -> Patient:
    the_clinic()
    return a_patient(given_name="Zara")


@pytest.fixture
def rosa(db: None) -> User:
    return a_user(Role.FRONT_DESK)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def handed_over(tablet: Client, patient: Patient) -> str:
    return str(tablet.post(reverse("patients:form_hand_over", args=[patient.pk]))["Location"])


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def test_the_desk_hands_over_an_empty_form_and_she_sends_it(zara: Patient, rosa: User) -> None:
    tablet = signed_in(rosa)
    page = handed_over(tablet, zara)
    assert page.endswith("/form/story/")

    following = tablet.post(page, {"text": "I woke up with it"})["Location"]
    assert following == page.replace("story", "symptoms")
    for it in pages(48):
        if it.is_safety:
            tablet.post(page.replace("story", it.key), {"none": "1"})
    assert tablet.post(page.replace("story", "check"))["Location"] == page.replace("story", "sent")

    form = Intake.objects.submitted().get()
    assert (form.patient, form.answers["story"]["text"]) == (zara, "I woke up with it")
    assert AuditEvent.objects.get(deed="intake.submitted").by == rosa
    assert "your form was sent" in words(tablet.get(page.replace("story", "sent")))


def test_nothing_but_the_form_can_be_reached(zara: Patient, rosa: User) -> None:
    tablet = signed_in(rosa)
    page = handed_over(tablet, zara)

    for url in (reverse("patients:list"), reverse("patients:patient", args=[zara.pk]), reverse("desk:today")):
        assert tablet.get(url)["Location"].split("?")[0] == reverse("account_login")
    answer = tablet.get(page)
    links = set(re.findall(r'<a [^>]*href="([^"]+)"', answer.content.decode()))
    assert {it for it in links if not it.startswith(("#", "tel:"))} == {page.replace("story", "end")}
    assert "no-store" in answer["Cache-Control"]


def test_an_emergency_is_told_at_once_on_the_tablet_too(zara: Patient, rosa: User) -> None:
    tablet = signed_in(rosa)
    page = handed_over(tablet, zara)

    answer = tablet.post(page.replace("story", "safety-1"), {"rf_lockjaw_facial_spasm": "yes"}, follow=True)

    assert "Get help now" in words(answer)
    assert RedFlag.objects.open().get().code == "rf_lockjaw_facial_spasm"


def test_after_the_end_going_back_shows_nothing(zara: Patient, rosa: User) -> None:
    tablet = signed_in(rosa)
    page = handed_over(tablet, zara)
    tablet.post(page, {"text": "Private", "later": "1"}, follow=True)

    assert tablet.get(page).status_code == 404
    assert Intake.objects.get().answers["story"]["text"] == "Private"


def test_the_desk_never_sees_what_was_begun_at_home(zara: Patient, rosa: User) -> None:
    form = intakes.start(zara, by=rosa, now=NOW)
    intakes.save_part(form, "story", {"text": "Private"}, by=rosa, now=NOW)
    desk = signed_in(rosa)

    answer = desk.post(reverse("patients:form_hand_over", args=[zara.pk]), follow=True)

    assert "This form is begun already." in words(answer)
    assert "Private" not in words(answer)
    assert "/t/" in handed_over(signed_in(a_user(Role.CLINICIAN)), zara), "a clinician may help her on"


def test_what_is_known_is_not_shown_on_a_tablet_of_the_desk(zara: Patient, rosa: User) -> None:
    first = intakes.start(zara, by=rosa, now=NOW)
    intakes.save_part(first, "medicines", {"medicines": "apixaban"}, by=rosa, now=NOW)
    intakes.submit(first, by=rosa, now=NOW)
    desk, clinician = signed_in(rosa), signed_in(a_user(Role.CLINICIAN))

    assert "apixaban" not in words(desk.get(handed_over(desk, zara).replace("story", "medicines")))
    assert "apixaban" in words(clinician.get(handed_over(clinician, zara).replace("story", "medicines")))


def test_the_address_works_on_that_tablet_only_and_for_an_hour(zara: Patient, rosa: User) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        tablet = signed_in(rosa)
        page = handed_over(tablet, zara)
        for stranger in (Client(), signed_in(rosa), signed_in(a_user(Role.CLINICIAN))):
            assert stranger.get(page).status_code == 404
            assert stranger.post(page, {"text": "x"}).status_code == 404
        assert tablet.get(page).status_code == 200
        clock.shift(timedelta(seconds=LASTS_SECONDS + 1))
        assert tablet.get(page).status_code == 404


def test_a_patient_hands_over_nothing(zara: Patient) -> None:
    patient = signed_in(a_user(Role.PATIENT))

    assert patient.post(reverse("patients:form_hand_over", args=[zara.pk])).status_code == 404
    assert not Intake.objects.exists()

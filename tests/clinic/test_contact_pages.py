"""How one patient wants to be reached: told to the desk, or said at home; kept with proof, and true at once."""

from datetime import time
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient, a_portal_patient, a_user, the_clinic
from office_cast import as_user, said
from outbox_cast import THURSDAY, a_plan, a_visit, at, look, told

from clinic.reminders.actions import planning
from clinic.reminders.models import ContactPreference, Message, OptOut
from patients.models import Patient
from people.models import AuditEvent
from people.rules.permissions import Role

pytestmark = pytest.mark.django_db
HOME = "/me/contact/"
WISH = {"form": "wish", "channel": "", "fallback": "", "language": "", "earliest": "", "latest": "", "time_zone": ""}


@pytest.fixture(autouse=True)
def _a_monday(db: None) -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def leila() -> Patient:
    the_clinic()
    return a_portal_patient(address="12 Elm Street")


@pytest.fixture
def home(leila: Patient) -> Client:
    assert leila.user
    return as_user(leila.user)


def at_the_desk(patient: Patient) -> tuple[Client, str]:
    return as_user(a_user(Role.FRONT_DESK, name="Rosa")), reverse("reminders:reached", args=[patient.pk])


def test_a_patient_says_stop_at_home_and_nothing_leaves_from_then_on(home: Client, leila: Patient) -> None:
    a_visit(THURSDAY, patient=leila)
    planning.plan(now=NOW)

    home.post(HOME, {"form": "way", "channel": "email", "do": "stop"})
    look(at(14, 9))

    assert ("reminder", "suppressed", "opted_out") in told()
    kept = OptOut.objects.get()
    assert (kept.how, kept.by, kept.is_out) == ("portal", leila.user, True)
    assert "stopped" in said(home.get(HOME))


def test_what_was_stopped_can_be_wanted_again(home: Client, leila: Patient) -> None:
    Patient.objects.update(may_be_mailed=False)
    for deed in ("stop", "start"):
        home.post(HOME, {"form": "way", "channel": "email", "do": deed})
    a_visit(THURSDAY, patient=leila)

    look(at(14, 9))

    assert told()[0] == ("reminder", "sent", "")
    assert OptOut.objects.count() == 2  # both words are kept: rows are only added
    assert Patient.objects.get().may_be_mailed


def test_the_desk_writes_down_a_stop_with_who_heard_it(leila: Patient) -> None:
    desk, page = at_the_desk(leila)

    desk.post(page, {"form": "way", "channel": "email", "do": "stop"})

    shown = said(desk.get(page))
    assert "E-mail: no more Told the desk" in shown
    assert "Rosa" in shown
    assert "stopped" in said_in_part(desk, page)


def said_in_part(client: Client, page: str) -> str:
    return client.get(page, headers={"HX-Request": "true"}).content.decode()


def test_one_childs_stop_leaves_the_mothers_mail_alone(home: Client, leila: Patient) -> None:
    mother = a_patient(email=leila.email)
    home.post(HOME, {"form": "way", "channel": "email", "do": "stop"})
    a_visit(THURSDAY, patient=mother)

    look(at(14, 9))

    assert told()[0] == ("reminder", "sent", "")


def test_how_and_when_is_kept_and_the_next_message_goes_that_way(home: Client, leila: Patient) -> None:
    a_visit(THURSDAY, patient=leila)
    planning.plan(now=at(14, 8, 30))

    home.post(HOME, WISH | {"channel": "letter", "language": "es", "earliest": "09:30", "latest": "18:00"})
    planning.plan(now=at(14, 8, 31))

    kept = ContactPreference.objects.get()
    assert (kept.channel, kept.language, kept.earliest) == ("letter", "es", time(9, 30))
    assert Message.objects.order_by("due_at")[0].channel == "letter"
    assert AuditEvent.objects.get(deed="contact_preference.set").detail == {
        "fields": ["channel", "earliest", "language", "latest"]
    }


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"earliest": "18:00", "latest": "09:00"}, "must be later than"),
        ({"channel": "email", "fallback": "email"}, "Choose another way"),
        ({"channel": "pigeon"}, "pigeon is not one of the available choices"),
        ({"time_zone": "Mars/Olympus"}, "Time zone"),
    ],
)
def test_a_wish_that_cannot_be_is_said_in_words_and_stays_typed(
    home: Client, leila: Patient, typed: dict[str, str], words: str
) -> None:
    desk, page = at_the_desk(leila)

    for client, url in ((home, HOME), (desk, page)):
        answer = client.post(url, WISH | {"language": "es"} | typed)

        assert words in said(answer)
        assert '<option value="es" selected>' in answer.content.decode()
    assert not ContactPreference.objects.filter(language="es").exists()


def test_a_patient_chooses_about_what(home: Client, leila: Patient) -> None:
    a_visit(THURSDAY, patient=leila)
    planning.plan(now=NOW)
    kept = [kind for kind, _label in home.get(HOME).context["kinds"].fields["kinds"].choices]

    home.post(HOME, {"form": "kinds", "kinds": [kind for kind in kept if kind != "reminder"]})

    assert not Message.objects.filter(kind="reminder").exists()
    planning.plan(now=NOW)
    assert not Message.objects.filter(kind="reminder").exists()
    home.post(HOME, {"form": "kinds", "kinds": kept})
    planning.plan(now=NOW)
    assert Message.objects.filter(kind="reminder").count() == 3
    assert AuditEvent.objects.filter(deed="messages.kind_switched").count() == 2


def test_exercise_reminders_come_at_the_patients_own_hours_and_days(home: Client, leila: Patient) -> None:
    a_plan(leila)

    home.post(HOME, {"form": "hours", "weekdays": ["0"], "first": "17:00", "second": "08:00", "third": ""})
    for day in (14, 15):
        for hour in (8, 17, 18):
            look(at(day, hour))

    sent = Message.objects.filter(kind="exercise", state="sent").order_by("due_at")
    assert list(sent.values_list("due_at", flat=True)) == [at(14, 8), at(14, 17)]
    page = home.get(HOME).content.decode()
    assert 'value="08:00"' in page


def test_a_form_that_the_page_does_not_have_is_not_found(home: Client) -> None:
    for typed in ({}, {"form": "x"}, {"form": "way", "channel": "pigeon", "do": "stop"}, {"form": "way", "do": "x"}):
        assert home.post(HOME, typed).status_code == 404


def test_the_desk_of_nobody_and_other_patients_do_not_get_there(leila: Patient) -> None:
    other = a_portal_patient(family_name="Other")
    assert other.user
    _desk, page = at_the_desk(leila)

    assert as_user(other.user).get(page).status_code == 404


@pytest.mark.parametrize("said_so_often", [1, 12])
def test_the_page_costs_the_same_whatever_was_said(
    home: Client, leila: Patient, said_so_often: int, django_assert_num_queries: Any
) -> None:
    for n in range(said_so_often):
        home.post(HOME, {"form": "way", "channel": "email", "do": "stop" if n % 2 else "start"})
    home.get(HOME)

    with django_assert_num_queries(16):
        home.get(HOME)

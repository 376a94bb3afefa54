"""What the desk sees of the outbox."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient, a_portal_patient, a_user, the_clinic
from outbox_cast import a_visit, at, cancel, look
from pytest_django import DjangoAssertNumQueries

from clinic.appointments.models import Appointment
from clinic.reminders.actions import planning
from clinic.reminders.models import Message
from patients.models import Patient
from people.models import AuditEvent
from people.rules.permissions import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Client:
    the_clinic()
    client.force_login(a_user(Role.FRONT_DESK))
    return client


def page(client: Client, url: str, **headers: str) -> str:
    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        response = client.get(url, headers=headers)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def the_patient(**fields: str) -> Patient:
    return a_patient(**{"email": "leila@example.org", "family_name": "Rahimi"} | fields)


def test_the_ledger_says_what_was_sent_and_what_was_not_and_why(desk: Client) -> None:
    a_visit(at(22, 10), booked_at=NOW, patient=the_patient())
    a_visit(at(22, 15), booked_at=NOW, patient=the_patient(family_name="Okafor", email=""))
    look(NOW)

    ledger = page(desk, reverse("reminders:ledger"))

    assert "Rahimi, Leila" in ledger
    assert "Okafor, Leila" in ledger
    assert "Visit booked" in ledger
    assert "for Tue 22 Sep, 10:00" in ledger
    assert "we have no e-mail address" in ledger
    assert "1 was not sent, for a reason" in ledger


def test_the_ledger_shows_that_nothing_goes_out_any_more(desk: Client) -> None:
    a_visit(at(22, 10), booked_at=NOW)
    planning.plan(now=NOW)

    ledger = page(desk, reverse("reminders:ledger") + "?show=overdue")

    assert "The oldest for 5" in ledger
    assert "Visit booked" in ledger


@pytest.mark.parametrize(
    ("show", "shown"), [("newest", 1), ("overdue", 0), ("failed", 1), ("unsent", 0), ("coming", 2)]
)
def test_the_ledger_can_be_narrowed(desk: Client, show: str, shown: int) -> None:
    a_visit(at(17, 10), booked_at=NOW)
    look(NOW)
    Message.objects.filter(kind="booked").update(state="failed", reason="bounced")

    assert page(desk, reverse("reminders:ledger") + f"?show={show}").count('<th scope="row">') == shown


def test_what_is_coming_can_be_stopped_and_what_was_sent_can_be_sent_again(desk: Client) -> None:
    a_visit(at(17, 10), booked_at=NOW)
    look(NOW)
    sent, coming = Message.objects.order_by("due_at")[:2]

    with time_machine.travel(NOW, tick=False):
        stopped = desk.post(reverse("reminders:stop", args=[coming.pk]), {"back": "/desk/messages/?show=coming"})
        resent = desk.post(reverse("reminders:resend", args=[sent.pk]), {"back": "https://evil.example/"})

    assert stopped["Location"] == "/desk/messages/?show=coming"
    assert resent["Location"] == reverse("reminders:ledger")
    assert list(Message.objects.order_by("due_at").values_list("state", "reason")[:2]) == [
        ("ready", ""),
        ("suppressed", "stopped"),
    ]


def test_what_cannot_be_done_is_said_in_words(desk: Client) -> None:
    a_visit(at(22, 10), booked_at=NOW)
    look(NOW)
    sent = Message.objects.get(kind="booked")

    with time_machine.travel(NOW, tick=False):
        answer = desk.post(reverse("reminders:stop", args=[sent.pk]), follow=True)

    assert "It is too late to stop this message: it has left." in answer.content.decode()


def test_sending_again_is_asked_for_by_post_only(desk: Client) -> None:
    a_visit(at(22, 10), booked_at=NOW)
    planning.plan(now=NOW)

    assert desk.get(reverse("reminders:resend", args=[Message.objects.first().pk])).status_code == 405


def test_a_patients_messages_are_a_page_and_a_fragment_and_leave_a_line(desk: Client) -> None:
    patient = the_patient()
    a_visit(at(22, 10), booked_at=NOW, patient=patient)
    a_visit(at(22, 15), booked_at=NOW, patient=a_patient(email="omar@example.org"))
    look(NOW)
    url = reverse("reminders:patient_messages", args=[patient.pk])

    whole, part = page(desk, url), page(desk, url, HX_Request="true", HX_Current_URL="http://testserver/patients/x/")

    assert whole.count('<th scope="row">') == part.count('<th scope="row">') == 4
    assert "<h1>" in whole
    assert "<h1>" not in part
    assert 'name="back" value="/patients/x/"' in part
    assert AuditEvent.objects.filter(deed="patient.opened", patient_id=patient.pk).count() == 2


def test_a_visits_messages_show_what_its_change_has_overtaken(desk: Client) -> None:
    visit = a_visit(at(17, 10), booked_at=NOW, patient=the_patient())
    look(NOW)
    cancel(visit, now=NOW + timedelta(minutes=1))
    look(NOW + timedelta(minutes=1))

    shown = page(desk, reverse("reminders:visit_messages", args=[visit.pk]))

    assert shown.count("the visit has changed since") == 2
    assert "Visit cancelled" in shown
    assert shown.count("Send again:") == 1  # the news of the cancelling; nobody needs the confirmation any more


def test_what_is_not_written_down_yet_is_shown_and_cannot_be_stopped(desk: Client) -> None:
    patient = the_patient()
    far = a_visit(at(22, 12, month=11), patient=patient)
    near = a_visit(at(22, 10), patient=patient)
    planning.plan(now=NOW)

    of_far, of_near = (page(desk, reverse("reminders:visit_messages", args=[it.pk])) for it in (far, near))
    of_both = page(desk, reverse("reminders:patient_messages", args=[patient.pk]))

    assert [it.count(">Planned<") for it in (of_far, of_near, of_both)] == [3, 3, 3]  # not what comes in months
    assert "Mon 21 Sep, 18:00" in of_near
    assert "Do not send" not in of_near


@pytest.mark.parametrize("role", [Role.PATIENT])
def test_patients_do_not_see_the_ledger(client: Client, role: str) -> None:
    visit = a_visit(at(22, 10), booked_at=NOW, patient=a_portal_patient())
    planning.plan(now=NOW)
    client.force_login(visit.patient.user)

    gets = [reverse("reminders:ledger"), reverse("reminders:patient_messages", args=[visit.patient_id])]
    gets.append(reverse("reminders:visit_messages", args=[visit.pk]))
    posts = [reverse(f"reminders:{deed}", args=[Message.objects.first().pk]) for deed in ("resend", "stop")]

    assert {client.get(url).status_code for url in gets} | {client.post(url).status_code for url in posts} == {404}


def test_what_does_not_exist_is_not_found(desk: Client) -> None:
    for name in ("patient_messages", "visit_messages"):
        assert desk.get(reverse(f"reminders:{name}", args=[uuid4()])).status_code == 404
    assert desk.post(reverse("reminders:stop", args=[uuid4()])).status_code == 404
    assert desk.get(reverse("reminders:ledger") + "?show=everything").status_code == 404


@pytest.mark.parametrize("visits", [1, 50])
@pytest.mark.parametrize(("of", "queries"), [("ledger", 8), ("patient", 12), ("visit", 13)])
def test_lists_cost_the_same_for_one_message_and_for_fifty(
    desk: Client, visits: int, of: str, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    patient = the_patient()
    for n in range(visits):
        a_visit(at(22, 10) + timedelta(hours=n), booked_at=NOW, patient=patient)
    planning.plan(now=NOW)
    url = {
        "ledger": reverse("reminders:ledger"),
        "patient": reverse("reminders:patient_messages", args=[patient.pk]),
        "visit": reverse("reminders:visit_messages", args=[Appointment.objects.first().pk]),
    }[of]
    page(desk, url)

    with django_assert_num_queries(queries):
        page(desk, url)

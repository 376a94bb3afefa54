"""Letters for who is reached by nothing else; calls about what did not arrive; and whether we told her."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient, a_user, the_clinic
from office_cast import as_user, said
from outbox_cast import THURSDAY, a_visit, at, cancel, look

from clinic.appointments.models import Appointment
from clinic.reminders.actions import planning
from clinic.reminders.models import Attempt, ContactPreference, Message, ReminderPolicy
from patients.models import Patient
from people.models import AuditEvent
from people.rules.permissions import Role

pytestmark = pytest.mark.django_db
LETTERS = "/desk/letters/"


@pytest.fixture(autouse=True)
def _a_monday(db: None) -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk() -> Client:
    the_clinic()
    return as_user(a_user(Role.FRONT_DESK, name="Rosa"))


def a_letter(**patient: Any) -> Appointment:
    """To somebody without mail or phone, about a visit that was just booked."""
    fields = {"family_name": "Okafor", "address": "12 Elm Street", "city": "Springfield", "postal_code": "12345"}
    visit = a_visit(THURSDAY + timedelta(days=7), patient=a_patient(**fields | patient), booked_at=NOW)
    ContactPreference.objects.create(patient=visit.patient, channel="letter")
    planning.plan(now=NOW)
    Message.objects.filter(kind="reminder").delete()
    return visit


def printed(desk: Client) -> Any:
    ids = [str(pk) for pk in Message.objects.filter(channel="letter").values_list("pk", flat=True)]
    return desk.post(LETTERS, {"letter": ids}, follow=True)


def test_a_letter_is_printed_once_and_noted_as_sent(desk: Client) -> None:
    a_letter()

    listed, sheet, again = said(desk.get(LETTERS)), printed(desk), printed(desk)

    assert "Okafor, Leila" in listed
    text = said(sheet)
    assert "Leila Okafor 12 Elm Street 12345 Springfield" in text
    assert "Your visit is booked for Thursday 24 September at 10:30am." in text
    assert "1 letter, noted as sent." in sheet.content.decode()
    assert "somebody has printed these" in again.content.decode()
    message = Message.objects.get(channel="letter")
    assert (message.state, message.sent_at) == ("sent", NOW)
    assert list(Attempt.objects.values_list("provider", "outcome")) == [("print", "sent")]
    assert AuditEvent.objects.filter(deed="letters.printed").count() == 1
    assert desk.get(sheet.redirect_chain[-1][0]).status_code == 200  # once more, when the printer jams
    assert "No letters to print." in said(desk.get(LETTERS))


def test_the_link_in_a_letter_is_short_enough_to_type_and_opens_the_visit(desk: Client) -> None:
    a_letter()

    sheet = printed(desk).context["sheets"][0]

    link = next(line for line in sheet.text.splitlines() if "/a/" in line)
    mark = link.rstrip("/").rpartition("/")[2]
    assert len(mark) == 12
    assert Client().get(reverse("portal:link", args=[mark])).status_code == 200


def test_a_letter_that_is_not_true_any_more_is_not_printed(desk: Client) -> None:
    cancel(a_letter(), now=NOW)

    answer = printed(desk)

    assert "not true any more" in answer.content.decode()
    message = Message.objects.get(kind="booked")
    assert (message.state, message.reason) == ("suppressed", "cancelled")


def test_who_has_no_address_either_is_to_be_called(desk: Client) -> None:
    visit = a_letter(mobile="+12025550117")
    Patient.objects.update(address="")  # moved away

    assert "no address" in said(desk.get(LETTERS))
    printed(desk)

    calls = said(desk.get("/desk/answers/"))
    assert "Call: they did not hear it" in calls
    assert "we have no address to write to" in calls
    assert "+1 202-555-0117" in calls
    message = Message.objects.get(appointment=visit)
    desk.post(reverse("reminders:called", args=[message.pk]), {"back": "/desk/tasks/"})
    message.refresh_from_db()
    assert (message.state, message.reason) == ("suppressed", "called")
    assert "Call: they did not hear it" not in said(desk.get("/desk/answers/"))
    twice = desk.post(reverse("reminders:called", args=[message.pk]), follow=True)
    assert "somebody has called already" in twice.content.decode()


def test_what_goes_another_way_needs_no_call(desk: Client) -> None:
    visit = a_visit(at(24, 10), patient=a_patient(address="12 Elm Street"), booked_at=NOW)
    look(NOW)
    before = said(desk.get("/desk/answers/"))
    planning.plan(now=NOW)  # a letter takes over

    assert "they did not hear it" in before
    assert "they did not hear it" not in said(desk.get("/desk/answers/"))
    assert Message.objects.get(appointment=visit, kind="booked", channel="letter").instead_of is not None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Not yet: it is on its way."),
        ({"state": "sent", "sent_at": NOW}, "Yes, it was sent."),
        ({"state": "sent", "sent_at": NOW, "delivered_at": NOW}, "Yes, and it arrived."),
        ({"state": "unknown", "reason": "in_doubt"}, "Perhaps: nobody can say whether it arrived."),
        ({"state": "failed", "reason": "bounced"}, "No. Call."),
    ],
)
def test_did_we_tell_her_is_answered_on_the_visit(desk: Client, changes: dict[str, Any], words: str) -> None:
    visit = a_visit(at(22, 10), booked_at=NOW)
    planning.plan(now=NOW)
    Message.objects.exclude(kind="booked").delete()
    Message.objects.update(**changes)

    shown = said(desk.get(reverse("reminders:visit_messages", args=[visit.pk])))

    assert f"Did we tell the patient? {words}" in shown
    if changes.get("reason") == "bounced":
        assert "Ask for the right one, then send it again." in shown


def test_what_an_older_time_was_said_to_be_is_no_answer(desk: Client) -> None:
    visit = a_visit(at(22, 10), booked_at=NOW)
    look(NOW)
    Appointment.objects.update(starts_at=at(23, 10), ends_at=at(23, 11))

    shown = said(desk.get(reverse("reminders:visit_messages", args=[visit.pk])))

    assert "Did we tell the patient? No. Call." in shown


def test_letters_cost_the_same_for_one_and_for_many(desk: Client, django_assert_num_queries: Any) -> None:
    for wanted in (1, 9):
        while Message.objects.count() < wanted:
            a_letter()
        desk.get(LETTERS)
        with django_assert_num_queries(5):
            desk.get(LETTERS)


def test_a_clinic_that_writes_letters_first_has_them_all_there(desk: Client) -> None:
    ReminderPolicy.objects.create(first_channel="letter")
    a_visit(THURSDAY + timedelta(days=7), patient=a_patient(address="12 Elm Street"), booked_at=NOW)
    planning.plan(now=NOW)
    look(NOW)
    planning.plan(now=NOW)

    assert Message.objects.filter(channel="letter", kind="booked", state="ready").count() == 1


def test_a_run_that_there_was_not_is_not_found(desk: Client) -> None:
    assert desk.get(reverse("reminders:printed", args=[uuid4()])).status_code == 404
    assert desk.post(LETTERS, {"letter": ["nonsense"]}).status_code == 404

"""From the visit to the phone: a text leaves once, says nothing about health, and not after a STOP."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from factories import a_patient
from outbox_cast import THURSDAY, a_visit, at, look
from portal_cast import it_is
from texts_cast import LEILA, answers, reports

from clinic.appointments.models import Appointment
from clinic.reminders.models import Attempt, ContactPreference, Message
from clinic.reminders.proving.sms_gateway import SmsGateway
from clinic.reminders.rules import texts

pytestmark = pytest.mark.django_db
EARLY = at(14, 9, 1)  # three days before, in the morning


@pytest.fixture
def gateway(settings: Any) -> Iterator[SmsGateway]:
    with SmsGateway() as gateway:
        settings.SMS_URL, settings.CLINIC_URL, settings.SMS_TIMEOUT = gateway.url, "https://ngc.example", 10
        yield gateway


@pytest.fixture
def visit() -> Appointment:
    leila = a_patient(given_name="Leila", mobile=LEILA, email="leila@example.org")
    ContactPreference.objects.create(patient=leila, channel="sms", fallback="email")
    return a_visit(THURSDAY, patient=leila)


def test_a_reminder_reaches_the_phone_and_a_yes_comes_back(gateway: SmsGateway, visit: Appointment) -> None:
    look(EARLY)

    [taken] = gateway.taken
    message = Message.objects.get(state="sent")
    assert taken.to == LEILA
    assert taken.body.startswith("Northgate: Leila, you have a visit on Thu 17 Sep at 10:30am.")
    assert texts.is_one_text(taken.body)
    assert Attempt.objects.get(message=message).provider_ref == taken.sid
    with it_is(EARLY + timedelta(minutes=5)):
        assert reports(gateway, message, taken.sid, "delivered", token=message.token) == 204
        answers(gateway, "Yes")
    visit.refresh_from_db()
    message.refresh_from_db()
    assert (visit.status, message.delivered_at is not None) == ("confirmed", True)


def test_after_a_stop_no_text_leaves(gateway: SmsGateway, visit: Appointment) -> None:
    with it_is(EARLY - timedelta(minutes=1)):
        answers(gateway, "STOP")

    look(EARLY)

    assert gateway.taken == []


def test_a_silent_phone_company_gets_no_second_text(gateway: SmsGateway, visit: Appointment) -> None:
    gateway.answers = ["drop_after"]

    look(EARLY)
    look(EARLY + timedelta(minutes=1))

    assert len(gateway.taken) == 1
    assert Message.objects.filter(channel="sms", state="unknown", reason="in_doubt").count() == 1


def test_a_number_that_refuses_texts_is_stopped_and_said_so(gateway: SmsGateway, visit: Appointment) -> None:
    gateway.answers = ["refuse:21610"]

    look(EARLY)

    assert gateway.taken == []
    assert Message.objects.filter(channel="sms", state="failed", reason="opted_out").count() == 1

"""Links short enough for a text; and texts of which nobody knows whether they left."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from factories import NOW, a_patient
from outbox_cast import a_visit
from portal_cast import it_is
from texts_cast import LEILA, SOON, TEXT_OF, a_text, as_it_is

from clinic.appointments.models import Appointment
from clinic.reminders import tasks
from clinic.reminders.actions import addresses, doubts
from clinic.reminders.models import Attempt, ContactPreference, Message, ShortLink
from clinic.reminders.proving.sms_gateway import SmsGateway
from clinic.reminders.rules import texts
from people.models import Clinic

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=3)


@pytest.fixture
def gateway(settings: Any) -> Iterator[SmsGateway]:
    with SmsGateway() as gateway, it_is(NOW):
        settings.SMS_URL, settings.CLINIC_URL = gateway.url, "https://ngc.example"
        yield gateway


@pytest.fixture
def visit() -> Appointment:
    return a_visit(patient=a_patient(given_name="Leila", mobile=LEILA, email="leila@example.org"))


def settle(now: datetime) -> int:
    return doubts.settle(clock=lambda: now, until=now + SOON)


def given(gateway: SmsGateway, message: Message) -> str:
    """The gateway took it, and nobody heard."""
    text = TEXT_OF(message, Clinic.objects.get())
    return gateway.take({"To": text.to, "Body": text.body}).sid


def token_in(message: Message) -> str:
    body = TEXT_OF(message, Clinic.objects.get()).body
    return re.search(r"https://ngc\.example/a/([A-Z2-7]{12})/", body)[1]  # type: ignore[index]


def test_a_text_fits_and_its_link_opens_one_visit_until_it_expires(visit: Appointment, gateway: SmsGateway) -> None:
    message, other = a_text(visit), a_text(a_visit(NOW + timedelta(days=9), patient=visit.patient))
    token = token_in(message)

    assert texts.is_one_text(TEXT_OF(message, Clinic.objects.get()).body)
    assert token_in(message) == token != token_in(other)
    page = Client().get(f"/a/{token.lower()}/").content.decode()
    assert "Thursday" in page
    assert visit.service_code not in page
    assert token not in str(list(ShortLink.objects.values()))
    assert ShortLink.objects.get(message=message).first_opened_at == NOW
    gone = [Client().get(f"/{door}/{token}/").status_code for door in ("f", "o")]
    with it_is(visit.ends_at + timedelta(days=1, minutes=1)):
        gone.append(Client().get(f"/a/{token}/").status_code)
    ShortLink.objects.filter(message=message).update(revoked_at=NOW)
    gone.append(Client().get(f"/a/{token}/").status_code)
    assert gone == [404] * 4


def test_a_short_link_says_yes_without_signing_in(visit: Appointment, gateway: SmsGateway) -> None:
    token = token_in(a_text(visit))

    Client().post(f"/a/{token}/", {"do": "confirm", "revision": visit.revision})

    visit.refresh_from_db()
    assert visit.status == "confirmed"


def test_a_doubtful_text_that_the_provider_has_was_sent(visit: Appointment, gateway: SmsGateway) -> None:
    message = a_text(visit, state="unknown")
    sid = given(gateway, message)

    assert (settle(NOW + timedelta(minutes=1)), settle(LATER)) == (0, 1)

    assert as_it_is(message) == ("sent", "", False)
    assert Attempt.objects.get(message=message).provider_ref == sid


def test_a_doubtful_text_that_the_provider_never_saw_goes_again(visit: Appointment, gateway: SmsGateway) -> None:
    message = a_text(visit, state="unknown")

    assert (settle(LATER), settle(LATER)) == (1, 0)

    assert as_it_is(message) == ("ready", "", False)
    assert message.token == 2


def test_a_text_of_ours_is_not_taken_for_another(visit: Appointment, gateway: SmsGateway) -> None:
    message = a_text(visit, state="unknown")
    Attempt.objects.create(message=a_text(visit, occasion="x"), token=9, at=NOW, provider="twilio",
                           provider_ref=given(gateway, message))  # fmt: skip

    settle(LATER)

    assert as_it_is(message)[0] == "ready"


def test_where_nobody_can_tell_another_way_is_chosen_and_no_text_goes(visit: Appointment, gateway: SmsGateway) -> None:
    message = a_text(visit, state="unknown")
    given(gateway, message)
    gateway.is_redacting = True

    assert settle(LATER) == 0

    assert as_it_is(message) == ("unknown", "cannot_tell", False)
    assert len(gateway.taken) == 1


def test_a_provider_that_is_away_is_asked_again_for_half_an_hour(visit: Appointment, settings: Any) -> None:
    with SmsGateway() as gone:
        settings.SMS_URL = gone.url
    message = a_text(visit, state="unknown")

    states = []
    for minutes in (3, 20, 31):
        settle(NOW + timedelta(minutes=minutes))
        states.append(as_it_is(message)[:2])

    assert states == [("unknown", "in_doubt"), ("unknown", "in_doubt"), ("unknown", "cannot_tell")]


@pytest.mark.django_db(transaction=True)  # a look opens and closes its own connections
def test_every_look_asks_about_doubtful_texts_and_doubts_what_bounced(visit: Appointment, gateway: SmsGateway) -> None:
    message, bounced = a_text(visit, state="unknown"), a_text(visit, occasion="x")
    given(gateway, message)
    digest = addresses.digest("leila@example.org")
    failed = {"channel": "email", "state": "failed", "reason": "bounced", "address_digest": digest}
    Message.objects.filter(pk=bounced.pk).update(**failed)

    with it_is(LATER):
        tasks.look()

    assert as_it_is(message)[0] == "sent"
    assert ContactPreference.objects.get(patient=visit.patient).doubtful_email == digest

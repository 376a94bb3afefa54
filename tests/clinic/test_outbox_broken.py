"""What the desk reads on "Do messages go out?" when something is really broken."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils.html import strip_tags
from factories import NOW, a_patient, a_user
from outbox_cast import a_visit, at, look
from portal_cast import it_is
from pytest_django.fixtures import Settings

from clinic.reminders.actions import second_thoughts, wishes
from clinic.reminders.models import Message
from clinic.reminders.proving.post_office import PostOffice

pytestmark = pytest.mark.django_db
LEASE = timedelta(seconds=61)


@pytest.fixture
def office(settings: Settings) -> Iterator[PostOffice]:
    with PostOffice() as office:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", office.port, 10
        yield office


def a_confirmation_is_owed(email: str = "leila@example.org") -> None:
    a_visit(at(22, 10), booked_at=NOW, patient=a_patient(email=email))


def health(now: datetime) -> str:
    """The row of the table of ways, and all that follows it, as words."""
    with it_is(now):
        client = Client()
        client.force_login(a_user(), backend="people.web.backends.RightsBackend")
        page = client.get("/desk/messages/health/").content.decode()
    return " ".join(strip_tags(page.partition("<tbody>")[2]).split())


def test_a_mail_server_that_is_away(office: PostOffice) -> None:
    a_confirmation_is_owed()
    office.close()
    look(NOW)

    said = health(NOW + timedelta(minutes=10))

    assert said.startswith("E-mail 0 1 the oldest for 10 minutes 0 0 does not answer")
    office.open()
    look(NOW + timedelta(minutes=10))
    assert health(NOW + timedelta(minutes=11)).startswith("E-mail 1 0 0 0 answers")


def test_a_server_that_falls_silent_twice(office: PostOffice) -> None:
    a_confirmation_is_owed()
    office.loses = 1.0
    for n in range(3):
        look(NOW + n * LEASE)

    assert health(NOW + 3 * LEASE).startswith("E-mail 0 0 1 0 answers")
    assert len(office.taken) == 2


def test_an_address_that_takes_no_mail_and_one_that_said_stop(office: PostOffice) -> None:
    a_confirmation_is_owed("nobody@example.org")
    a_confirmation_is_owed("samira@example.org")
    wishes.stop("email", address="samira@example.org", how="link", by=None, now=NOW, proof="pressed")
    office.strangers = {"nobody@example.org"}
    look(NOW)

    said = health(NOW + timedelta(minutes=2))

    assert said.startswith("E-mail 0 0 0 1 answers")
    assert "1 – the address does not take mail" in said
    assert "1 – the patient said STOP" in said


def test_nobody_sends_at_all_and_what_waits_for_the_morning_is_not_late(office: PostOffice) -> None:
    visit, evening = a_visit(at(22, 10)), at(14, 21)
    Message.objects.create(
        occasion=f"visit:{visit.pk}#early",
        kind="reminder",
        patient=visit.patient,
        appointment=visit,
        starts_at=visit.starts_at,
        due_at=evening,
        not_before=evening,
        not_after=at(16, 10),
    )
    look(evening)

    assert health(at(14, 23)).startswith("E-mail 0 0 0 0 answers")
    assert health(at(15, 8, 40)).startswith("E-mail 0 1 the oldest for 11 hours")
    assert office.taken == []


def test_what_was_delivered_can_be_sent_again_and_counts_as_delivered_only_by_the_new_receipt(
    office: PostOffice,
) -> None:
    a_confirmation_is_owed()
    look(NOW)
    news = Message.objects.filter(kind="booked")
    news.update(delivered_at=NOW)

    second_thoughts.resend(news.get(), by=a_user(), now=NOW + LEASE)
    assert news.get().delivered_at is None
    look(NOW + LEASE)

    assert [news.get().state, len(office.taken)] == ["sent", 2]

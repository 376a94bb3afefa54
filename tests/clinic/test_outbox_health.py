"""What the desk sees when somebody says that they heard nothing; and who may be reached when."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from factories import a_patient, a_user
from outbox_cast import a_visit, at

from clinic.reminders.actions import outbox, truth, wishes
from clinic.reminders.models import Message, ReminderPolicy
from clinic.reminders.rules.quiet import Hours

State, Kind = Message.State, Message.Kind


def a_reminder(*, now: datetime, **fields: Any) -> Message:
    visit = a_visit(now + timedelta(days=2), patient=fields.pop("patient", None))
    defaults = {"kind": Kind.REMINDER, "due_at": now, "not_before": now, "not_after": now + timedelta(days=1)}
    return Message.objects.create(
        occasion=f"visit:{visit.pk}#eve",
        patient=visit.patient,
        appointment=visit,
        starts_at=visit.starts_at,
        **defaults | fields,
    )


def a_claimed(now: datetime, **fields: Any) -> Message:
    a_reminder(now=now, **fields)
    (message,) = outbox.claim(now=now)
    return message


@pytest.mark.django_db
@pytest.mark.parametrize(("messages", "queries"), [(1, 12), (30, 12)])
def test_the_desk_sees_what_is_late_what_came_back_and_who_does_not_answer(
    client: Client, messages: int, queries: int, django_assert_max_num_queries: Any
) -> None:
    now = timezone.now()
    client.force_login(a_user(), backend="people.web.backends.RightsBackend")
    for n in range(messages):
        a_reminder(now=now - timedelta(minutes=90 + n), reason="unreachable")
    a_reminder(now=now - timedelta(minutes=1), state=State.FAILED, reason="bounced")

    with django_assert_max_num_queries(queries):
        page = client.get("/desk/messages/health/").content.decode()

    assert "does not answer" in page
    assert "the address does not take mail" in page
    assert "Send again" in page
    assert "Do not send" in page


@pytest.mark.django_db
def test_stop_from_an_address_holds_back_what_is_already_claimed() -> None:
    now = at(15, 12)
    message = a_claimed(now)
    wishes.stop("email", address="leila@example.org", how="link", by=None, now=now, proof="pressed")

    assert not outbox.fence(message, now=now)
    message.refresh_from_db()
    assert (message.state, message.reason) == (State.SUPPRESSED, "opted_out")
    assert mail.outbox == []


@pytest.mark.django_db
def test_an_address_in_doubt_is_not_written_to_and_a_new_one_is() -> None:
    now, patient = at(15, 12), a_patient(email="leila@example.org")
    message = a_claimed(now, patient=patient)
    wishes.doubt(patient, "email", "leila@example.org", now=now)
    assert truth.why_not(message) == "doubtful"

    wishes.doubt(patient, "email", "old@example.org", now=now)
    assert outbox.fence(message, now=now)


@pytest.mark.django_db
def test_nobody_gets_more_in_a_day_than_the_clinic_allows_and_news_is_not_counted() -> None:
    now, patient = at(15, 12), a_patient(email="leila@example.org")
    ReminderPolicy.objects.create(most_per_day=1, most_per_week=2)
    a_reminder(now=now - timedelta(hours=3), patient=patient, state=State.SENT, sent_at=now - timedelta(hours=3))
    message = a_claimed(now, patient=patient)

    assert not outbox.fence(message, now=now)
    message.refresh_from_db()
    assert message.reason == "enough_today"
    assert outbox.fence(a_claimed(now, patient=patient, kind=Kind.BOOKED), now=now)


def test_a_wish_narrows_the_hours_and_the_clock_is_where_the_patient_is() -> None:
    clinics = Hours(time(8), time(20), ZoneInfo("America/New_York"))
    wished = clinics.within(time(18), None)
    noon = datetime(2026, 11, 1, 17, tzinfo=UTC)  # 12:00 in New York, on the day its clocks go back

    assert clinics.open_at(noon) == noon
    assert wished.open_at(noon) == datetime(2026, 11, 1, 23, tzinfo=UTC)
    assert clinics.open_at(datetime(2026, 11, 1, 5, 30, tzinfo=UTC)) == datetime(2026, 11, 1, 13, tzinfo=UTC)
    assert clinics.within(time(21), time(22)) == clinics

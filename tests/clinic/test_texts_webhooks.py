"""What the phone company tells us: signed it counts, once and in order; forged it changes nothing."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from factories import NOW, a_patient
from outbox_cast import THURSDAY, a_visit
from portal_cast import it_is
from texts_cast import LEILA, a_text, answers, as_it_is, call, reports
from twilio.request_validator import RequestValidator

from clinic.appointments.models import Appointment
from clinic.reminders.actions import wishes
from clinic.reminders.actions.addresses import digest
from clinic.reminders.channels.text import Account
from clinic.reminders.models import Attempt, ContactPreference, DeliveryReceipt, InboundText, Message, OptOut
from clinic.reminders.proving.sms_gateway import SmsGateway
from people.models import AuditEvent

pytestmark = pytest.mark.django_db
SID = "SM" + "a" * 32


@pytest.fixture
def gateway(settings: Any) -> Iterator[SmsGateway]:
    with SmsGateway() as gateway, it_is(NOW):
        settings.SMS_URL = gateway.url
        yield gateway


@pytest.fixture
def visit() -> Appointment:
    return a_visit(patient=a_patient(mobile=LEILA, email="leila@example.org"))


def test_a_text_that_arrived_is_marked_whatever_the_order_of_the_reports(
    gateway: SmsGateway, visit: Appointment
) -> None:
    for n, order in enumerate([("sent", "delivered"), ("delivered", "sent"), ("delivered", "queued")]):
        sid = f"SM{n:032x}"
        message = a_text(visit, sid=sid, occasion=f"n{n}")

        assert {reports(gateway, message, sid, status) for status in (*order, *order)} == {204}
        assert as_it_is(message) == ("sent", "", True), order

    assert DeliveryReceipt.objects.count() == 6


@pytest.mark.parametrize(
    ("error", "reason"), [(30003, "undelivered"), (30006, "not_mobile"), (30007, "blocked"), (21610, "opted_out")]
)
def test_a_text_that_did_not_arrive_says_why(gateway: SmsGateway, visit: Appointment, error: int, reason: str) -> None:
    message = a_text(visit, sid=SID)

    for status in ("undelivered", "sent", "undelivered"):
        reports(gateway, message, SID, status, error=error if status == "undelivered" else 0)

    assert as_it_is(message) == ("failed", reason, False)
    assert wishes.is_out("sms", digest(LEILA)) == (reason == "opted_out")
    doubted = ContactPreference.objects.filter(doubtful_mobile=digest(LEILA))
    assert doubted.exists() == (reason == "not_mobile")


def test_a_report_settles_a_text_whose_answer_never_came(gateway: SmsGateway, visit: Appointment) -> None:
    lost, told_early = a_text(visit, state="unknown"), a_text(visit, state="handing", occasion="x")

    reports(gateway, lost, SID, "sent")
    reports(gateway, told_early, "SM2", "delivered")

    assert (as_it_is(lost), as_it_is(told_early)) == (("sent", "", False), ("sent", "", True))
    assert Attempt.objects.get(message=lost).provider_ref == SID


def test_a_report_of_a_try_that_was_given_up_changes_nothing_about_the_next(
    gateway: SmsGateway, visit: Appointment
) -> None:
    message = a_text(visit, state="unknown")
    Message.objects.filter(pk=message.pk).update(state="ready", token=2, reason="")

    reports(gateway, message, SID, "failed", error=30005, token=1)

    assert as_it_is(message) == ("ready", "", False)


def test_what_twilios_own_library_signs_is_heard_and_what_it_refuses_is_not(gateway: SmsGateway) -> None:
    validator = RequestValidator(Account.of(gateway.url).secret)
    door, fields = reverse("reminders:text_received"), gateway.answer_of(LEILA, "¡Sí! 👍")
    url = f"http://127.0.0.1:8000{door}"

    heard = call(gateway, door, fields, signature=validator.compute_signature(url, fields)).status_code
    other = validator.compute_signature(url, fields | {"Body": "STOP"})

    assert (heard, InboundText.objects.get().meaning) == (200, "yes")
    assert not validator.validate(url, fields, other)
    assert call(gateway, door, fields, signature=other).status_code == 403


def test_forged_and_altered_calls_change_nothing_and_are_soon_not_listened_to(
    gateway: SmsGateway, visit: Appointment, caplog: pytest.LogCaptureFixture
) -> None:
    message, door = a_text(visit, sid=SID), reverse("reminders:text_received")
    stop = gateway.answer_of(LEILA, "STOP")
    good = gateway.sign(f"http://127.0.0.1:8000{door}", stop)
    before = as_it_is(message)

    codes = [call(gateway, door, stop | {"From": "+12025550199"}, signature=good).status_code]
    codes += [call(gateway, door, stop, signature="").status_code]
    codes += [call(gateway, f"{door}?x=1", stop, signature=good).status_code]
    report = reverse("reminders:text_report", args=[f"{message.pk.hex}-1"])
    codes += [call(gateway, report, {"MessageSid": SID, "MessageStatus": "failed"}, signature="AAAA").status_code]
    cache.set("tries:forged:127.0.0.1", 60, 60)
    codes += [call(gateway, door, stop, signature="").status_code]

    assert codes == [403, 403, 403, 403, 429]
    assert as_it_is(message) == before
    assert (InboundText.objects.count(), OptOut.objects.count(), DeliveryReceipt.objects.count()) == (0, 0, 0)
    assert LEILA not in caplog.text
    assert call(gateway, door, stop).status_code == 200  # who is signed is heard all the same


def test_without_texts_there_is_no_such_door(gateway: SmsGateway, settings: Any) -> None:
    settings.SMS_URL = ""

    assert answers(gateway, "STOP").status_code == 404


def test_a_call_that_is_signed_but_makes_no_sense_does_no_harm(gateway: SmsGateway, visit: Appointment) -> None:
    message = a_text(visit, sid=SID)
    chance = random.Random(1)
    door = reverse("reminders:text_report", args=["-x-"])
    for _ in range(5):
        fields = {name: "".join(chance.choices("\x00aé9-", k=9)) for name in ("MessageStatus", "ErrorCode", "From")}
        assert call(gateway, door, fields | {"MessageSid": "SM9"}).status_code == 204
        assert call(gateway, reverse("reminders:text_received"), fields).status_code == 400

    assert call(gateway, reverse("reminders:text_received"), gateway.answer_of("x", "a\x00b")).status_code == 200
    assert as_it_is(message) == ("sent", "", False)


def test_a_yes_confirms_the_visit_it_answers_and_only_once(gateway: SmsGateway, visit: Appointment) -> None:
    a_text(visit, sid=SID)

    first = answers(gateway, "Sí, gracias", sid="SM1")
    again = answers(gateway, "Sí, gracias", sid="SM1")

    visit.refresh_from_db()
    text = InboundText.objects.get()
    assert (first.content, again.status_code) == (b'<?xml version="1.0" encoding="UTF-8"?><Response/>', 200)
    assert (visit.status, text.outcome, text.needs_a_person) == ("confirmed", "confirmed", False)
    assert AuditEvent.objects.filter(deed="text.received").count() == 1
    assert "gracias" not in str(list(AuditEvent.objects.values_list("detail", flat=True)))


def test_a_yes_that_could_mean_two_visits_or_none_goes_to_a_person(gateway: SmsGateway, visit: Appointment) -> None:
    child = a_patient(given_name="Ari", mobile=LEILA)
    of_child = a_visit(THURSDAY.replace(hour=18), patient=child)

    answers(gateway, "YES")  # to nothing we sent
    a_text(visit, sid=SID)
    a_text(of_child, sid="SM2")
    answers(gateway, "YES")
    answers(gateway, "Yes", number="+12025550199")

    outcomes = InboundText.objects.order_by("pk").values_list("outcome", "needs_a_person")
    assert sorted(outcomes) == [("no_visit", True), ("no_visit", True), ("several_visits", True)]
    assert set(Appointment.objects.values_list("status", flat=True)) == {"booked"}


def test_a_yes_to_the_old_time_is_no_yes_to_the_new_one(gateway: SmsGateway, visit: Appointment) -> None:
    a_text(visit, sid=SID)
    Appointment.objects.filter(pk=visit.pk).update(
        starts_at=THURSDAY.replace(hour=16), ends_at=THURSDAY.replace(hour=17)
    )

    answers(gateway, "YES")

    visit.refresh_from_db()
    assert (visit.status, InboundText.objects.get().outcome) == ("booked", "no_visit")


@pytest.mark.parametrize(
    ("said", "meant", "is_out", "for_the_desk"),
    [
        ("NO", "no", False, True),
        ("cambiar", "change", False, True),
        ("ＳＴＯＰ", "stop", True, False),
        ("Cancel", "stop", True, True),
        ("START", "start", False, False),
        ("help", "help", False, True),
        ("I am on the bus", "other", False, True),
    ],
)
def test_what_each_answer_leads_to(
    gateway: SmsGateway, visit: Appointment, said: str, meant: str, is_out: bool, for_the_desk: bool
) -> None:
    message = a_text(visit, sid=SID)

    answers(gateway, said)

    text = InboundText.objects.get()
    assert (text.meaning, text.message, text.patient) == (meant, message, visit.patient)
    assert (wishes.is_out("sms", digest(LEILA)), text.needs_a_person) == (is_out, for_the_desk)
    visit.refresh_from_db()
    assert visit.status == "booked"


def test_stop_counts_also_from_a_number_nobody_has_and_keeps_its_proof(gateway: SmsGateway) -> None:
    a_visit()
    for said in ("STOP", "start", "Stop."):
        answers(gateway, said, number="+12025550188")

    assert wishes.is_out("sms", digest("+12025550188"))
    rows = OptOut.objects.order_by("pk").values_list("is_out", "how", "inbound__body", "patient")
    assert list(rows) == [
        (True, "reply", "STOP", None),
        (False, "reply", "start", None),
        (True, "reply", "Stop.", None),
    ]
    assert "2025550188" not in str(list(InboundText.objects.values())) + str(list(OptOut.objects.values()))


def test_nothing_more_goes_to_a_number_that_is_somebody_elses(gateway: SmsGateway, visit: Appointment) -> None:
    a_text(visit, sid=SID)

    answers(gateway, "You have the wrong number")

    text = InboundText.objects.get()
    assert (text.meaning, text.outcome, text.needs_a_person) == ("other", "wrong_number", True)
    assert ContactPreference.objects.get(patient=visit.patient).doubtful_mobile == digest(LEILA)
    assert not OptOut.objects.exists()

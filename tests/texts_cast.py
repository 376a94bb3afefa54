"""Texts that were sent, a phone company on loopback, and its calls to our doors."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from factories import NOW

from clinic.appointments.models import Appointment
from clinic.reminders.channels import texts
from clinic.reminders.models import Attempt, Message
from clinic.reminders.proving.sms_gateway import SmsGateway, Taken

LEILA = "+12025550117"


def a_text(
    visit: Appointment, *, sent_at: datetime = NOW, sid: str = "", state: str = "sent", **fields: Any
) -> Message:
    """A reminder that the phone company took (`sid` is what it calls it), or perhaps took."""
    defaults: dict[str, Any] = {
        "occasion": f"visit:{visit.pk}@{visit.starts_at}#{sent_at}",
        "kind": "reminder",
        "channel": "sms",
        "patient": visit.patient,
        "appointment": visit,
        "starts_at": visit.starts_at,
        "due_at": sent_at,
        "not_before": sent_at,
        "not_after": visit.starts_at,
        "state": state,
        "reason": "in_doubt" if state == "unknown" else "",
        "token": 1,
        "attempts": 1,
    }
    message = Message.objects.create(**defaults | fields)
    outcome = "sent" if state == "sent" else ""
    Attempt.objects.create(
        message=message, token=1, at=sent_at, outcome=outcome, provider="twilio" if sid else "", provider_ref=sid
    )
    return message


def call(gateway: SmsGateway, path: str, fields: dict[str, str], *, signature: str | None = None) -> HttpResponse:
    """The phone company calls; `signature` is another than the right one."""
    url = f"{settings.CLINIC_URL}{path}"
    signed = gateway.sign(url, fields) if signature is None else signature
    return Client(enforce_csrf_checks=True).post(path, fields, headers={"X-Twilio-Signature": signed})  # type: ignore[return-value]


def reports(gateway: SmsGateway, message: Message, sid: str, status: str, *, error: int = 0, token: int = 1) -> int:
    """It tells what became of a text."""
    path = reverse("reminders:text_report", args=[f"{message.pk.hex}-{token}"])
    taken = Taken(sid=sid, to=LEILA, body="", report_to="", at=NOW)
    return call(gateway, path, gateway.receipt(taken, status, error=error)).status_code


def answers(gateway: SmsGateway, said: str, *, number: str = LEILA, sid: str = "") -> HttpResponse:
    """She sends us a text."""
    return call(gateway, reverse("reminders:text_received"), gateway.answer_of(number, said, sid=sid))


def as_it_is(message: Message) -> tuple[str, str, bool]:
    message.refresh_from_db()
    return message.state, message.reason, message.delivered_at is not None


SOON = timedelta(minutes=1)
TEXT_OF = texts.text

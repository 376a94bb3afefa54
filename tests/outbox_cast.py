"""Who and what the tests of the outbox need: a visit, a plan, and a post office that can be told to misbehave."""

import socket
import threading
import time as clock
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from factories import NOW, a_clinician, a_patient, a_site, a_user, the_clinic

from clinic.appointments.models import Appointment, Resource
from clinic.reminders.actions import delivery, planning
from clinic.reminders.models import Message
from patients.models import Patient
from people.rules.permissions import Role
from programs.models import Phase, Plan, PlanExercise

THURSDAY = datetime(2026, 9, 17, 14, 30, tzinfo=UTC)  # 10:30 in New York, three days after NOW


def at(day: int, hour: int, minute: int = 0, *, month: int = 9) -> datetime:
    """A moment of 2026 on New York's clock while summer time holds."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) + timedelta(hours=4)


def a_visit(starts_at: datetime = THURSDAY, *, patient: Patient | None = None, **fields: Any) -> Appointment:
    """Booked a week before NOW, so that only reminders are owed, unless said otherwise."""
    the_clinic()
    booked_at = fields.pop("booked_at", NOW - timedelta(days=7))
    defaults = {
        "service_code": "svc_first_assessment",
        "clinician": Resource.objects.clinicians().first() or a_clinician(),
        "site": a_site(),
        "ends_at": starts_at + timedelta(minutes=45),
        "booked_at": booked_at,
        "timed_at": booked_at,
    }
    patient = patient or a_patient(email="leila@example.org")
    return Appointment.objects.create(patient=patient, starts_at=starts_at, **defaults | fields)


def move(visit: Appointment, starts_at: datetime, *, now: datetime) -> None:
    visit.starts_at, visit.ends_at, visit.timed_at = starts_at, starts_at + timedelta(minutes=45), now
    visit.status, visit.confirmed_at = "booked", None
    visit.save()


def cancel(visit: Appointment, *, now: datetime) -> None:
    visit.status, visit.cancelled_at = "cancelled", now
    visit.save()


def a_plan(patient: Patient | None = None, *, remind_at: time | None = time(18), **fields: Any) -> Plan:
    """Four weeks with one exercise every day."""
    the_clinic()
    starts_on, ends_on = date(2026, 9, 7), date(2026, 10, 4)
    plan = Plan.objects.create(
        patient=patient or a_patient(email="leila@example.org"),
        template_code="tpl_neck", rulebook_version="1", name="Neck program",
        starts_on=starts_on, ends_on=ends_on, started_by=a_user(Role.CLINICIAN), started_at=NOW,
        remind_at=remind_at, **fields,
    )  # fmt: skip
    phase = Phase.objects.create(plan=plan, ordinal=1, code="p1", name="Settle", starts_on=starts_on, ends_on=ends_on)
    PlanExercise.objects.create(plan=plan, phase=phase, code="ex_chin_tuck", ordinal=1, dosage={})
    return plan


def look(now: datetime) -> int:
    """What a worker does when the clock shows `now`."""
    planning.plan(now=now)
    return delivery.deliver_due(clock=lambda: now, until=now + timedelta(minutes=1))


def told() -> list[tuple[str, str, str]]:
    """Every message with its state and reason, oldest first."""
    return list(Message.objects.order_by("due_at", "kind").values_list("kind", "state", "reason"))


class PostOffice:
    """A real SMTP server on loopback that keeps what it accepted and answers as it is told."""

    def __init__(self, *, port: int = 0, in_one_breath: bool = False) -> None:
        self.accepted: list[EmailMessage] = []
        self.tried = 0
        self.answer_to_sender = self.answer_to_recipient = "250 OK"
        self.in_one_breath = in_one_breath  # several commands at once, RFC 2920
        self.spoken_to = 0  # how often it was greeted
        self.strangers: set[str] = set()
        self.hangs_up = False  # after its answer to a recipient
        self.answers: list[str] = []  # to the next texts, in order; then "250 OK"
        self.slow_seconds = 0.0
        self.pace_seconds = 0.0
        self._lock = threading.Lock()
        self._controller = Controller(self, hostname="127.0.0.1", port=port or free_port())

    def __enter__(self) -> "PostOffice":
        self._controller.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._controller.stop()

    @property
    def port(self) -> int:
        return int(self._controller.port)

    @property
    def ids(self) -> list[str]:
        """The Message-ID of each mail it accepted."""
        with self._lock:
            return [str(mail["Message-ID"]) for mail in self.accepted]

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.spoken_to += 1
        session.host_name = hostname
        return [*responses[:-1], *["250-PIPELINING"] * self.in_one_breath, responses[-1]]

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.answer_to_sender.startswith("250"):
            envelope.mail_from = address
        return self.answer_to_sender

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.strangers:
            return "550 no such user"
        if self.answer_to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        if self.hangs_up:
            await server.push(self.answer_to_recipient)
            server.transport.close()
        return self.answer_to_recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        import asyncio

        self.tried += 1
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250") or answer == "silence":
            mail = message_from_bytes(envelope.content or b"", _class=EmailMessage, policy=policy.default)
            with self._lock:
                self.accepted.append(mail)
        if answer == "silence":  # it took the mail and died before it said so
            server.transport.abort()
            return "250 never heard"
        await asyncio.sleep(self.pace_seconds)
        return answer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(is_so: Any, *, within: float, what: str) -> None:
    end = clock.monotonic() + within
    while clock.monotonic() < end:
        if is_so():
            return
        clock.sleep(0.1)
    raise AssertionError(f"Not within {within} s: {what}")

"""How some in the demo clinic want to be reached, and a few messages that did not come through."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from clinic.appointments.models import Appointment
from clinic.reminders.actions import outbox, outcomes, own_words, planning, reaching, wishes
from clinic.reminders.actions.reaching import Wish
from clinic.reminders.models import Message, OptOut
from clinic.reminders.rules.phrases import Written
from patients.actions import registration
from patients.models import Patient
from people.models import User

Channel, Kind = Message.Channel, Message.Kind
_FEW = 5
_OWN = "Hello, we expect you on {date} at {time}.\n\n[Say yes, change it or cancel it:\n{link}]"
_STREETS = ("14 Maple Avenue", "3 Chapel Street")


def fill(*, office: User, desk: User, now: datetime) -> None:
    """Wishes of those who come in the next days, one text of the clinic's own, and what the desk has to see to."""
    planning.plan(now=now)
    spanish, quiet, early, *by_post = _coming(now)
    reaching.set_wish(spanish, Wish(language="es"), by=desk)
    reaching.stop(quiet, Channel.EMAIL, how=OptOut.How.DESK, by=desk, now=now)
    reaching.set_wish(early, Wish(earliest=time(9), latest=time(17), fallback=Channel.LETTER), by=desk)
    reaching.switch(early, Kind.AFTERCARE, is_on=False, by=desk)
    for patient, street in zip(by_post, _STREETS, strict=False):
        registration.correct(patient, by=desk, now=now, address=street, city="Springfield", postal_code="01101")
        reaching.set_wish(patient, Wish(channel=Channel.LETTER), by=desk)
    own_words.write(Kind.REMINDER, Channel.EMAIL, "en", Written("Your visit on {date}", _OWN), by=office, now=now)
    planning.plan(now=now)
    _came_back(now)


def _coming(now: datetime) -> Sequence[Patient]:
    """Who comes soon and has a mail address, one line each."""
    soon = Appointment.objects.expected().starting_between(now + timedelta(days=1), now + timedelta(days=10))
    rows = Patient.objects.filter(appointments__in=soon, may_be_mailed=True).exclude(email="")
    return list(rows.exclude(email="leila@example.org").distinct().order_by("sort_key", "pk")[:_FEW])


def _came_back(now: datetime) -> None:
    """The mail company says that there is no such mailbox: the desk asks for the address, and calls meanwhile."""
    claimed = outbox.claim(now=now, channel=Channel.EMAIL)
    back = next((it for it in reversed(claimed) if it.kind == Kind.BOOKED and it.patient), None)
    outbox.give_back([it for it in claimed if it is not back], not_before=now)
    if back and back.patient:
        outbox.settle(outcomes.refused(back, reason="bounced"), now=now)
        wishes.doubt(back.patient, Channel.EMAIL, back.patient.email, now=now)

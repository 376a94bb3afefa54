"""Writing to the clinic: about what, who reads it, how fast we answer, how much may be sent."""

from datetime import date, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from people.rules.refusal import Refused

LONGEST = 4_000  # letters in one message
MOST_FILES = 3  # with one message
MOST_MESSAGES_A_DAY = 20  # of one patient: more is a mistake, or somebody who fills our disk
_WEEKEND = 5  # Saturday, as date.weekday() counts


class Audience(TextChoices):
    """Who at the clinic reads a conversation."""

    DESK = "desk", _("Front desk")
    CLINICIANS = "clinicians", _("Clinicians")


class Subject(TextChoices):
    """What the patient picks. It decides who reads it."""

    VISIT = "visit", _("My visits")
    BILL = "bill", _("Bills and costs")
    ACCOUNT = "account", _("This website")
    HEALTH = "health", _("How I feel")
    EXERCISES = "exercises", _("My exercises")
    MEDICINES = "medicines", _("My medicines")
    OTHER = "other", _("Something else")


# Everything that is not surely about visits, money or the website may hold something about health.
_FOR_THE_DESK = frozenset({Subject.VISIT, Subject.BILL, Subject.ACCOUNT})


class NotWritten(Refused):
    """There is nothing to send, or too much."""


class TooManyMessages(Refused):
    """This patient has written more today than anybody can read."""


def audience_of(subject: str) -> Audience:
    return Audience.DESK if Subject(subject) in _FOR_THE_DESK else Audience.CLINICIANS


def refuse_unless_sendable(text: str, *, files: int) -> None:
    """Raises `NotWritten` for an empty message, one that is too long, and one with too many files."""
    if not text.strip():
        raise NotWritten(_("Please write something first."))
    if len(text) > LONGEST:
        raise NotWritten(_("That is too long. Please send it in two messages, or call us."))
    if files > MOST_FILES:
        raise NotWritten(_("That is too many files. Three go with one message."))


def answer_by(asked_on: date, *, working_days: int) -> date:
    """The last day on which our promise is kept: Saturdays and Sundays do not count."""
    day = asked_on
    while working_days:
        day += timedelta(days=1)
        working_days -= day.weekday() < _WEEKEND
    return day

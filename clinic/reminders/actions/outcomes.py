"""What can come of handing a message over: the state it goes to, and what its attempt says."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from clinic.reminders.models import Message
from clinic.reminders.rules import timing
from clinic.reminders.rules.doubts import doubts_allowed

State = Message.State
# Outcomes of an attempt; "" while nobody knows.
SENT: Final = "sent"
REFUSED: Final = "refused"
PUT_OFF: Final = "put_off"
CALLED_OFF: Final = "called_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`was` are the states in which this news still counts: elsewhere only the attempt is written."""

    message: Message
    outcome: str
    was: tuple[State, ...]
    becomes: State = State.READY
    reason: str = ""
    note: str = ""
    provider: str = ""
    reference: str = ""  # what the provider calls it
    sent_at: datetime | None = None
    not_before: datetime | None = None


def sent(message: Message, *, now: datetime, provider: str = "", reference: str = "") -> Outcome:
    """The other side took it."""
    # Also if the lease ran out meanwhile: nobody claimed it since (the token says so), and this spares a twin.
    was = State.HANDING, State.READY, State.UNKNOWN
    return Outcome(
        message=message,
        outcome=SENT,
        was=was,
        becomes=State.SENT,
        sent_at=now,
        provider=provider,
        reference=reference,
    )


def refused(message: Message, *, reason: str, note: str = "") -> Outcome:
    """It can never be delivered: the other side said so, or it could not even be written."""
    was = State.HANDING, State.CLAIMED
    return Outcome(message=message, outcome=REFUSED, was=was, becomes=State.FAILED, reason=reason, note=note)


def put_off(message: Message, *, now: datetime, reason: str = "put_off", note: str = "") -> Outcome:
    """Nothing left, the other side said "not now": again, each time after a longer pause."""
    again = now + timing.back_off(message.attempts)
    return Outcome(message=message, outcome=PUT_OFF, was=(State.HANDING,), reason=reason, note=note, not_before=again)


def called_off(message: Message) -> Outcome:
    """Before the last step it was not true any more. Nothing left; its next turn closes it with the reason."""
    return Outcome(message=message, outcome=CALLED_OFF, was=(State.HANDING,))


def in_doubt(message: Message, *, note: str) -> Outcome:
    """Silence after the text was given.

    Where it may be repeated, the lease runs out by itself, which gives a slow server its time.
    """
    may_go_again = doubts_allowed(kind=message.kind, channel=message.channel) > 0
    was: tuple[State, ...] = () if may_go_again else (State.HANDING,)
    return Outcome(message=message, outcome="", was=was, becomes=State.UNKNOWN, reason="in_doubt", note=note)

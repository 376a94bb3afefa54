"""The ways by which a message leaves: for each a line, opened when first needed, and the writing that it takes."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, Self

from clinic.reminders.channels import email, letters, sms, texts
from clinic.reminders.models import Message
from people.models import Clinic

Channel = Message.Channel


class Line(Protocol):
    """To one provider. What `hand_over` raises is told in `trouble`."""

    provider: str

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...

    def open(self) -> None:
        """Raises `Unreachable`."""

    def hand_over(self, letter: Any, /, *, go: Callable[[], bool]) -> str:
        """What the provider calls it. `go` is asked right before the point of no return."""


def by_wire() -> tuple[str, ...]:
    """The ways that this clinic has. Mail always; texts with `SMS_URL`."""
    return (Channel.EMAIL, Channel.SMS) if sms.is_on() else (Channel.EMAIL,)


def line(channel: str) -> Line:
    return sms.line() if channel == Channel.SMS else email.Line()


def written(message: Message, clinic: Clinic) -> Any:
    """In the words and the shape that the message's channel takes."""
    return texts.text(message, clinic) if message.channel == Channel.SMS else letters.letter(message, clinic)

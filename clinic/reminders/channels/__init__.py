"""The ways by which a message leaves: for each a line, opened when first needed, and the writing that it takes."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, Self

from clinic.reminders.channels import email, letters, notices, push, sms, texts
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
    """The ways that this clinic has. Mail always; texts with `SMS_URL`, screens with `PUSH_KEY`."""
    has = {Channel.EMAIL: True, Channel.SMS: sms.is_on(), Channel.PUSH: push.is_on()}
    return tuple(channel for channel, is_on in has.items() if is_on)


def line(channel: str) -> Line:
    opens: dict[Channel, Callable[[], Line]] = {Channel.SMS: sms.line, Channel.PUSH: push.Line}
    return opens.get(Channel(channel), email.Line)()


def written(message: Message, clinic: Clinic) -> Any:
    """In the words and the shape that the message's channel takes."""
    write: dict[Channel, Callable[[Message, Clinic], Any]] = {Channel.SMS: texts.text, Channel.PUSH: notices.notice}
    return write.get(Channel(message.channel), letters.letter)(message, clinic)

"""What a message is about, in words that are the same each time the planner looks."""

from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

_SCREEN, _FLAG, OFFER = "screen", "flag", "offer"
# By what an alert is known, and the field of RedFlag that says which.
OF_A_FLAG: Final = {_FLAG: "pk", _SCREEN: "intake_id"}
ASKED = "asked"  # ends what somebody at the desk asked for


def visit(visit_id: UUID, starts_at: datetime, *, which: str = "") -> str:
    """A visit at one time. `which` tells apart what is said about it more than once in the same kind."""
    occasion = f"visit:{visit_id}@{starts_at.astimezone(UTC).isoformat(timespec='seconds')}"
    return f"{occasion}#{which}" if which else occasion


def visit_timed(visit_id: UUID, starts_at: datetime, *, timed_at: datetime) -> str:
    """A visit given that time at that moment: moved away and back again is two pieces of news."""
    return visit(visit_id, starts_at, which=timed_at.astimezone(UTC).isoformat())


def visit_asked(visit_id: UUID, starts_at: datetime, *, on: date) -> str:
    """What somebody at the desk asked to be written about a visit on that day."""
    return visit(visit_id, starts_at, which=f"{on.isoformat()}-{ASKED}")


def offer(offer_id: UUID) -> str:
    """A free time that was offered to one of those who wait."""
    return f"{OFFER}:{offer_id}"


def offer_of(occasion: str) -> UUID:
    """Which offer a letter is about."""
    return UUID(occasion.partition(":")[2])


def plan_day(plan_id: UUID, day: date) -> str:
    return f"plan:{plan_id}@{day.isoformat()}"


def alert(*, intake_id: UUID | None, flag_id: UUID) -> str:
    """One form may raise several flags, and calls the clinic once."""
    return f"{_SCREEN}:{intake_id}" if intake_id else f"{_FLAG}:{flag_id}"


def flags_of(occasion: str) -> dict[str, str]:
    """What to look for to learn whether an alert's flags are still open: a field of RedFlag and its value."""
    what, _, which = occasion.partition(":")
    return {OF_A_FLAG.get(what, "pk"): which}

"""What a mail provider, or the mail server of the other side, reports: what it means, and which report is news."""

from typing import Final

ENDS: Final = frozenset({"bounced", "rejected", "failed"})
_ORDER: Final = ("queued", "sent", "deferred", "delivered")
OBJECTED: Final = frozenset({"complained", "unsubscribed"})
KNOWN: Final = frozenset(_ORDER) | ENDS | OBJECTED

# anymail's reject reasons (docs: "Tracking events") by the reason that the desk reads.
_REASONS: Final = {
    "invalid": "bad_address",
    "bounced": "bounced",
    "timed_out": "undelivered",
    "blocked": "blocked",
    "spam": "blocked",
    "unsubscribed": "opted_out",
}


def is_news(reported: str, *, after: str) -> bool:
    """Whether a report tells more than the one before it. Who objects is always heard, and an end is an end.

    A mail that arrived may still bounce: the first server took it, and the next one did not.
    """
    if reported in OBJECTED or after in OBJECTED:
        return reported in KNOWN
    if reported not in KNOWN or after in ENDS:
        return False
    if reported in ENDS:
        return True
    return after not in _ORDER or _ORDER.index(reported) > _ORDER.index(after)


def reason(reported: str, why: str) -> str:
    """Why it did not arrive, for the desk."""
    return _REASONS.get(why) or ("bounced" if reported == "bounced" else "undelivered")


def reason_of_status(status: str) -> str:
    """The same from an enhanced status code (RFC 3463): its class, its subject, its detail."""
    kind, _, about = status.partition(".")
    if kind != "5":
        return "undelivered"  # they tried for days
    if about.startswith("7."):
        return "blocked"
    return "bounced" if about.startswith("1.") or about in {"0.0", "2.1"} else "undelivered"

"""What a provider reports about a text it took: in which order it may, and what each error means."""

from typing import Final

# Twilio's message status. Reports come twice and out of order: only a later one counts, and an end is an end.
_ORDER: Final = ("accepted", "scheduled", "queued", "sending", "sent", "delivered", "read")
_ENDS: Final = frozenset({"undelivered", "failed", "canceled"})
KNOWN: Final = frozenset(_ORDER) | _ENDS
DELIVERED: Final = frozenset({"delivered", "read"})


def is_news(reported: str, *, after: str) -> bool:
    """Whether a report tells more than the one before it (`after`, "" for none)."""
    if reported not in KNOWN or after in _ENDS:
        return False
    if reported in _ENDS:
        return after not in DELIVERED  # it was in her hands: whatever comes later is an old report
    return after not in KNOWN or _ORDER.index(reported) > _ORDER.index(after)


def has_failed(reported: str) -> bool:
    return reported in _ENDS


# Twilio's error codes (docs: "Error and Warning Dictionary") by the reason that the desk reads.
_REASONS: Final = {
    "opted_out": {21610},
    "bad_number": {21211, 21214, 21217, 21401, 30005, 60200},
    "not_mobile": {21614, 30006, 63024},
    "blocked": {21612, 30004, 30007, 21635},
    "refused_text": {21602, 21605, 21617, 21623},
}
_REASON_OF: Final = {code: reason for reason, codes in _REASONS.items() for code in codes}
# Ours to mend: what the account may do, who we say we are. The patient still wants her text.
_OURS: Final = frozenset({20003, 20005, 21212, 21408, 21603, 21606, 21659, 21660, 21703, 30002, 30034, 30032})
# For which somebody has to ask the patient for her number.
ASK_FOR_NUMBER: Final = frozenset({"bad_number", "not_mobile"})


def reason(code: int) -> str:
    """Why a text to this number will never arrive, or "" if it may another time."""
    return _REASON_OF.get(code, "")


def is_ours_to_mend(code: int) -> bool:
    return code in _OURS

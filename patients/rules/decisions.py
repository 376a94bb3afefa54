"""What is decided about a grave warning sign that stays open when the visit is signed."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

EMERGENCY_NOW: Final = "emergency_now"  # of urgencies.toml


class Decision(TextChoices):
    CALLED = "called", _("Doctor in charge called")
    REFERRED = "referred", _("Urgent referral started")
    EMERGENCY = "emergency", _("Sent to emergency")
    SAFE = "safe", _("Doctor says it is safe")
    WATCH = "watch", _("Watch it")


# Going on in spite of the sign is a judgement, and a judgement has a reason.
NEED_WORDS: Final = frozenset({Decision.SAFE, Decision.WATCH})


def offered(urgencies: Collection[str]) -> list[Decision]:
    """The decisions there are for open signs of these urgencies.

    An emergency is not watched. Source: general knowledge; the rulebook's wording for it is "at once".
    """
    return [it for it in Decision if it != Decision.WATCH or EMERGENCY_NOW not in urgencies]


def lacks(decided: Mapping[str, Any], is_open: Mapping[str, str]) -> str:
    """What is missing before these open signs (code to urgency) are decided about; empty if nothing is.

    `decided` is kept with `of`, the signs that were open then: one that opened later needs a decision of its own.
    """
    if not is_open:
        return ""
    if decided.get("what") not in offered(is_open.values()) or not is_open.keys() <= set(decided.get("of", ())):
        return str(_("close the warning sign, or choose what is decided about it"))
    if decided["what"] in NEED_WORDS and not decided.get("words", "").strip():
        return str(_("write why, beside the decision about the warning sign"))
    return ""

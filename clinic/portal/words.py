"""Clinicians' shorthand in words a patient knows."""

import re
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

# General house-keeping, the same for everybody: it says nothing about a condition.
TO_BRING: Final[tuple[Any, ...]] = (
    _("A list of the medicines you take"),
    _("Letters and pictures of other doctors that we have not seen"),
    _("Clothes in which neck and shoulders can move"),
)
SHORTHAND = {
    r"\bNPRS\b": "pain from 0 to 10",
    r"\bNDI\b": "neck score",
    r"\bNSAIDs?\b": "anti-inflammatory medicine",
    r"\bPRP\b": "injection",
    r"\bred flags\b": "warning signs",
    r"\bself-SNAG\b": "towel turn",
    r"\bmedicine-overuse\b": "too much headache medicine",
}


def plain(text: str) -> str:
    """The same sentence without shorthand, beginning with a capital letter."""
    for short, said in SHORTHAND.items():
        text = re.sub(short, said, text)
    return text[:1].upper() + text[1:]

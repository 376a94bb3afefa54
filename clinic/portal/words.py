"""Clinicians' shorthand in words a patient knows."""

import re

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

"""The decision about an open warning sign, as it is read in a note."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from patients.actions.assessments import DECISION
from patients.rules.decisions import Decision


def decision_words(told: Mapping[str, Any]) -> str:
    """Such as "Urgent referral started, 10:20, Sara Haddad: neurology, Dr Weber"; empty if nothing was decided."""
    decided = told.get(DECISION, {})
    if decided.get("what") not in Decision.values:
        return ""
    at = timezone.localtime(datetime.fromisoformat(decided["at"])) if "at" in decided else None
    parts = [str(Decision(decided["what"]).label), *([f"{at:%H:%M}", decided["by"]] if at else [])]
    words = decided.get("words", "").strip().rstrip(".")
    what = ", ".join(parts)
    return _("%(what)s: %(why)s") % {"what": what, "why": words} if words else what

"""Who may close a warning sign."""

from collections.abc import Mapping
from typing import Final

from patients.rules.rulebook import Rulebook
from people.rules.professions import Profession

# A profession of its own in the vocabulary; the red flags name both as "physician".
PHYSICIANS: Final = frozenset({"physician", "physician_interventional"})
PHYSICIAN_FROM: Final = "same_day"


def professions_that_may_clear(
    code: str, urgency: str, *, rulebook: Rulebook, professions: Mapping[str, Profession]
) -> frozenset[str]:
    """The professions that may close the warning sign `code` that was raised at `urgency`.

    A same-day or emergency sign needs a physician's finding, whoever may close it when it is lighter. A sign that
    the rulebook no longer has, or that it lets nobody clear, is left to a physician as well: it must not stay for good.

    Source: `clearance` of `triage_rule` in red_flags.toml.
    """
    rule = rulebook.red_flags.get(code)
    is_grave = rulebook.rank(urgency) >= rulebook.rank(PHYSICIAN_FROM) if urgency in rulebook.urgencies else True
    named = frozenset(rule.clearable_by) if rule and not is_grave else frozenset()
    return frozenset(it for it in named | PHYSICIANS if professions[it].may_clear_red_flags)

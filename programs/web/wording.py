"""Criteria and bases of the rulebook in words for the screen."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.rules.rulebook import rulebook as patients_rulebook
from programs.rules.contraindications import FactTest
from programs.rules.rulebook import rulebook
from programs.rules.templates import Criterion, ProgramTemplate

OPERATORS = {
    "<=": gettext_lazy("at most {value}"),
    "<": gettext_lazy("below {value}"),
    ">=": gettext_lazy("at least {value}"),
    ">": gettext_lazy("above {value}"),
    "==": gettext_lazy("exactly {value}"),
}


def label_of(field: str) -> str:
    """What a criterion asks for: a field of the programs, or a fact of the patient's record."""
    fields, facts = rulebook().criterion_fields, patients_rulebook().facts
    return fields[field].label if field in fields else facts[field].label


def criterion_in_words(criterion: Criterion) -> str:
    """As in "Days since this episode began: at most 42", or "Not: nerve root pain"."""
    return _in_words(criterion.field, criterion.op, criterion.value)


def test_in_words(test: FactTest) -> str:
    """The same of what a contraindication asks."""
    return _in_words(test.fact, test.op, test.value)


def _in_words(field: str, op: str, value: float | bool) -> str:
    label = label_of(field)
    if isinstance(value, bool):
        return label if value else _("Not: {what}").format(what=label)
    return f"{label}: {str(OPERATORS[op]).format(value=f'{value:g}')}"


def service_called(modality: str) -> str:
    """What patients and the desk call a treatment."""
    services = rulebook().services
    return services[modality].name if modality in services else modality


def sessions_in_words(template: ProgramTemplate) -> list[tuple[str, int, bool]]:
    """Each treatment of the program by the name of its visit, how many, and whether every one is optional."""
    counts: dict[str, list[int]] = {}
    for phase in template.phases:
        for session in phase.sessions:
            if session.is_offered:
                found = counts.setdefault(session.modality, [0, 0])
                found[0] += session.count
                found[1] += session.count if session.optional else 0
    services = rulebook().services
    return [(services[code].name, total, total == optional) for code, (total, optional) in counts.items()]

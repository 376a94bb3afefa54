"""What a clinician answers about a patient's safety: one row for each fact, and what is unlocked."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.rules.entries import PatientFact
from patients.rules.facts import NEVER_DAYS, Value
from patients.rules.rulebook import rulebook

YES, NO = "yes", "no"
# Who may be asked or examined on the spot; the rest follows from the triage, the plan or the birth date.
ANSWERED_HERE = frozenset({"intake", "clinician", "physician", "record"})
WORKED_OUT = frozenset({"age_years", "growth_plates_open"})
USUAL_UNLOCK = timedelta(days=42)


@dataclass(frozen=True, slots=True)
class Row:
    """A fact with what is known of it and what was just typed."""

    fact: PatientFact
    known: Value | None
    typed: str
    error: str = ""

    @property
    def name(self) -> str:
        return f"fact_{self.fact.code}"

    @property
    def question(self) -> str:
        asked = self.fact.patient_question
        return self.fact.label if asked.startswith("(") else asked

    @property
    def is_open_question(self) -> bool:
        """A yes or no that nobody has asked for lately."""
        return self.known is None and not self.fact.is_number

    @property
    def is_never(self) -> bool:
        """ "Never" is kept as a hundred years; nobody wants to read that."""
        return self.fact.counts_days and not isinstance(self.known, bool) and (self.known or 0) >= NEVER_DAYS


def rows(codes: Collection[str], known: Mapping[str, Value], typed: Mapping[str, Any]) -> list[Row]:
    """A row for each fact that can be answered on the spot, what nobody has asked yet first."""
    facts = rulebook().facts
    here = [facts[code] for code in codes if facts[code].set_by in ANSWERED_HERE and code not in WORKED_OUT]
    found = [Row(fact, known.get(fact.code), str(typed.get(f"fact_{fact.code}", "")).strip()) for fact in here]
    return sorted(found, key=lambda row: (row.known is not None, row.fact.is_number, row.fact.label))


def answers(shown: list[Row]) -> tuple[dict[str, Value | None], list[Row]]:
    """What was answered by code, and the rows again with an error at each that cannot be read."""
    said: dict[str, Value | None] = {}
    checked: list[Row] = []
    for row in shown:
        try:
            if row.typed:
                said[row.fact.code] = _read(row)
            checked.append(row)
        except ValueError as problem:
            checked.append(Row(row.fact, row.known, row.typed, str(problem)))
    return said, checked


def _read(row: Row) -> Value:
    if not row.fact.is_number:
        if row.typed not in {YES, NO}:
            raise ValueError(_("Choose yes or no."))
        return row.typed == YES
    if row.fact.counts_days and row.typed.lower() == _("never"):
        return NEVER_DAYS
    try:
        value = float(row.typed.replace(",", "."))
    except ValueError:
        raise ValueError(_("Write a number, such as 120.")) from None
    if not 0 <= value <= NEVER_DAYS:
        raise ValueError(_("This number cannot be right."))
    return int(value) if value == int(value) else value


class UnlockForm(forms.Form):
    modality = forms.CharField(widget=forms.HiddenInput)
    technique = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(
        label=gettext_lazy("Why it may be given all the same"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=1000,
    )
    until = forms.DateField(label=gettext_lazy("Last day"), widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].initial = today + USUAL_UNLOCK

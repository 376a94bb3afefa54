"""What the owner or the manager types to set a rule otherwise, and to take that back."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from people.rules.knowledge import Claim
from programs.models import RuleChange
from programs.rules.adjusting import number_of
from programs.rules.contraindications import Contraindication
from programs.rules.entries import Modality
from programs.rules.rulebook import ProgramRulebook
from programs.rules.timing import TimingRule
from programs.web.rule_words import CHANGEABLE, SEVERITIES, gap_in_words, threshold_in_words

Kind = RuleChange.Kind
KINDS = {
    Kind.MODALITY_OFF: gettext_lazy("Switch the whole treatment off"),
    Kind.TECHNIQUE_OFF: gettext_lazy("Switch one technique off"),
    Kind.SEVERITY: gettext_lazy("Make the rule stricter"),
    Kind.THRESHOLD: gettext_lazy("Set another number"),
    Kind.GAP: gettext_lazy("Set another distance"),
}


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        help_text=gettext_lazy("Whoever looks at the rule in a year must understand it. No patient's name."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
    )


class ChangeForm(ReasonForm):
    """`claim` is the rule as the clinic has it now; only what can be changed in it is asked."""

    kind = forms.ChoiceField(label=gettext_lazy("What to change"), widget=forms.RadioSelect)
    technique = forms.ChoiceField(label=gettext_lazy("Technique"), required=False)
    severity = forms.ChoiceField(label=gettext_lazy("How strict"), required=False, widget=forms.RadioSelect)
    number = forms.CharField(label=gettext_lazy("New number"), required=False, max_length=12)
    field_order = ["kind", "technique", "severity", "number", "reason"]

    def __init__(self, *args: Any, shelf: str, claim: Claim, book: ProgramRulebook, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shelf, self.claim = shelf, claim
        kinds: list[str] = []
        if isinstance(claim, Modality):
            kinds = self._of_treatment(claim)
        elif isinstance(claim, Contraindication):
            kinds = self._of_danger(claim, book)
        elif isinstance(claim, TimingRule):
            kinds = [Kind.GAP]
            self.fields["number"].help_text = _("Now: %(now)s.") % {"now": gap_in_words(claim.code, claim.min_gap)}
        self._choices("kind", [(kind, KINDS[Kind(kind)]) for kind in CHANGEABLE[shelf] if kind in kinds])
        self.fields["number"].widget.attrs["inputmode"] = "decimal"
        if len(kinds) == 1:
            self.fields["kind"].widget = forms.HiddenInput()
            self.fields["kind"].initial = kinds[0]
        needed = {
            "technique": Kind.TECHNIQUE_OFF in kinds,
            "severity": Kind.SEVERITY in kinds,
            "number": bool({Kind.THRESHOLD, Kind.GAP}.intersection(kinds)),
        }
        for name, is_asked in needed.items():
            if not is_asked:
                del self.fields[name]

    @property
    def has_anything_to_ask(self) -> bool:
        return bool(self.fields["kind"].choices)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        kind = cleaned.get("kind")
        cleaned["code"], cleaned["value"] = self.claim.code, None
        if kind == Kind.TECHNIQUE_OFF:
            cleaned["code"] = self._asked(cleaned, "technique", _("Choose the technique."))
        elif kind == Kind.SEVERITY:
            cleaned["value"] = self._asked(cleaned, "severity", _("Choose how strict it shall be."))
        elif kind in {Kind.THRESHOLD, Kind.GAP}:
            cleaned["value"] = self._number(self._asked(cleaned, "number", _("Write the new number.")))
        return cleaned

    def _of_treatment(self, it: Modality) -> list[str]:
        left = [(each.code, each.name) for each in it.techniques.values() if each.enabled_by_default]
        self._choices("technique", [("", "---------"), *left])
        return [kind for kind, may in ((Kind.MODALITY_OFF, it.enabled_by_default), (Kind.TECHNIQUE_OFF, left)) if may]

    def _of_danger(self, it: Contraindication, book: ProgramRulebook) -> list[str]:
        now = book.severities[it.severity].rank
        stricter = sorted((each for each in book.severities.values() if each.rank > now), key=lambda each: each.rank)
        self._choices("severity", [(each.code, SEVERITIES[each.code]) for each in stricter])
        if test := number_of(it):
            words = threshold_in_words(it.code, test.value)
            self.fields["number"].help_text = _("Now: %(now)s.") % {"now": words}
        return [kind for kind, may in ((Kind.SEVERITY, stricter), (Kind.THRESHOLD, test)) if may]

    def _choices(self, name: str, choices: list[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def _asked(self, cleaned: dict[str, Any], name: str, words: str) -> str:
        found = str(cleaned.get(name) or "").strip()
        if not found and name in self.fields and name not in self.errors:
            self.add_error(name, words)
        return found

    def _number(self, typed: str) -> int | float | None:
        if not typed:
            return None
        try:
            value = float(typed.replace(",", "."))
        except ValueError:
            self.add_error("number", _("Write a number, such as 14."))
            return None
        return int(value) if value.is_integer() else value

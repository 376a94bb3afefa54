"""A program of the clinic's own as a form: phases, rows of sessions, exercises. No code is ever typed."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from programs.rules.rulebook import rulebook
from programs.templatetags.programs import service_name

SPARE_ROWS = 2  # empty rows of sessions at the end of each phase
SPARE_PHASES = 1
LAST_DAY = 730  # of a program
NUMBERS = ("count", "gap_days_min", "gap_days_target", "gap_days_max", "first_after_days")


class SessionForm(forms.Form):
    """One row of sessions. Without a treatment the row is left out."""

    what = forms.ChoiceField(label=_("Treatment"), required=False)
    count = forms.IntegerField(label=_("How many"), min_value=1, max_value=30, required=False)
    gap_days_min = forms.IntegerField(label=_("Days apart, least"), min_value=0, max_value=365, required=False)
    gap_days_target = forms.IntegerField(label=_("best"), min_value=0, max_value=365, required=False)
    gap_days_max = forms.IntegerField(label=_("most"), min_value=0, max_value=365, required=False)
    first_after_days = forms.IntegerField(label=_("First after, days"), min_value=0, max_value=365, required=False)
    optional = forms.BooleanField(label=_("Optional"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["what"].choices = [  # type: ignore[attr-defined]  # a ChoiceField has them
            ("", _("None")),
            *(
                (f"{modality.code}:{technique.code}", f"{service_name(modality.code)}: {technique.name}")
                for modality in rulebook().modalities.values()
                for technique in modality.techniques.values()
            ),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("what"):
            for name in NUMBERS[:4]:
                if cleaned.get(name) is None and name not in self.errors:
                    self.add_error(name, _("Type a number, or choose no treatment."))
        return cleaned

    def row(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """As the knowledge file has it; what the form does not ask for (how long not to load) stays as it was."""
        modality, technique = self.cleaned_data["what"].split(":")
        same = before.get("technique") == technique
        kept = {key: before[key] for key in ("hold_loading_days", "note") if same and key in before}
        numbers = {name: self.cleaned_data[name] or 0 for name in NUMBERS}
        return kept | numbers | {
            "modality": modality, "technique": technique, "optional": self.cleaned_data["optional"],
        }  # fmt: skip


class PhaseForm(forms.Form):
    """One phase. Without a name it is left out."""

    name = forms.CharField(label=_("Name of the phase"), max_length=120, required=False)
    day_start = forms.IntegerField(label=_("From day"), min_value=0, max_value=LAST_DAY, required=False)
    day_end = forms.IntegerField(label=_("to day"), min_value=0, max_value=LAST_DAY, required=False)
    exercises = forms.MultipleChoiceField(label=_("Exercises"), required=False, widget=forms.CheckboxSelectMultiple)
    posture_items = forms.MultipleChoiceField(label=_("Habits"), required=False, widget=forms.CheckboxSelectMultiple)
    self_care = forms.MultipleChoiceField(label=_("Self-care"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        book = rulebook()
        for name, choices in (
            ("exercises", [(it.code, it.name) for it in book.exercises.values()]),
            ("posture_items", [(it.code, it.checklist_item) for it in book.posture_items.values()]),
            ("self_care", [(it.code, it.label) for it in book.self_care.values()]),
        ):
            self.fields[name].choices = choices  # type: ignore[attr-defined]  # a ChoiceField has them


class ProgramForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    summary = forms.CharField(label=_("For whom, in one sentence"), max_length=300)
    reassess_days = forms.CharField(
        label=_("Look again on days"), max_length=60, help_text=_("Numbers with commas, such as 14, 28, 42.")
    )
    why = forms.CharField(label=_("What is different, and why"), widget=forms.Textarea(attrs={"rows": 2}))
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def clean_reassess_days(self) -> list[int]:
        parts = [part.strip() for part in self.cleaned_data["reassess_days"].split(",") if part.strip()]
        if not all(part.isdecimal() for part in parts):
            raise forms.ValidationError(_("Write numbers with commas between them."))
        days = sorted({int(part) for part in parts})
        if days and days[-1] > LAST_DAY:
            raise forms.ValidationError(_("Day 730 is the last one a program can have."))
        return days


class WholeProgram:
    """The three kinds of forms of one program, filled from its contents and read back into them."""

    def __init__(self, contents: Mapping[str, Any], *, data: Any = None, seen: int = 0) -> None:
        self.contents = contents
        days = ", ".join(str(day) for day in contents["reassess_days"])
        first = {"name": contents["name"], "summary": contents["summary"], "reassess_days": days, "seen": seen}
        self.head = ProgramForm(data, initial=first)
        self.phases = [
            self._phase(nth, phase, data) for nth, phase in enumerate([*contents["phase"], *[{}] * SPARE_PHASES])
        ]

    @staticmethod
    def _phase(nth: int, phase: Mapping[str, Any], data: Any) -> tuple[PhaseForm, list[SessionForm]]:
        rows = [*phase.get("sessions", ()), *[{}] * SPARE_ROWS]
        sessions = [
            SessionForm(data, prefix=f"p{nth}s{n}", initial=dict(row) | (
                {"what": f"{row['modality']}:{row['technique']}"} if row else {}
            ))
            for n, row in enumerate(rows)
        ]  # fmt: skip
        return PhaseForm(data, prefix=f"p{nth}", initial=dict(phase)), sessions

    @property
    def errors(self) -> list[forms.Form]:
        """The forms with something wrong in them."""
        every = [self.head, *(it for phase, rows in self.phases for it in (phase, *rows))]
        return [it for it in every if not it.is_valid()]

    def read(self) -> dict[str, Any]:
        """The contents as they were typed. Only once there are no `errors`."""
        said = self.head.cleaned_data
        before = [*self.contents["phase"], *[{}] * SPARE_PHASES]
        phases = [
            self._read_phase(nth, phase, rows, before[nth])
            for nth, (phase, rows) in enumerate(self.phases)
            if phase.cleaned_data["name"]
        ]
        last = max([it["day_end"] for it in phases], default=0)
        named = {key: said[key] for key in ("name", "summary", "reassess_days")}
        return dict(self.contents) | named | {"phase": phases, "duration_days": last}

    @staticmethod
    def _read_phase(nth: int, phase: PhaseForm, rows: list[SessionForm], before: Mapping[str, Any]) -> dict[str, Any]:
        usual: dict[str, Any] = {
            "code": f"p{nth + 1}", "goals": [], "measures": [{"code": "nprs"}, {"code": "ndi"}], "progress_if": [],
            "hold_if": [], "notes": [],
        }  # fmt: skip
        said = phase.cleaned_data
        old = list(before.get("sessions", ()))
        return usual | dict(before) | {
            "name": said["name"], "day_start": said["day_start"] or 0, "day_end": said["day_end"] or 0,
            "sessions": [
                it.row(old[n] if n < len(old) else {}) for n, it in enumerate(rows) if it.cleaned_data["what"]
            ],
            **{name: list(said[name]) for name in ("exercises", "posture_items", "self_care")},
        }  # fmt: skip

"""What a clinician types to change, to pause and to decide about a plan."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from programs.actions.plan_at_home import AtHome
from programs.models import Checkpoint, Phase, Plan, PlanPause
from programs.rules.revising import LONGEST_GAP, MOST_AT_ONCE, More, Wish
from programs.rules.rulebook import rulebook
from programs.templatetags.programs import service_name
from programs.web.plan_words import technique_name

USUAL_WHY = _("More sessions are needed.")


class Lane:
    """One treatment of a plan on the form: its sessions still to come, and what may be asked of it."""

    def __init__(self, nth: int, modality: str, sessions: Sequence[Any], form: "RevisionForm") -> None:
        self.nth, self.modality, self.sessions, self.form = nth, modality, sessions, form

    @property
    def fields(self) -> list[forms.BoundField]:
        return [self.form[f"{name}_{self.nth}"] for name in ("more", "every", "apart", "technique")]

    @property
    def quick(self) -> list[forms.BoundField]:
        return self.fields[:2]


class RevisionForm(forms.Form):
    """`lane` shows only "how many more, how far apart" of one treatment; without it everything may change."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    drop = forms.MultipleChoiceField(label=_("Leave out"), required=False, widget=forms.CheckboxSelectMultiple)
    new = forms.ChoiceField(label=_("Another treatment"), required=False)
    new_count = forms.IntegerField(label=_("Sessions"), required=False, min_value=1, max_value=MOST_AT_ONCE)
    new_every = forms.IntegerField(label=_("Days apart"), required=False, min_value=1, max_value=LONGEST_GAP)
    drop_exercise = forms.MultipleChoiceField(label=_("Leave out"), required=False, widget=forms.CheckboxSelectMultiple)
    add_exercise = forms.ChoiceField(label=_("Add an exercise"), required=False)
    looked = forms.BooleanField(label=_("I have looked at its precautions and it may be done"), required=False)
    drop_posture = forms.MultipleChoiceField(label=_("Leave out"), required=False, widget=forms.CheckboxSelectMultiple)
    add_posture = forms.ChoiceField(label=_("Add a habit"), required=False)
    drop_self_care = forms.MultipleChoiceField(
        label=_("Leave out"), required=False, widget=forms.CheckboxSelectMultiple
    )
    add_self_care = forms.ChoiceField(label=_("Add self-care"), required=False)
    phase = forms.ChoiceField(label=_("In phase"), required=False)
    why = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(
        self,
        *args: Any,
        plan: Plan,
        phases: Sequence[Phase],
        advised: Mapping[str, Sequence[str]],
        lane: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        sessions = sorted((it for phase in phases for it in phase.sessions.all()), key=lambda it: it.due_on)
        self.fields["seen"].initial = plan.version
        self.lanes: list[Lane] = []
        for nth, modality in enumerate(dict.fromkeys(it.modality for it in sessions), start=1):
            self._lane(nth, modality, [it for it in sessions if it.modality == modality])
        self.lane = next((it for it in self.lanes if it.nth == lane), None)
        if self.lane:
            self.fields["why"].initial = USUAL_WHY
            self.fields[f"more_{lane}"].initial = 1
            self.fields[f"more_{lane}"].widget.attrs["autofocus"] = True
        self._choices(phases, [(str(it.pk), it) for it in sessions], advised)

    def _lane(self, nth: int, modality: str, sessions: Sequence[Any]) -> None:
        course = rulebook().modalities[modality].course
        techniques = rulebook().modalities[modality].techniques
        usual = sessions[-1].gap_days_target or course.gap_days_target
        offered = [(it.code, it.name) for it in techniques.values() if it.enabled_by_default]
        self.fields |= {
            f"more_{nth}": _number(_("How many more"), most=MOST_AT_ONCE),
            f"every_{nth}": _number(_("Days apart"), most=LONGEST_GAP, first=usual),
            f"apart_{nth}": _number(_("New distance of those to come, days"), most=LONGEST_GAP),
            f"technique_{nth}": forms.ChoiceField(
                label=_("Technique of those to come"), required=False, choices=[("", _("As planned")), *offered]
            ),
        }
        self.lanes.append(Lane(nth, modality, sessions, self))

    def _choices(
        self, phases: Sequence[Phase], sessions: Sequence[tuple[str, Any]], advised: Mapping[str, Sequence[str]]
    ) -> None:
        book = rulebook()
        here = {lane.modality for lane in self.lanes}
        exercises = [(str(it.pk), it) for phase in phases for it in phase.exercises.all()]
        posture = [(str(it.pk), it) for phase in phases for it in phase.posture_items.all()]
        choices: dict[str, list[tuple[str, Any]]] = {
            "drop": [(key, f"{service_name(it.modality)} {it.ordinal}") for key, it in sessions],
            "new": [("", _("None"))] + [
                (f"{it.code}:{technique.code}", f"{service_name(it.code)}: {technique.name}")
                for it in book.modalities.values() if it.enabled_by_default and it.code not in here
                for technique in it.techniques.values() if technique.enabled_by_default
            ],
            "drop_exercise": [
                (key, f"{it.phase.ordinal}. {book.exercises[it.code].name if it.code in book.exercises else it.code}")
                for key, it in exercises
            ],
            "add_exercise": [("", _("None")), *((it.code, it.name) for it in book.exercises.values())],
            "drop_posture": [
                (key, book.posture_items[it.code].checklist_item if it.code in book.posture_items else it.code)
                for key, it in posture
            ],
            "add_posture": [("", _("None")), *((it.code, it.checklist_item) for it in book.posture_items.values())],
            "drop_self_care": [
                (f"{phase.ordinal}:{code}", f"{phase.ordinal}. {book.self_care[code].label}")
                for phase in phases for code in advised.get(phase.code, ()) if code in book.self_care
            ],
            "add_self_care": [("", _("None")), *((it.code, it.label) for it in book.self_care.values())],
            "phase": [(str(it.ordinal), f"{it.ordinal}. {it.name}") for it in phases],
        }  # fmt: skip
        for name, each in choices.items():
            self.fields[name].choices = each  # type: ignore[attr-defined]  # a ChoiceField has them

    def wish(self) -> Wish:
        """What is asked of the sessions. Only after `is_valid`."""
        said = self.cleaned_data
        more = [
            More(modality=it.modality, technique=said.get(f"technique_{it.nth}") or it.sessions[-1].technique,
                 count=said[f"more_{it.nth}"], every_days=said[f"every_{it.nth}"] or 7)
            for it in self.lanes if said.get(f"more_{it.nth}")
        ]  # fmt: skip
        if said.get("new"):
            modality, technique = said["new"].split(":")
            usual = rulebook().modalities[modality].course
            every = said.get("new_every") or usual.gap_days_target
            more.append(
                More(modality=modality, technique=technique, count=said.get("new_count") or 1, every_days=every)
            )
        return Wish(
            more=tuple(more),
            dropped=frozenset(UUID(it) for it in said.get("drop", ())),
            every_days={it.modality: said[f"apart_{it.nth}"] for it in self.lanes if said.get(f"apart_{it.nth}")},
            techniques={
                it.modality: said[f"technique_{it.nth}"] for it in self.lanes if said.get(f"technique_{it.nth}")
            },
        )

    def at_home(self) -> AtHome:
        said = self.cleaned_data
        phase = int(said.get("phase") or 1)
        return AtHome(
            exercises=((phase, said["add_exercise"]),) if said.get("add_exercise") else (),
            dropped_exercises=frozenset(UUID(it) for it in said.get("drop_exercise", ())),
            posture=((phase, said["add_posture"]),) if said.get("add_posture") else (),
            dropped_posture=frozenset(int(it) for it in said.get("drop_posture", ())),
            self_care=((phase, said["add_self_care"]),) if said.get("add_self_care") else (),
            dropped_self_care=frozenset(
                (int(phase), code)
                for phase, _colon, code in (it.partition(":") for it in said.get("drop_self_care", ()))
            ),
            acknowledged=frozenset({said["add_exercise"]}) if said.get("looked") else frozenset(),
        )

    def in_words(self) -> str:
        """The technique and the treatment of the lane that is open."""
        last = self.lane.sessions[-1] if self.lane else None
        return technique_name(last.modality, last.technique) if last else ""


def _number(label: Any, *, most: int, first: int | None = None) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=1, max_value=most, initial=first)


class PauseForm(forms.Form):
    reason = forms.ChoiceField(label=_("Why"), choices=PlanPause.Reason.choices, widget=forms.RadioSelect)
    until = forms.DateField(
        label=_("Likely until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=300)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].widget.attrs["min"] = today.isoformat()


class DecisionForm(forms.Form):
    decision = forms.ChoiceField(
        label=_("How does it go on?"), choices=Checkpoint.Decision.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(label=_("Why"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)  # the checkpoint by its number

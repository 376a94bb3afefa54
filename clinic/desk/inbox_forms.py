"""What the clinic writes to a patient, and decides about what a patient asked."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.actions.threads import Written
from patients.models import RecordPolicy
from patients.rules.threads import LONGEST, Audience, Subject, audience_of
from people.models import User
from people.rules.permissions import Permission


class AnswerForm(forms.Form):
    """One message to the patient, in words for the patient."""

    text = forms.CharField(
        label=_("Your answer"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"})
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("key", uuid4())

    @property
    def written(self) -> Written:
        key: UUID = self.cleaned_data["key"]
        return Written(text=self.cleaned_data["text"], key=key)


class BeginForm(AnswerForm):
    field_order = ("subject", "text", "key")

    subject = forms.ChoiceField(label=_("About"), choices=())

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = _("Your message")
        # Nobody begins what they could not read afterwards.
        sees_health = user.may(Permission.RECORD_VIEW)
        readable = [it for it in Subject if sees_health or audience_of(it) == Audience.DESK]
        self.fields["subject"].choices = [(it.value, it.label) for it in readable]  # type: ignore[attr-defined]


class DecisionForm(forms.Form):
    outcome = forms.ChoiceField(
        label=_("Decision"),
        choices=[("accepted", _("It was wrong, and is put right")), ("refused", _("It stays as it is"))],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("What was put right, or why it stays"),
        max_length=2_000,
        help_text=_("The patient reads this."),
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
    )


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # the stubs' generic cannot be subscripted when run
    class Meta:
        model = RecordPolicy
        fields = ("answer_working_days", "kept_years")

"""What patients ask about their record, and whom they let help."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.rules.helping import Help, Relation
from patients.rules.record_requests import About

LONGEST = 2_000  # letters


def _text(label: Any, **more: Any) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}), **more
    )


class CorrectionForm(forms.Form):
    about = forms.ChoiceField(label=_("What is wrong?"), choices=About.choices, widget=forms.RadioSelect)
    says = _text(_("What does it say now?"))
    should_say = _text(_("What should it say?"))


class StatementForm(forms.Form):
    statement = _text(_("What do you say to that?"), help_text=_("We keep your words with the record."))


class ForgetForm(forms.Form):
    is_sure = forms.BooleanField(label=_("I have read this, and I want to be forgotten."))


class HelperForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        help_text=_("Their own. They sign in with it, and need to know your birth date."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    relation = forms.ChoiceField(label=_("Who is it?"), choices=Relation.choices, widget=forms.RadioSelect)
    may = forms.MultipleChoiceField(
        label=_("What may they do?"), choices=Help.choices, widget=forms.CheckboxSelectMultiple
    )
    until = forms.DateField(
        label=_("Until"),
        help_text=_("A year at most. A parent’s help ends on the child’s 18th birthday."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

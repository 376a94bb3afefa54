"""What patients ask about their record, and whom they let help."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.rules.helping import Help, Relation
from patients.rules.record_requests import About

LONGEST = 2_000  # letters
# What to do about a field that was left empty, and not only that it was.
SOME_WORDS: Final = {"required": _("Write a few words.")}
ONE: Final = {"required": _("Choose one.")}


def _text(label: Any, **more: Any) -> forms.CharField:
    field = forms.Textarea(attrs={"rows": 3, "dir": "auto"})
    return forms.CharField(label=label, max_length=LONGEST, widget=field, error_messages=SOME_WORDS, **more)


class CorrectionForm(forms.Form):
    about = forms.ChoiceField(
        label=_("What is wrong?"), choices=About.choices, widget=forms.RadioSelect, error_messages=ONE
    )
    says = _text(_("What does it say now?"))
    should_say = _text(_("What should it say?"))


class StatementForm(forms.Form):
    statement = _text(_("What do you say to that?"), help_text=_("We keep your words with the record."))


class ForgetForm(forms.Form):
    is_sure = forms.BooleanField(
        label=_("I have read this, and I want to be forgotten"),
        error_messages={"required": _("Tick this if you are sure.")},
    )


class HelperForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Write their name.")},
    )
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        help_text=_("Their own. They sign in with it, and need to know your birth date."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Write their e-mail.")},
    )
    relation = forms.ChoiceField(
        label=_("Who is it?"), choices=Relation.choices, widget=forms.RadioSelect, error_messages=ONE
    )
    may = forms.MultipleChoiceField(
        label=_("What may they do?"),
        choices=Help.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one.")},
    )
    until = forms.DateField(
        label=_("Until"),
        help_text=_("A year at most. A parent’s help ends on the child’s 18th birthday."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Choose the last day.")},
    )

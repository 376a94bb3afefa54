"""What is typed about a patient at the desk."""

from datetime import date
from typing import TYPE_CHECKING
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.actions.registration import DETAILS
from patients.models import Patient
from patients.rules.search import Wanted

if TYPE_CHECKING:
    PatientModelForm = forms.ModelForm[Patient]
else:
    PatientModelForm = forms.ModelForm

# Native date fields send the first; the others are for those who type, and none of them can be misread.
DATE_FORMATS = ["%Y-%m-%d", "%d %b %Y", "%d-%b-%Y", "%d %B %Y"]
LONG_PHONE = 7  # digits from which a typed number is the whole number


class DateField(forms.DateField):
    def __init__(self, **options: object) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "off"})
        super().__init__(input_formats=DATE_FORMATS, widget=widget, **options)  # type: ignore[arg-type] # passed on


class DetailsForm(PatientModelForm):
    """Everything that may be said about a patient. It never saves: the action does."""

    birth_date = DateField(label=_("Birth date"), required=False, help_text=_("Ask for it: it tells people apart."))

    class Meta:
        model = Patient
        fields = DETAILS
        widgets = {"desk_note": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type] # passed on
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"  # the browser at the desk must not offer other people's data
        for name in ("mobile", "phone"):
            self.fields[name].widget.input_type = "tel"
            self.fields[name].error_messages["invalid"] = _(
                "This is not a phone number. For another country begin with + and its code, such as +44 20 7946 0018."
            )


class RegistrationForm(DetailsForm):
    """The name, the birth date and a way to reach them; the rest may come later."""

    # Remembers this one form, so that two clicks make one patient.
    request_key = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    first_fields = ("given_name", "family_name", "birth_date", "mobile", "email")

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        self.fields["request_key"].initial = lambda: uuid4().hex
        self.fields["given_name"].widget.attrs["autofocus"] = True

    def first(self) -> list[forms.BoundField]:
        return [self[name] for name in self.first_fields]

    def more(self) -> list[forms.BoundField]:
        return [field for field in self.visible_fields() if field.name not in self.first_fields]

    @property
    def has_errors_in_more(self) -> bool:
        return any(field.errors for field in self.more())


class DeathForm(forms.Form):
    died_on = DateField(label=_("Date of death"), required=True)


def typed_already(text: str, wanted: Wanted) -> dict[str, str | date]:
    """The first answers of the form, from what was searched for. "Rahimi, Leila" begins with the last name."""
    words = [word for word in text.replace(",", " , ").split() if word == "," or word.lower() in wanted.words]
    before, comma, after = " ".join(_capital(word) for word in words).partition(" , ")
    given, family = (after, before) if comma else (before.partition(" ")[0], before.partition(" ")[2])
    known: dict[str, str | date] = {"given_name": given.strip(" ,"), "family_name": family.strip(" ,")}
    if wanted.email:
        known["email"] = wanted.email
    if len(wanted.birth_dates) == 1:
        known["birth_date"] = wanted.birth_dates[0]
    for digits in wanted.digits:
        if len(digits.ending) >= LONG_PHONE:
            known["mobile"] = digits.ending
    return known


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]

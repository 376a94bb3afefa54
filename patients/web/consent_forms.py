"""What is typed when a consent is handed over and when it is signed."""

from typing import Any

from django import forms
from django.utils.translation import get_language_info, override
from django.utils.translation import gettext_lazy as _

from patients.models import Patient
from patients.rules.consent_texts import GROWN_UP, WRITTEN_IN, Signature, Wording
from patients.rules.entries import Consent as Document

# What is spoken most where the clinic is; the name of any other is written with the interpreter's.
SPOKEN = (
    "en",
    "es",
    "zh-hans",
    "ru",
    "ko",
    "bn",
    "ar",
    "fr",
    "fa",
    "hi",
    "ur",
    "pl",
    "it",
    "pt",
    "vi",
    "uk",
    "tr",
    "de",
)
# The words are kept with the signature and read again by programs.rules.agreed, so they are never translated.
SIDES = [
    ("", _("Not limited to a side")),
    ("left", _("left")),
    ("right", _("right")),
    ("both sides", _("both sides")),
    ("middle", _("middle")),
]
GUARDIANS = [
    ("", _("Choose")),
    ("mother", _("I am the patient's mother")),
    ("father", _("I am the patient's father")),
    ("guardian", _("I am the patient's legal guardian")),
]


def languages() -> list[tuple[str, str]]:
    """Each with its own name for itself, so that the patient finds it too."""
    infos = [(code, get_language_info(code)) for code in SPOKEN]
    return [(code, f"{it['name']} ({it['name_local']})" if code != WRITTEN_IN else it["name"]) for code, it in infos]


class LanguageForm(forms.Form):
    """In which language the text was read, and by whom."""

    language = forms.ChoiceField(label=_("Language it is read in"), choices=languages, initial=WRITTEN_IN)
    interpreter = forms.CharField(
        label=_("Who interprets"), required=False, max_length=120,
        help_text=_("A name, or the service and the number of the interpreter. Not a child."),
    )  # fmt: skip


class HandOverForm(LanguageForm):
    """What the clinician adds before the tablet changes hands."""

    area = forms.CharField(
        label=_("Place"), required=False, max_length=80,
        help_text=_("If the signature is for one place only, such as “upper trapezius”."),
    )  # fmt: skip
    side = forms.ChoiceField(label=_("Side"), choices=SIDES, required=False)
    level = forms.RegexField(
        r"^\s*[CTct]\d{1,2}-[CTct]\d{1,2}\s*$", label=_("Level"), required=False, max_length=12,
        help_text=_("Such as C5-C6. Side and level are compared with what is given."),
        error_messages={"invalid": _("Write the level as C5-C6, or leave it empty.")},
    )  # fmt: skip
    witness = forms.CharField(label=_("Witness"), required=False, max_length=120)

    def __init__(self, documents: list[Document], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if any(it.witness_required for it in documents):
            self.fields["witness"].required = True
        else:
            del self.fields["witness"]

    def clean(self) -> dict[str, Any]:
        """Place, side and level are one line above the signature, in English as the text is."""
        said = super().clean() or {}
        parts = [said.get("area", "").strip(), said.get("side", ""), said.get("level", "").strip().upper()]
        said["area"] = ", ".join(filter(None, parts))
        return said


class SignForm(forms.Form):
    """The signature: a typed name; drawing it is extra."""

    signed_name = forms.CharField(
        label=_("Type your full name to sign"), max_length=200,
        error_messages={"required": _("Type your full name to sign.")},
        widget=forms.TextInput(attrs={"class": "form-control sig", "autocomplete": "name"}),
    )  # fmt: skip
    relation = forms.ChoiceField(label=_("You sign for the patient. Who are you?"), choices=GUARDIANS)
    drawn = forms.CharField(required=False, widget=forms.HiddenInput)
    version = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, words: Wording, patient: Patient, age: int | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patient = patient
        self.initial["version"] = words.version
        if age is None or age >= GROWN_UP:
            del self.fields["relation"]
        else:
            self.fields["relation"].widget.attrs["class"] = "form-select"

    def signature(self, **more: str) -> Signature:
        """What was signed, with what the form does not ask: language, interpreter, area and witness."""
        said = self.cleaned_data
        relation = dict(GUARDIANS).get(said.get("relation", ""), "")
        with override(WRITTEN_IN):  # the record is kept in the clinic's language
            signed_for = f"{self.patient.full_name}: {relation}"[:120] if relation else ""
        return Signature(
            signed_name=said["signed_name"],
            drawn=said["drawn"].strip(),
            version=said["version"],
            signed_for=signed_for,
            **more,
        )

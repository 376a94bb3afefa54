"""What patients write to the clinic, and the files with it."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from clinic.portal.record_forms import ONE, SOME_WORDS
from patients.actions.threads import Written
from patients.rules import attachments, threads
from patients.rules.threads import Subject


class _SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class _FilesField(forms.FileField):
    """Any number of files; what is in them is looked at by the action."""

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        files = [super(_FilesField, self).clean(it, initial) for it in data or []]
        # Refused by its length before it is read into memory.
        if any(it.size > attachments.LARGEST for it in files):
            raise forms.ValidationError(_("That file is too large. One file may have 8 MB."))
        return files


class MessageForm(forms.Form):
    """One message. The key makes a second press, or a second try on a bad line, the same message."""

    text = forms.CharField(
        label=_("Your message"),
        max_length=threads.LONGEST,
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
        error_messages=SOME_WORDS,
    )
    attached = _FilesField(
        label=_("Pictures or PDF"),
        required=False,
        help_text=_("Up to 3 files with 8 MB each. We remove the place from pictures."),
        widget=_SeveralFiles(attrs={"accept": "image/jpeg,image/png,application/pdf"}),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("key", uuid4())

    @property
    def written(self) -> Written:
        """What was typed, with the files read."""
        key: UUID = self.cleaned_data["key"]
        files = [(it.name or "", it.read()) for it in self.cleaned_data["attached"]]
        return Written(text=self.cleaned_data["text"], key=key, files=files)


class NewMessageForm(MessageForm):
    field_order = ("subject", "text", "attached", "key")

    subject = forms.ChoiceField(
        label=_("What is it about?"),
        choices=Subject.choices,
        widget=forms.RadioSelect,
        error_messages=ONE,
        help_text=_("This decides who reads it: the front desk, or your clinicians."),
    )

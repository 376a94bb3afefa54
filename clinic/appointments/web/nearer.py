"""Booking a treatment nearer to another one than the rules say: what they say of that day, and unlocking it."""

from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.appointments.actions import neighbours
from patients.models import Patient
from patients.rules.rulebook import rulebook as patients_rulebook
from patients.web.records import banner, open_record
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions.plans import clinic_day
from programs.actions.safety import UNCLEARED, Treatment
from programs.rules.rulebook import rulebook

FURTHEST: Final = timedelta(days=730)  # nobody books later


class DayForm(forms.Form):
    treatment = forms.ChoiceField(label=gettext_lazy("Treatment"))
    day = forms.DateField(label=gettext_lazy("Day"), widget=forms.DateInput(attrs={"type": "date"}))
    technique = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        choices = [(it.code, it.name) for it in rulebook().modalities.values()]
        self.fields["treatment"] = forms.ChoiceField(label=gettext_lazy("Treatment"), choices=choices)

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if not self.today <= day <= self.today + FURTHEST:
            raise forms.ValidationError(_("Choose a day from today to two years ahead."))
        return day

    def clean(self) -> dict[str, Any]:
        asked = super().clean() or {}
        modality = rulebook().modalities.get(asked.get("treatment", ""))
        if modality and asked.get("technique") not in {"", *modality.techniques}:
            raise forms.ValidationError(_("There is no such technique."))
        return asked

    @property
    def asked(self) -> Treatment:
        told = self.cleaned_data
        return Treatment(told["treatment"], told["day"], told["technique"])


class WhyForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why it may be given so near all the same"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=1000,
    )


@needs(Permission.RECORD_EDIT)
def nearer(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """The address names the treatment and its day; the reason is posted."""
    patient, now = open_record(request, patient_id), timezone.now()
    form = DayForm(request.GET or None, today=clinic_day(now))
    why = WhyForm(request.POST or None)
    if form.is_valid() and request.method == "POST" and why.is_valid():
        try:
            reason = why.cleaned_data["reason"]
            neighbours.unlock(patient, form.asked, reason=reason, by=request.user, now=now)
        except Refused as refusal:
            why.add_error(None, str(refusal))
        else:
            messages.success(request, _("Unlocked for that day. The visit shows it as a caution."))
            asked = {"patient": patient.pk, "service": form.asked.modality, "day": form.asked.on}
            return redirect(f"{reverse('appointments:book')}?{urlencode(asked)}")
    context = banner(patient, request.user, clinic_day(now)) | {"active": "patients", "form": form, "why": why}
    if form.is_valid():
        context |= _found(request, patient, form.asked)
    return render(request, "appointments/nearer.html", context, status=422 if form.errors or why.errors else 200)


def _found(request: SignedInRequest, patient: Patient, asked: Treatment) -> dict[str, Any]:
    (standing,) = neighbours.looked_at(patient, [asked])
    may_unlock = bool(standing.to_override) and request.user.profession in standing.judgement.override_roles
    findings = [(it, it.rule.code in standing.stopped_by) for it in standing.judgement.findings]
    return {
        "asked": asked,
        "name": rulebook().modalities[asked.modality].name,
        "standing": standing,
        "findings": findings,
        # Who has not been asked may have what speaks against it: no finding is no green light.
        "not_asked": [_asked_how(code) for code in standing.judgement.unknown],
        "may_unlock": may_unlock and standing.judgement.decision != "blocked",
    }


def _asked_how(fact: str) -> str:
    """The warning signs are asked again at every visit, so of a day to come nobody can know them yet."""
    return _("the warning signs, on the day itself") if fact == UNCLEARED else patients_rulebook().facts[fact].label

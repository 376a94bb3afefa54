"""The short check before a visit, and "my neck has become worse": the warning signs once more, by ticking."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from patients.actions import intake as intakes
from patients.models import Intake, Patient
from patients.rules.intake_parts import safety_groups
from patients.rules.rulebook import rulebook
from patients.rules.screen import Occasion, is_told_at_once, short_questions
from patients.web.intake_forms import LONGEST_TEXT, SCALE
from patients.web.intake_health_forms import NONE
from patients.web.own import RecordNotChosen, own_patient
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs

FLARES_A_PAGE = 50
SHOWN_FOR = timedelta(days=14)


class ScreenForm(forms.Form):
    """Every grave question as a box, in a few groups, each with "None of these"."""

    def __init__(self, age_years: int | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.groups = list(safety_groups(short_questions(age_years, rulebook=rulebook())))
        for nth, questions in enumerate(self.groups, start=1):
            self.fields[f"signs_{nth}"] = forms.MultipleChoiceField(
                label=_("Is one of these true now? %(nth)d of %(of)d") % {"nth": nth, "of": len(self.groups)},
                choices=[*((it.code, gettext(it.patient_question)) for it in questions), (NONE, _("None of these"))],
                widget=forms.CheckboxSelectMultiple,
                error_messages={"required": _("Choose the signs you have, or choose “None of these”.")},
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        for name in [it for it in self.fields if it.startswith("signs_")]:
            chosen = answers.get(name, [])
            if NONE in chosen and len(chosen) > 1:
                self.add_error(name, gettext("You chose “None of these” and something else. Choose one of both."))
        return answers

    def said(self) -> dict[str, bool]:
        """Yes and no of every finished group; of one that is not finished, only what was ticked."""
        found: dict[str, bool] = {}
        for nth, questions in enumerate(self.groups, start=1):
            chosen = self.cleaned_data.get(f"signs_{nth}")
            if chosen is not None:
                found |= {it.code: it.code in chosen for it in questions}
            else:
                ticked = set(self.data.getlist(f"signs_{nth}"))  # type: ignore[attr-defined]  # a QueryDict
                found |= {it.code: True for it in questions if it.code in ticked}
        return found

    def told(self) -> Mapping[str, Any]:
        return {}


class FlareForm(ScreenForm):
    pain = forms.TypedChoiceField(
        label=_("Pain right now"), choices=SCALE, coerce=int, widget=forms.RadioSelect,
        help_text=_("0 is no pain, 10 is the worst you can imagine."),
        error_messages={"required": _("Choose a number from 0 to 10.")},
    )  # fmt: skip
    words = forms.CharField(
        label=_("What has changed?"), required=False, max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
    )  # fmt: skip

    def told(self) -> Mapping[str, Any]:
        return {"pain": self.cleaned_data.get("pain"), "words": self.cleaned_data.get("words", "")}


@needs(Permission.OWN_RECORD)
def check(request: SignedInRequest) -> HttpResponse:
    """Before a visit: about a minute."""
    return _screen(request, ScreenForm, Occasion.CHECK)


@needs(Permission.OWN_RECORD)
def flare(request: SignedInRequest) -> HttpResponse:
    """It has become worse: how much, and whether one of the signs is there that must not wait."""
    return _screen(request, FlareForm, Occasion.FLARE)


@needs(Permission.RECORD_VIEW)
def flares(request: SignedInRequest) -> HttpResponse:
    """Who wrote that it has become worse, newest first, until two weeks have passed."""
    since = timezone.now() - SHOWN_FOR
    rows = Intake.objects.visible_to(request.user).flares().filter(submitted_at__gte=since)
    page = Paginator(rows.select_related("patient").order_by("-submitted_at"), FLARES_A_PAGE)
    context = {"page": page.get_page(request.GET.get("page")), "active": "my_day"}
    template = "patients/intake_flares.html"
    return render(request, f"{template}#flares" if request.headers.get("HX-Request") else template, context)


def _screen(request: SignedInRequest, kind: type[ScreenForm], occasion: Occasion) -> HttpResponse:
    try:
        patient = own_patient(request)
    except RecordNotChosen:
        return redirect("home")  # which asks for whom it is
    form = kind(patient.age_on(timezone.localdate()), request.POST if request.method == "POST" else None)
    if form.is_bound and (form.is_valid() or _is_grave(form.said())):
        made = _sent(request, patient, form, occasion)
        is_urgent = is_told_at_once(made.urgency, rulebook=rulebook())
        return redirect("patients:form_urgent" if is_urgent else "patients:form_sent", made.pk)
    context = {"form": form, "patient": patient, "is_flare": occasion == Occasion.FLARE, "active": "today"}
    return render(request, "patients/intake_screen.html", context)


def _sent(request: SignedInRequest, patient: Patient, form: ScreenForm, occasion: Occasion) -> Intake:
    return intakes.short_screen(
        patient, form.said(), occasion=occasion, by=request.user, now=timezone.now(), **form.told()
    )


def _is_grave(said: Mapping[str, bool]) -> bool:
    """A yes here never waits for the rest of the page: it is sent at once, and what was left out stays open."""
    book = rulebook()
    return any(yes and is_told_at_once(book.red_flags[code].urgency, rulebook=book) for code, yes in said.items())

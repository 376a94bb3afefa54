"""Tell me if a time opens: the patient's own wish."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.appointments.actions import waitlist
from clinic.appointments.actions.waitlist import CanMake
from clinic.appointments.models import Appointment, WaitlistEntry
from clinic.appointments.models.roster import Weekday
from clinic.portal import due, refusals
from clinic.portal.door import own
from patients.models import Patient
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest
from programs.actions import offering
from programs.models import PlannedSession
from programs.templatetags.programs import service_name

NOON = time(12)
HALVES = {"": (None, None), "morning": (None, NOON), "afternoon": (NOON, None)}
WAITS = timedelta(days=28)
REFUSED = 409


class OwnWishForm(forms.Form):
    what = forms.ChoiceField(label=gettext_lazy("For which visit?"), widget=forms.RadioSelect)
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Which days can you come?"),
        choices=Weekday.choices[:6],
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy("Choose none if any day will do."),
    )
    half = forms.ChoiceField(
        label=gettext_lazy("At what time?"),
        choices=[
            ("", gettext_lazy("Any time")),
            ("morning", gettext_lazy("Before noon")),
            ("afternoon", gettext_lazy("After noon")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["what"]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices
        field.initial = choices[0][0] if choices else None

    def can_make(self, *, first: date, last: date) -> CanMake:
        earliest, latest = HALVES[self.cleaned_data["half"]]
        return CanMake(
            from_on=first,
            until_on=last,
            weekdays=self.cleaned_data["weekdays"],
            earliest=earliest,
            latest=latest,
        )


@own
def wish(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """A sooner time than the one booked, or a time for what is due. A POST puts it on our list, or takes it off."""
    now = timezone.now()
    waiting = WaitlistEntry.objects.visible_to(request.user).waiting().filter(patient=patient)
    if request.method == "POST" and (entry := waiting.filter(pk__in=request.POST.getlist("withdraw")[:1]).first()):
        waitlist.withdraw(entry, by=request.user, now=now)
        messages.success(request, _("You are off the list. Your visits stay as they are."))
        return redirect("portal:wish")
    entries = list(waiting.select_related("visit__site", "session"))
    visits, sessions = _could_be_sooner(request, patient, entries, now), _due(request, patient, entries, now)
    names = offering.current()
    choices = [(f"visit:{it.pk}", _when(it)) for it in visits]
    choices += [(f"session:{it.pk}", service_name(it.modality)) for it in sessions]
    asked = request.POST if request.method == "POST" else None
    form = OwnWishForm(asked, choices=choices)
    if form.is_valid():
        try:
            _put_on(form, patient, visits, sessions, request, now)
        except Refused as refused:
            form.add_error(None, refusals.said(refused))
        else:
            messages.success(request, _("You are on our list. We write to you when a time opens."))
            return redirect("portal:visits")
    context = {
        "active": "visits",
        "form": form,
        "has_choice": bool(choices),
        "entries": [(it, service_name(it.service_code)) for it in entries if it.service_code in names],
    }
    return render(request, "portal/wish.html", context, status=REFUSED if form.errors else 200)


def _put_on(
    form: OwnWishForm,
    patient: Patient,
    visits: list[Appointment],
    sessions: list[PlannedSession],
    request: SignedInRequest,
    now: datetime,
) -> None:
    """Raises `Refused`."""
    today, what = timezone.localdate(now), form.cleaned_data["what"]
    visit = next((it for it in visits if what == f"visit:{it.pk}"), None)
    session = next((it for it in sessions if what == f"session:{it.pk}"), None)
    if visit:
        code, first, last = visit.service_code, today, visit.local_start.date()
    else:
        code = session.modality if session else ""
        first = max(today, session.due_from) if session else today
        last = max(session.due_until, today + WAITS) if session else today + WAITS
    waitlist.add(
        patient,
        code,
        form.can_make(first=first, last=last),
        by=request.user,
        now=now,
        on=today,
        session=visit.session if visit else session,
        visit=visit,
    )


def _when(visit: Appointment) -> str:
    return _("Sooner than %(when)s") % {"when": formats.date_format(visit.local_start, "l j F")}


def _could_be_sooner(
    request: SignedInRequest, patient: Patient, entries: list[WaitlistEntry], now: datetime
) -> list[Appointment]:
    waited_for = {entry.service_code for entry in entries}
    mine = (
        Appointment.objects.visible_to(request.user).expected().filter(patient=patient, starts_at__gt=now, group=None)
    )
    rows = mine.exclude(service_code__in=waited_for).select_related("site", "session__plan")
    return list(rows.order_by("starts_at")[:5])


def _due(
    request: SignedInRequest, patient: Patient, entries: list[WaitlistEntry], now: datetime
) -> list[PlannedSession]:
    """What the plan asks for next and nobody has booked: one of each kind."""
    waited_for = {entry.service_code for entry in entries}
    found = due.sessions(patient, request.user, timezone.localdate(now), without=waited_for)
    return [it for it in found if it.modality in offering.current()][: due.MOST]

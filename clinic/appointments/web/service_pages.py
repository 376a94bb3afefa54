"""Setting the services: how long they take, who gives them where, and what that does to the free times."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.appointments.actions import previews
from clinic.appointments.actions.previews import DayPreview
from clinic.appointments.actions.stranded import Outside, outside
from clinic.appointments.models import Appointment, GroupSession
from clinic.appointments.web import roster_words
from clinic.appointments.web.service_forms import ServiceForm
from people.models import User
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import offering
from programs.rules.rulebook import rulebook
from programs.rules.services import Service

SHOWN = 50


@needs(Permission.CLINIC_SETUP)
def service_list(request: SignedInRequest) -> HttpResponse:
    """Everything that can be booked, as this clinic has set it."""
    rules = rulebook().services
    rows = [
        {"service": it, "is_changed": it != rules[it.code], "who": _labels(it)} for it in offering.current().values()
    ]
    return render(request, "appointments/service_list.html", {"active": "setup", "rows": rows})


def _labels(service: Service) -> str:
    people = roster_words.people()
    return "; ".join(label for code, label in people.items() if code in service.professions)


@needs(Permission.CLINIC_SETUP)
def service(request: SignedInRequest, service_code: str) -> HttpResponse:
    """One service: what the clinic has set, what the rulebook has, and the free times that would result."""
    it = _known(service_code)
    form = ServiceForm(request.POST or None, service=it, seen=offering.as_seen(it.code))
    now = timezone.now()
    preview: Sequence[DayPreview] | None = None
    if form.is_valid():
        if "preview" in request.POST:
            preview = _preview(form, now)
        elif _is_saved(request, form, now):
            messages.success(request, _("%(name)s was changed. Visits that stand stay.") % {"name": it.name})
            return redirect("appointments:service", service_code=it.code)
    context: dict[str, Any] = {
        "active": "setup",
        "form": form,
        "service": it,
        "rule": form.rule,
        "is_changed": it != form.rule,
        "preview": preview,
        "outside": _outside(request.user, it, now),
        "shown": SHOWN,
    }
    return render(request, "appointments/service.html", context)


def _known(code: str) -> Service:
    try:
        return offering.current()[code]
    except KeyError:
        raise Http404 from None


def _preview(form: ServiceForm, now: datetime) -> Sequence[DayPreview] | None:
    try:
        wanted = offering.as_it_would_be(form.service.code, **form.changes)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return None
    return previews.of_services(form.service, wanted, now=now)


def _is_saved(request: SignedInRequest, form: ServiceForm, now: datetime) -> bool:
    changes = form.changes
    if not changes:
        return True
    try:
        offering.change(form.service.code, seen=form.cleaned_data["seen"], by=request.user, now=now, **changes)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        # What was typed stays, and saving it again replaces what somebody else has set.
        form.data = request.POST.copy()
        form.data["seen"] = offering.as_seen(form.service.code)
        return False
    return True


def _outside(user: User, service: Service, now: datetime) -> list[Outside]:
    """The coming visits and classes of this kind that do not fit any more."""
    visits = Appointment.objects.visible_to(user).filter(service_code=service.code)
    return outside(visits, GroupSession.objects.visible_to(user).filter(service_code=service.code), now=now)


@needs(Permission.CLINIC_SETUP)
@require_POST
def reset_service(request: SignedInRequest, service_code: str) -> HttpResponse:
    """Back to the rulebook's values, all of them."""
    it = _known(service_code)
    everything: dict[str, None] = dict.fromkeys(offering.SETTABLE)
    offering.change(it.code, by=request.user, now=timezone.now(), **everything)
    messages.success(request, _("%(name)s follows the rulebook again.") % {"name": it.name})
    return redirect("appointments:service", service_code=it.code)

"""One day that is different, and the visits that no longer fit, whatever was changed."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.appointments.actions import roster as work
from clinic.appointments.actions.stranded import outside
from clinic.appointments.models import Appointment, GroupSession, Resource
from clinic.appointments.web.roster_forms import OneDayForm
from people.models import User
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs

SHOWN = 50


@needs(Permission.CLINIC_SETUP)
def one_day(request: SignedInRequest, resource_id: UUID) -> HttpResponse:
    """“Works on Saturday 19 September from 9 to 12”, or “not on Tuesday afternoon”."""
    resource = get_object_or_404(Resource.objects.clinicians().in_use(), pk=resource_id)
    last = resource.shifts.select_related("site").order_by("-valid_from").first()
    form = OneDayForm(request.POST or None, today=timezone.localdate(), initial={"site": last.site if last else None})
    if form.is_valid():
        try:
            _save(resource, form, request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("That day of %(name)s was changed.") % {"name": resource.name})
            return redirect("appointments:roster_clinician", resource_id=resource.pk)
    context = {"active": "setup", "form": form, "resource": resource}
    return render(request, "appointments/roster_one_day.html", context)


def _save(resource: Resource, form: OneDayForm, by: User) -> None:
    typed = form.cleaned_data
    if not form.is_extra:
        starts_at, ends_at = form.span
        work.add_absence(resource, starts_at=starts_at, ends_at=ends_at, reason=typed["reason"], by=by)
        return
    day = typed["day"]
    work.add_shifts(
        resource,
        site=typed["site"],
        weekdays=[day.weekday()],
        hours=[(typed["starts"], typed["ends"])],
        valid_from=day,
        valid_until=day,
        by=by,
    )


@needs(Permission.CLINIC_SETUP)
def stranded(request: SignedInRequest) -> HttpResponse:
    """Every coming visit and class that does not fit any more. Asked by another page, only how many."""
    visits = Appointment.objects.visible_to(request.user)
    found = outside(visits, GroupSession.objects.visible_to(request.user), now=timezone.now())
    context = {"active": "setup", "outside": found, "shown": SHOWN}
    part = "#count" if request.headers.get("HX-Request") else ""
    return render(request, f"appointments/roster_stranded.html{part}", context)

"""Changing when people work, when people and things are away, and when the clinic is closed."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.appointments.actions import roster as work
from clinic.appointments.models import Absence, Closure, Resource, Shift
from clinic.appointments.web.roster_forms import AbsenceForm, ClosureForm, EndForm, ShiftForm
from clinic.appointments.web.roster_pages import zone_of
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs


@needs(Permission.CLINIC_SETUP)
def add_hours(request: SignedInRequest, resource_id: UUID) -> HttpResponse:
    """The same hours on several weekdays."""
    resource = get_object_or_404(Resource.objects.clinicians().in_use(), pk=resource_id)
    last = resource.shifts.select_related("site").order_by("-valid_from").first()
    start = {"valid_from": timezone.localdate(), "site": last.site if last else None}
    form = ShiftForm(request.POST or None, initial=start)
    if form.is_valid():
        typed = form.cleaned_data
        try:
            work.add_shifts(
                resource,
                site=typed["site"],
                weekdays=typed["weekdays"],
                hours=form.hours,
                valid_from=typed["valid_from"],
                valid_until=typed["valid_until"],
                by=request.user,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The hours of %(name)s were added.") % {"name": resource.name})
            return redirect("appointments:roster_clinician", resource_id=resource.pk)
    context = {"active": "setup", "form": form, "resource": resource}
    return render(request, "appointments/roster_add_hours.html", context)


@needs(Permission.CLINIC_SETUP)
def end_hours(request: SignedInRequest, shift_id: UUID) -> HttpResponse:
    shift = get_object_or_404(Shift.objects.select_related("resource", "site"), pk=shift_id)
    form = EndForm(request.POST or None, initial={"last_day": timezone.localdate()})
    if form.is_valid():
        try:
            work.end_shift(shift, last_day=form.cleaned_data["last_day"], by=request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The hours were ended. Visits after that stay until they are moved."))
            return redirect("appointments:roster_clinician", resource_id=shift.resource_id)
    context = {"active": "setup", "form": form, "shift": shift, "resource": shift.resource}
    return render(request, "appointments/roster_end_hours.html", context)


@needs(Permission.CLINIC_SETUP)
def end_all_hours(request: SignedInRequest, resource_id: UUID) -> HttpResponse:
    """For somebody who leaves, or whose week changes altogether."""
    resource = get_object_or_404(Resource.objects.clinicians(), pk=resource_id)
    form = EndForm(request.POST or None, initial={"last_day": timezone.localdate()})
    if form.is_valid():
        work.end_all_shifts(resource, last_day=form.cleaned_data["last_day"], by=request.user)
        messages.success(request, _("The hours were ended. Visits after that stay until they are moved."))
        return redirect("appointments:roster_clinician", resource_id=resource.pk)
    return render(
        request, "appointments/roster_end_hours.html", {"active": "setup", "form": form, "resource": resource}
    )


@needs(Permission.CLINIC_SETUP)
def add_absence(request: SignedInRequest, resource_id: UUID) -> HttpResponse:
    """Leave of a clinician, or service of a room or device."""
    everything = Resource.objects.exclude(kind=Resource.Kind.PATIENT).select_related("site")
    resource = get_object_or_404(everything, pk=resource_id)
    form = AbsenceForm(request.POST or None, zone=zone_of(resource, request.clinic))
    if form.is_valid():
        starts_at, ends_at = form.span
        reason = form.cleaned_data["reason"]
        try:
            work.add_absence(resource, starts_at=starts_at, ends_at=ends_at, reason=reason, by=request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(name)s is away then.") % {"name": resource.name})
            return _back_to(resource)
    context = {"active": "setup", "form": form, "resource": resource}
    return render(request, "appointments/roster_add_absence.html", context)


@needs(Permission.CLINIC_SETUP)
@require_POST
def remove_absence(request: SignedInRequest, absence_id: UUID) -> HttpResponse:
    absence = get_object_or_404(Absence.objects.select_related("resource"), pk=absence_id)
    try:
        work.remove_absence(absence, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The absence was taken back."))
    return _back_to(absence.resource)


def _back_to(resource: Resource) -> HttpResponse:
    is_a_person = resource.kind == Resource.Kind.CLINICIAN
    page = "appointments:roster_clinician" if is_a_person else "appointments:roster_piece"
    return redirect(page, resource_id=resource.pk)


@needs(Permission.CLINIC_SETUP)
def close(request: SignedInRequest) -> HttpResponse:
    """Close a site, or all of them, for a day."""
    form = ClosureForm(request.POST or None, today=timezone.localdate())
    if form.is_valid():
        try:
            closure = work.close(by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The closing day was added."))
            return redirect("appointments:roster_closure", closure_id=closure.pk)
    context = {"active": "setup", "form": form, "title": _("Add a closing day")}
    return render(request, "appointments/roster_form.html", context)


@needs(Permission.CLINIC_SETUP)
@require_POST
def open_again(request: SignedInRequest, closure_id: UUID) -> HttpResponse:
    try:
        work.open_again(get_object_or_404(Closure, pk=closure_id), by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The closing day was taken back."))
    return redirect("appointments:roster")

"""Setting up a class, changing it and calling it off."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.appointments.actions import groups as work
from clinic.appointments.models import GroupSession, Resource
from clinic.appointments.web.forms import CancelForm
from clinic.appointments.web.group_forms import ChangeClassForm, NewClassForm, WhichForm, as_typed
from people.models import Site
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import offering
from programs.rules.services import Service

GONE = 409


@needs(Permission.APPOINTMENT_BOOK)
def new(request: SignedInRequest) -> HttpResponse:
    """Which class and where stand in the address; the rest is posted."""
    which = WhichForm(request.GET or None)
    service, site = _which(which)
    if service is None or site is None:
        return render(request, "appointments/group_new.html", {"active": "day", "which": which, "form": which})
    start = {"name": service.name, "places": service.places, "day": timezone.localdate(), "weeks": 1}
    form = NewClassForm(request.POST or None, service=service, site=site, initial=start)
    if form.is_valid():
        try:
            made = _made(request, form, service, site)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            n = len(made)
            messages.success(request, ngettext("%(n)s class was set up.", "%(n)s classes were set up.", n) % {"n": n})
            return redirect("appointments:group", group_id=made[0].pk)
    context = {"active": "day", "form": form, "service": service, "site": site}
    return render(request, "appointments/group_new.html", context)


def _which(form: WhichForm) -> tuple[Service | None, Site | None]:
    if not form.is_valid():
        return None, None
    return offering.current()[form.cleaned_data["service"]], form.cleaned_data["site"]


def _made(request: SignedInRequest, form: NewClassForm, service: Service, site: Site) -> list[GroupSession]:
    typed = form.cleaned_data
    return work.create(
        name=typed["name"],
        service=service,
        site=site,
        starts_at=form.starts_at,
        resources=form.resources,
        places=typed["places"],
        weeks=typed["weeks"],
        by=request.user,
        now=timezone.now(),
    )


def _group(request: SignedInRequest, group_id: UUID) -> GroupSession:
    classes = GroupSession.objects.visible_to(request.user).standing().select_related("site", "clinician")
    return get_object_or_404(classes, pk=group_id)


@needs(Permission.APPOINTMENT_BOOK)
def change(request: SignedInRequest, group_id: UUID) -> HttpResponse:
    """Another name, time, room or clinician. Who is in it comes along."""
    it = _group(request, group_id)
    room = Resource.objects.rooms().filter(holds__group=it).first()
    service = offering.current()[it.service_code]
    form = ChangeClassForm(request.POST or None, service=service, site=it.site, initial=as_typed(it, room))
    if form.is_valid():
        typed = form.cleaned_data
        try:
            work.change(
                it,
                name=typed["name"],
                places=typed["places"],
                starts_at=form.starts_at,
                resources=form.resources,
                revision=typed["revision"],
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The class was changed."))
            return redirect("appointments:group", group_id=it.pk)
    context = {"active": "day", "form": form, "group": it, "seated": it.seats.standing().count()}
    return render(request, "appointments/group_change.html", context)


@needs(Permission.APPOINTMENT_BOOK)
def cancel(request: SignedInRequest, group_id: UUID) -> HttpResponse:
    """Call the class off. Everybody in it is cancelled and told."""
    it = _group(request, group_id)
    form = CancelForm(request.POST or None, initial={"revision": it.revision, "why": "clinic"})
    if form.is_valid():
        try:
            revision = form.cleaned_data["revision"]
            work.cancel(it, reason=form.reason, revision=revision, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The class was cancelled. Everybody in it is told."))
            return redirect("appointments:group", group_id=it.pk)
    context = {"active": "day", "form": form, "group": it, "seated": it.seats.standing().count()}
    return render(request, "appointments/group_cancel.html", context, status=GONE if form.errors else 200)

"""Setting the clinic up: what it is called, where it is, and what is still missing."""

import zoneinfo
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from people.actions import organization
from people.models import Invitation, Site, User
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.forms import ClinicForm, SiteForm
from people.web.guards import SignedInRequest, needs


@needs(Permission.CLINIC_SETUP)
def overview(request: SignedInRequest) -> HttpResponse:
    """What an empty clinic needs before its first visit, in order."""
    shown = {
        "clinic_is_named": bool(request.clinic.phone),
        "sites": Site.objects.filter(is_active=True).count(),
        "clinicians": User.objects.staff().active().exclude(profession="").count(),
        "invited": Invitation.objects.filter(accepted_at=None, withdrawn_at=None).count(),
        "active": "setup",
    }
    return render(request, "people/setup.html", shown)


@needs(Permission.CLINIC_SETUP)
def clinic(request: SignedInRequest) -> HttpResponse:
    form = ClinicForm(request.POST or None, instance=request.clinic)
    if form.is_valid():
        organization.change_clinic(by=request.user, **form.cleaned_data)
        messages.success(request, _("The clinic was changed."))
        return redirect("people:setup")
    return render(request, "people/clinic.html", {"form": form, "zones": _zones(), "active": "setup"})


@needs(Permission.CLINIC_SETUP)
def sites(request: SignedInRequest) -> HttpResponse:
    places = Site.objects.order_by("-is_active", "name")
    return render(request, "people/sites.html", {"sites": places, "active": "setup"})


@needs(Permission.CLINIC_SETUP)
def new_site(request: SignedInRequest) -> HttpResponse:
    form = SiteForm(request.POST or None, initial={"time_zone": request.clinic.time_zone})
    if form.is_valid():
        try:
            organization.open_site(by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(site)s was added.") % {"site": form.cleaned_data["name"]})
            return redirect("people:sites")
    return render(request, "people/site.html", {"form": form, "zones": _zones(), "active": "setup"})


@needs(Permission.CLINIC_SETUP)
def site(request: SignedInRequest, site_id: UUID) -> HttpResponse:
    place = get_object_or_404(Site, pk=site_id)
    form = SiteForm(request.POST or None, instance=place)
    if form.is_valid():
        try:
            organization.change_site(place, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(site)s was changed.") % {"site": form.cleaned_data["name"]})
            return redirect("people:sites")
    return render(request, "people/site.html", {"form": form, "site": place, "zones": _zones(), "active": "setup"})


@needs(Permission.CLINIC_SETUP)
@require_POST
def archive_site(request: SignedInRequest, site_id: UUID) -> HttpResponse:
    organization.archive_site(get_object_or_404(Site, pk=site_id), by=request.user)
    return redirect("people:sites")


@needs(Permission.CLINIC_SETUP)
@require_POST
def reopen_site(request: SignedInRequest, site_id: UUID) -> HttpResponse:
    organization.reopen_site(get_object_or_404(Site, pk=site_id), by=request.user)
    return redirect("people:sites")


def _zones() -> list[str]:
    """What the time zone field offers while typing: places, without the technical names."""
    return sorted(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))

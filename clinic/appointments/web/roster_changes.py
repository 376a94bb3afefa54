"""Adding, changing and retiring rooms and devices, and taking clinicians over from the staff list."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from clinic.appointments.actions import roster as work
from clinic.appointments.models import Resource
from clinic.appointments.rules.roster_refusals import PieceChanged
from clinic.appointments.web.roster_forms import PieceForm, form_of, typed_before
from clinic.appointments.web.roster_pages import SHOWN, visits_of, whereabouts
from people.models import Site
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs

ROOM, DEVICE = Resource.Kind.ROOM, Resource.Kind.DEVICE


@needs(Permission.CLINIC_SETUP)
@require_POST
def put_people_on(request: SignedInRequest) -> HttpResponse:
    n = len(work.sync_clinicians(by=request.user))
    said = ngettext("%(n)s person was brought up to date.", "%(n)s people were brought up to date.", n) % {"n": n}
    messages.success(request, said if n else _("The roster follows the staff list already."))
    return redirect("appointments:roster")


@needs(Permission.CLINIC_SETUP)
def new_room(request: SignedInRequest) -> HttpResponse:
    return _new(request, ROOM, title=_("Add a room"))


@needs(Permission.CLINIC_SETUP)
def new_device(request: SignedInRequest) -> HttpResponse:
    return _new(request, DEVICE, title=_("Add a device"))


def _new(request: SignedInRequest, kind: Resource.Kind, *, title: str) -> HttpResponse:
    chosen = Site.objects.filter(pk=request.GET["site"]).first() if _is_an_id(request.GET.get("site", "")) else None
    form = form_of(kind)(request.POST or None, initial={"site": chosen} if chosen else {})
    if form.is_valid():
        name, site = form.cleaned_data["name"], form.cleaned_data["site"]
        try:
            work.add_piece(kind, name=name, site=site, offers=form.offers, by=request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(name)s was added.") % {"name": name})
            return redirect("appointments:roster")
    return render(request, "appointments/roster_form.html", {"active": "setup", "form": form, "title": title})


def _is_an_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


@needs(Permission.CLINIC_SETUP)
def piece(request: SignedInRequest, resource_id: UUID) -> HttpResponse:
    """A room or device: what it is, when it is away, and how many visits hold it."""
    thing = _piece(resource_id)
    form = form_of(thing.kind)(request.POST or None, initial=typed_before(thing) | {"seen": work.as_seen(thing)})
    if form.is_valid() and _is_changed(request, thing, form):
        messages.success(request, _("%(name)s was changed.") % {"name": form.cleaned_data["name"]})
        return redirect("appointments:roster")
    now = timezone.now()
    context = {
        "active": "setup",
        "form": form,
        "expected": visits_of(thing, request.user, now=now).count(),
        **whereabouts(request, thing, now),
    }
    return render(request, "appointments/roster_piece.html", context)


def _is_changed(request: SignedInRequest, thing: Resource, form: PieceForm) -> bool:
    typed = form.cleaned_data
    try:
        work.change_piece(
            thing, name=typed["name"], site=typed["site"], offers=form.offers, seen=typed["seen"], by=request.user
        )
    except PieceChanged as refusal:
        form.add_error(None, str(refusal))
        # What was typed stays, and saving it again replaces what the message tells of.
        form.data = request.POST.copy()
        form.data["seen"] = work.as_seen(_piece(thing.pk))
        return False
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


@needs(Permission.CLINIC_SETUP)
def retire(request: SignedInRequest, resource_id: UUID) -> HttpResponse:
    """Says first which visits hold it. They stay."""
    thing = _piece(resource_id)
    if request.method == "POST":
        work.retire(thing, by=request.user)
        messages.success(request, _("%(name)s is offered no more.") % {"name": thing.name})
        return redirect("appointments:roster_piece", resource_id=thing.pk)
    visits = visits_of(thing, request.user, now=timezone.now())
    context = {"active": "setup", "resource": thing, "visits": visits[:SHOWN], "expected": visits.count()}
    return render(request, "appointments/roster_retire.html", context)


@needs(Permission.CLINIC_SETUP)
@require_POST
def bring_back(request: SignedInRequest, resource_id: UUID) -> HttpResponse:
    thing = _piece(resource_id)
    try:
        work.bring_back(thing, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("%(name)s is offered again.") % {"name": thing.name})
    return redirect("appointments:roster")


def _piece(resource_id: UUID) -> Resource:
    things = Resource.objects.filter(kind__in=[ROOM, DEVICE]).select_related("site")
    return get_object_or_404(things, pk=resource_id)

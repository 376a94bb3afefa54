"""Reading the roster: what there is, who works when, what is closed, and what is still missing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from clinic.appointments.actions import roster as work
from clinic.appointments.actions.stranded import on_closing_day, on_closing_days, stranded
from clinic.appointments.models import Absence, Appointment, Closure, Hold, Resource, Shift
from clinic.appointments.rules import readiness
from clinic.appointments.rules.status import Status
from clinic.appointments.web import roster_words as words
from people.models import Clinic, Site, User
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs
from programs.rules.rulebook import rulebook

SHOWN = 50  # visits, absences or closing days on one page
EXPECTED = [Status.BOOKED, Status.CONFIRMED]
Shifts = Mapping[UUID, list[Shift]]


@needs(Permission.CLINIC_SETUP)
def roster(request: SignedInRequest) -> HttpResponse:
    """Everything that free times are worked out from, and what is missing before a visit can be booked."""
    now = timezone.now()
    today = timezone.localdate(now)
    sites = list(Site.objects.order_by("-is_active", "name"))
    pieces = _pieces(now)
    # Whoever left stays here until nobody is booked with them any more.
    clinicians = [it for it in pieces if it.kind == Resource.Kind.CLINICIAN and (it.is_active or it.visits)]
    shifts = _shifts(today)
    closures = _coming_closures(request.user, today, sites)
    context = {
        "active": "setup",
        "has_sites": any(site.is_active for site in sites),
        "places": [_place(site, pieces) for site in sites if site.is_active or _stands_at(site, pieces)],
        "clinicians": [_person(it, shifts.get(it.pk, []), today) for it in clinicians],
        "waiting": len(work.out_of_step()),
        "closures": closures,
        "absences": [(it, _zone(it.resource, shifts.get(it.resource_id, []), request.clinic)) for it in _coming(now)],
        "lacks": [(it.service.name, words.what_is_missing(it)) for it in _lacking(sites, pieces, shifts)],
        "shown": SHOWN,
    }
    return render(request, "appointments/roster.html", context)


def _pieces(now: datetime) -> Sequence[Any]:
    """Everybody and everything, each with the coming visits that hold it: those of a retired one are to be moved."""
    held = Hold.objects.filter(resource=OuterRef("pk"), starts_at__gte=now, appointment__status__in=EXPECTED)
    pieces = Resource.objects.exclude(kind=Resource.Kind.PATIENT).annotate(visits=_count(held))
    return list(pieces.order_by("-is_active", "ordinal", "name"))


def _count(held: QuerySet[Hold]) -> Coalesce:
    counted = held.order_by().values("resource").annotate(visits=Count("pk")).values("visits")
    return Coalesce(Subquery(counted), 0)


def _shifts(today: date) -> Shifts:
    """The hours of every clinician that hold now or later."""
    found: dict[UUID, list[Shift]] = defaultdict(list)
    for shift in Shift.objects.filter(_not_over_on(_monday(today))).select_related("site"):
        found[shift.resource_id].append(shift)
    return found


def _not_over_on(day: date) -> Q:
    return Q(valid_until=None) | Q(valid_until__gte=day)


def _monday(today: date) -> date:
    return today - timedelta(days=today.weekday())


def _stands_at(site: Site, pieces: Sequence[Resource]) -> bool:
    return any(piece.site_id == site.pk for piece in pieces)


def _place(site: Site, pieces: Sequence[Resource]) -> dict[str, object]:
    here = [(piece, words.offered(piece)) for piece in pieces if piece.site_id == site.pk]
    return {
        "site": site,
        "rooms": [it for it in here if it[0].kind == Resource.Kind.ROOM],
        "devices": [it for it in here if it[0].kind == Resource.Kind.DEVICE],
    }


def _person(resource: Resource, shifts: Sequence[Shift], today: date) -> dict[str, object]:
    return {
        "resource": resource,
        "profession": words.offered(resource),
        "week": words.week(shifts, _monday(today)),
        "has_hours": any(shift.valid_until is None or shift.valid_until >= today for shift in shifts),
    }


def _lacking(sites: Sequence[Site], pieces: Sequence[Resource], shifts: Shifts) -> list[readiness.Lack]:
    in_use = {site.pk for site in sites if site.is_active}
    usable = [it for it in pieces if it.site_id is None or it.site_id in in_use]
    working = {
        (profession, shift.site_id)
        for it in usable
        if it.kind == Resource.Kind.CLINICIAN and it.is_active
        for profession in it.offers
        for shift in shifts.get(it.pk, [])
        if shift.site_id in in_use
    }
    return readiness.lacking(rulebook().services.values(), usable, working)


def _coming_closures(user: User, today: date, sites: Sequence[Site]) -> list[tuple[Closure, int]]:
    closures = list(Closure.objects.filter(on__gte=today).select_related("site")[:SHOWN])
    visits = on_closing_days(closures, Appointment.objects.visible_to(user), sites)
    return [(closure, visits[closure.pk]) for closure in closures]


def _coming(now: datetime) -> QuerySet[Absence]:
    return _absences(now).select_related("resource__site").order_by("during")[:SHOWN]


def _absences(now: datetime) -> QuerySet[Absence]:
    """Those that are not over, each with how many coming visits lie in it."""
    held = Hold.objects.filter(
        resource=OuterRef("resource"),
        during__overlap=OuterRef("during"),
        appointment__status__in=EXPECTED,
        appointment__starts_at__gte=now,
    )
    not_over = Q(during__endswith__gt=now) | Q(during__upper_inf=True)
    return Absence.objects.filter(not_over).annotate(visits=_count(held))


@needs(Permission.CLINIC_SETUP)
def clinician(request: SignedInRequest, resource_id: UUID) -> HttpResponse:
    """When somebody works and is away, and the visits that stand outside of it."""
    resource = get_object_or_404(Resource.objects.clinicians().select_related("user"), pk=resource_id)
    now = timezone.now()
    today = timezone.localdate(now)
    shifts = resource.shifts.filter(_not_over_on(today)).select_related("site").order_by("weekday", "starts")
    context = {
        "active": "setup",
        "profession": words.offered(resource),
        "shifts": shifts,
        "today": today,
        **whereabouts(request, resource, now),
    }
    return render(request, "appointments/roster_clinician.html", context)


def whereabouts(request: SignedInRequest, resource: Resource, now: datetime) -> dict[str, object]:
    """When somebody or something is away, on whose clock, and the visits for which it is not there any more."""
    outside = stranded(resource, Appointment.objects.visible_to(request.user), now=now)
    return {
        "resource": resource,
        "absences": _absences(now).filter(resource=resource).order_by("during"),
        "zone": zone_of(resource, request.clinic),
        "visits": outside[:SHOWN],
        "outside": len(outside),
    }


def zone_of(resource: Resource, clinic: Clinic) -> ZoneInfo:
    """Whose clock leave is given by: the site's where there is only one to go by, else the clinic's."""
    today = timezone.localdate()
    return _zone(resource, resource.shifts.filter(_not_over_on(_monday(today))).select_related("site"), clinic)


def _zone(resource: Resource, shifts: Iterable[Shift], clinic: Clinic) -> ZoneInfo:
    if resource.site:
        return resource.site.zone
    zones = {shift.site.zone for shift in shifts}
    return zones.pop() if len(zones) == 1 else clinic.zone


@needs(Permission.CLINIC_SETUP)
def closure(request: SignedInRequest, closure_id: UUID) -> HttpResponse:
    """A closing day, the visits that are still expected on it, and the way to take it back."""
    day = get_object_or_404(Closure.objects.select_related("site"), pk=closure_id)
    visits = on_closing_day(day, Appointment.objects.visible_to(request.user), list(Site.objects.all()))
    context = {
        "active": "setup",
        "closure": day,
        "visits": visits.select_related("patient", "clinician", "site")[:SHOWN],
        "expected": visits.count(),
    }
    return render(request, "appointments/roster_closure.html", context)


def visits_of(resource: Resource, user: User, *, now: datetime) -> QuerySet[Appointment]:
    """The coming visits that hold the room or device."""
    visits = Appointment.objects.visible_to(user).expected().filter(holds__resource=resource, starts_at__gte=now)
    return visits.select_related("patient", "clinician", "site").order_by("starts_at")

"""Visits that stand where the roster no longer has anybody. Looked up, never notified: whatever changed, they show."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from clinic.appointments.actions import hours
from clinic.appointments.models import Appointment, Closure, Resource
from clinic.appointments.models.appointment import AppointmentQuerySet
from clinic.appointments.rules import local_time, needs
from clinic.appointments.rules.slots import Span
from people.models import Site


def stranded(resource: Resource, among: AppointmentQuerySet, *, now: datetime) -> list[Appointment]:
    """The coming visits that hold somebody or something that is not there for them any more, soonest first."""
    held = among.expected().filter(holds__resource=resource, starts_at__gte=now)
    visits = list(held.select_related("patient", "clinician", "site").order_by("starts_at"))
    if not visits:
        return []
    days = [visit.local_start.date() for visit in visits]
    roster = hours.hours([resource.pk], first=min(days), last=max(days))
    return [visit for visit in visits if not _is_there(resource, visit, roster)]


def _is_there(resource: Resource, visit: Appointment, roster: hours.Hours) -> bool:
    span = Span.of(visit.starts_at, visit.ends_at)
    service = visit.service
    asked = service.professions.union(service.room_kinds, *service.devices)
    if not resource.is_active or roster.is_away(resource.pk, span) or not needs.serves(resource, asked):
        return False
    if resource.kind == Resource.Kind.CLINICIAN:
        return roster.is_working(resource.pk, visit.site_id, span)
    return resource.site_id == visit.site_id


def on_closing_day(closure: Closure, among: AppointmentQuerySet, sites: Collection[Site]) -> AppointmentQuerySet:
    """The visits still expected on the closing day, by the calendar of each site."""
    return among.expected().filter(_on(closure, sites)).order_by("starts_at")


def on_closing_days(
    closures: Collection[Closure], among: AppointmentQuerySet, sites: Collection[Site]
) -> Mapping[UUID, int]:
    """How many visits are still expected on each closing day. One query, however many days."""
    if not closures:
        return {}
    zones = {site.pk: site.zone for site in sites}
    found = among.expected().filter(reduce(or_, (_on(closure, sites) for closure in closures)))
    days = [
        (site_id, timezone.localtime(starts_at, zones[site_id]).date())
        for site_id, starts_at in found.values_list("site_id", "starts_at")
    ]
    return {
        closure.pk: sum(day == closure.on and closure.site_id in {None, site_id} for site_id, day in days)
        for closure in closures
    }


def _on(closure: Closure, sites: Collection[Site]) -> Q:
    """That start on the closing day of a site that it closes. Matches nothing where there is no site."""
    days = Q(pk__in=[])
    for site in sites:
        if closure.site_id in {None, site.pk}:
            begins, ends = local_time.day_bounds(closure.on, site.zone)
            days |= Q(site=site, starts_at__gte=begins, starts_at__lt=ends)
    return days

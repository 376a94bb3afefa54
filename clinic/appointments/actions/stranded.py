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
from clinic.appointments.rules import local_time
from clinic.appointments.rules.slots import Span
from people.models import Site


def stranded(among: AppointmentQuerySet, *, now: datetime) -> list[Appointment]:
    """Those coming visits whose clinician does not work then, or that hold something that is away or out of use."""
    visits = list(
        among.expected()
        .filter(starts_at__gte=now)
        .select_related("patient", "clinician", "site")
        .prefetch_related("holds__resource")
        .order_by("starts_at")
    )
    if not visits:
        return []
    days = [timezone.localtime(visit.starts_at, visit.site.zone).date() for visit in visits]
    held = {hold.resource_id for visit in visits for hold in visit.holds.all()}
    roster = hours.hours(held, first=min(days), last=max(days))
    return [visit for visit in visits if not _stands(visit, roster)]


def _stands(visit: Appointment, roster: hours.Hours) -> bool:
    span = Span.of(visit.starts_at, visit.ends_at)
    if not roster.is_working(visit.clinician_id, visit.site_id, span):
        return False
    things = [hold.resource for hold in visit.holds.all() if hold.resource.kind != Resource.Kind.PATIENT]
    return all(thing.is_active and not roster.is_away(thing.pk, span) for thing in things)


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

"""Visits that stand where the roster no longer has anybody. Looked up, never notified: whatever changed, they show.

Leave, a closing day, other hours, a room that was retired, a profession taken away from a service, a service that
takes longer now, another time zone of the site: none of these touches a visit, and each of them shows here.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Prefetch, Q
from django.utils import timezone

from clinic.appointments.actions import hours
from clinic.appointments.models import Appointment, Closure, GroupSession, Hold, Resource
from clinic.appointments.models.appointment import AppointmentQuerySet
from clinic.appointments.models.group import GroupSessionQuerySet
from clinic.appointments.rules import local_time, needs
from clinic.appointments.rules.slots import Span
from clinic.appointments.rules.why_outside import Why
from people.models import Site
from programs.actions import offering
from programs.rules.services import Service


def stranded(resource: Resource, among: AppointmentQuerySet, *, now: datetime) -> list[Appointment]:
    """The coming visits that hold somebody or something that is not there for them any more, soonest first."""
    held = among.expected().filter(holds__resource=resource, starts_at__gte=now)
    visits = list(held.select_related("patient", "clinician", "site").order_by("starts_at"))
    if not visits:
        return []
    roster = _roster([resource.pk], visits)
    services = offering.current()
    return [visit for visit in visits if _why_not(resource, visit, roster, services[visit.service_code])]


@dataclass(frozen=True, slots=True)
class Outside:
    """A visit or a class that does not fit the roster or its service any more, and what is the matter."""

    it: Appointment | GroupSession
    resource: Resource
    why: Why


def outside(visits: AppointmentQuerySet, classes: GroupSessionQuerySet, *, now: datetime) -> list[Outside]:
    """Everything to come that does not fit any more, soonest first, each once. Six queries, however much it is."""
    held = Prefetch("holds", Hold.objects.select_related("resource"))
    coming = visits.expected().filter(starts_at__gte=now).select_related("patient", "clinician", "site")
    meeting = classes.standing().filter(starts_at__gte=now).select_related("clinician", "site")
    both: list[Appointment | GroupSession] = [*coming.prefetch_related(held), *meeting.prefetch_related(held)]
    if not both:
        return []
    roster = _roster({hold.resource_id for it in both for hold in it.holds.all()}, both)
    services = offering.current()
    judged = ((it, _first_wrong(it, roster, services[it.service_code])) for it in both)
    found = [Outside(it, *wrong) for it, wrong in judged if wrong]
    return sorted(found, key=lambda each: each.it.starts_at)


def _roster(ids: Collection[UUID], both: Iterable[Appointment | GroupSession]) -> hours.Hours:
    days = [it.local_start.date() for it in both]
    return hours.hours(ids, first=min(days), last=max(days))


def _first_wrong(it: Appointment | GroupSession, roster: hours.Hours, service: Service) -> tuple[Resource, Why] | None:
    held = [hold.resource for hold in it.holds.all() if hold.resource.kind != Resource.Kind.PATIENT]
    for resource in held:
        if why := _why_not(resource, it, roster, service):
            return resource, why
    # A patient in a class holds nothing but herself: the class says what is wrong with it.
    is_short = (it.ends_at - it.starts_at).total_seconds() < service.minutes * 60
    return (it.clinician, Why.SHORT) if held and is_short else None


def _why_not(resource: Resource, it: Appointment | GroupSession, roster: hours.Hours, service: Service) -> Why | None:
    """Why somebody or something is not there for it any more; None if they are."""
    span = Span.of(it.starts_at, it.ends_at)
    is_person = resource.kind == Resource.Kind.CLINICIAN
    if not resource.is_active:
        return Why.RETIRED
    if roster.is_away(resource.pk, span):
        return Why.AWAY
    if not needs.serves(resource, service.professions.union(service.room_kinds, *service.devices)):
        return Why.UNFIT
    if is_person and not roster.is_working(resource.pk, it.site_id, span):
        return Why.OFF
    return Why.ELSEWHERE if not is_person and resource.site_id != it.site_id else None


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

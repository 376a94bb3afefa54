"""The limits that the clinic has set, and how full its clinicians' days are. Reads only."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import models
from django.db.models import Count, F, Func
from django.db.models.functions import Coalesce

from clinic.appointments.models import Appointment, BookingPolicy
from clinic.appointments.rules.limits import Door, Limits
from clinic.appointments.rules.status import Status
from programs.rules.services import Service

Day = tuple[UUID, UUID, date]  # clinician, site, and a date of the site's calendar


def current(door: Door) -> Limits:
    """What holds at this door. One query."""
    return under(BookingPolicy.current(), door)


def under(policy: BookingPolicy, door: Door) -> Limits:
    """What would hold at this door under these rules, saved or not."""
    notice = timedelta(hours=policy.portal_notice_hours)
    if door == Door.DESK:
        notice = timedelta(minutes=policy.desk_notice_minutes)
    return Limits(door=door, notice=notice, horizon=timedelta(days=policy.horizon_days), daily=policy.daily_limit)


@dataclass(frozen=True, slots=True)
class Loads:
    """How many visits clinicians have on days that have any, and how many of these are of one service."""

    visits: Counter[Day]
    of_service: Counter[tuple[Day, str]]

    def is_full(self, limits: Limits, service: Service, day: Day) -> bool:
        return limits.is_full(service, visits=self.visits[day], of_this_service=self.of_service[day, service.code])

    def add(self, service: Service, day: Day) -> None:
        self.visits[day] += 1
        self.of_service[day, service.code] += 1


def loads(
    clinician_ids: Collection[UUID], begins: datetime, ends: datetime, *, without: Collection[UUID] = ()
) -> Loads:
    """The visits that stand between the two moments, but for those `without`. A class counts once. One query."""
    visits = Appointment.objects.exclude(status__in=[Status.CANCELLED, Status.MISSED]).exclude(pk__in=without)
    local = Func(F("site__time_zone"), F("starts_at"), function="timezone", output_field=models.DateTimeField())
    rows = (
        visits.filter(clinician__in=clinician_ids, starts_at__gte=begins, starts_at__lt=ends)
        .annotate(local_day=Func(local, function="date", output_field=models.DateField()))
        .order_by()
        .values_list("clinician_id", "site_id", "local_day", "service_code")
        .annotate(count=Count(Coalesce("group_id", "id"), distinct=True))
    )
    found = Loads(Counter(), Counter())
    for clinician, site, day, code, count in rows:
        found.visits[clinician, site, day] += count
        found.of_service[(clinician, site, day), code] += count
    return found

"""When a class could meet: what the clinic asks of it, whoever sets it up."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Q
from django.utils import formats, timezone

from clinic.appointments.actions import hours
from clinic.appointments.models import BookingPolicy, GroupSession, Hold, Resource
from clinic.appointments.rules import local_time, needs, slots
from clinic.appointments.rules.class_refusals import ClassOutsideHours, ClassTimeTaken, NotAClass
from clinic.appointments.rules.refusals import InThePast, NotOffered, OffTheGrid, TooFarAhead, Unfit
from clinic.appointments.rules.slots import Span
from people.models import Site
from programs.rules.services import Service

Kind = Resource.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """When and where a class meets. `resources` are one clinician, one room and the service's devices."""

    service: Service
    site: Site
    starts_at: datetime
    resources: Collection[Resource]

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.service.minutes)

    @property
    def clinician(self) -> Resource:
        return next(piece for piece in self.resources if piece.kind == Kind.CLINICIAN)

    @property
    def day(self) -> str:
        return formats.date_format(timezone.localtime(self.starts_at, self.site.zone), "l j F")

    def during(self, piece: Resource) -> tuple[datetime, datetime]:
        """How long it holds the piece, with what is prepared before and cleaned after."""
        before, after = self.service.margins(piece.kind)
        return self.starts_at - timedelta(minutes=before), self.ends_at + timedelta(minutes=after)


def weekly(starts_at: datetime, site: Site, weeks: int) -> list[datetime]:
    """The same time of the site's clock, however its clocks change."""
    local = timezone.localtime(starts_at, site.zone)
    days = [local.date() + timedelta(weeks=ahead) for ahead in range(weeks)]
    # The first as it was asked for: of an hour that happens twice it may be the second.
    return [starts_at, *(local_time.instant(day, local.time(), site.zone) for day in days[1:])]


def may_meet(meetings: Sequence[Meeting], *, now: datetime, but: GroupSession | None = None) -> None:
    """Refuse what no clinic would set up. As many queries for a series as for one."""
    service = meetings[0].service
    if not service.is_class:
        raise NotAClass
    if not service.is_enabled:
        raise NotOffered
    horizon = now + timedelta(days=BookingPolicy.current().horizon_days)
    for each in meetings:
        if each.starts_at < now:
            raise InThePast
        if each.starts_at > horizon:
            raise TooFarAhead
        if not slots.is_on_grid(each.starts_at):
            raise OffTheGrid
        if not needs.fits(service, each.resources, site_id=each.site.pk):
            raise Unfit
    _hours(meetings)
    _free(meetings, but, now=now)


def _hours(meetings: Sequence[Meeting]) -> None:
    days = [timezone.localtime(each.starts_at, each.site.zone).date() for each in meetings]
    ids = [piece.pk for piece in meetings[0].resources]
    roster = hours.hours(ids, first=min(days), last=max(days) + timedelta(days=1))
    for each in meetings:
        for piece in each.resources:
            span = Span.of(*each.during(piece))
            is_person = piece.kind == Kind.CLINICIAN
            if (is_person and not roster.is_working(piece.pk, each.site.pk, span)) or roster.is_away(piece.pk, span):
                raise ClassOutsideHours(each.day)


def _free(meetings: Sequence[Meeting], but: GroupSession | None, *, now: datetime) -> None:
    """Says early, and with the day, what the database would refuse in the end."""
    wanted = reduce(
        or_, (Q(resource=piece, during__overlap=each.during(piece)) for each in meetings for piece in each.resources)
    )
    others = Hold.objects.filter(wanted).exclude(reservation__expires_at__lte=now)
    if but:
        others = others.exclude(group=but)
    if taken := others.order_by("starts_at").first():
        nearest = min(meetings, key=lambda each: abs(each.starts_at - taken.starts_at))
        raise ClassTimeTaken(nearest.day)

"""What resources keep besides visits: classes, and times for somebody who is still on the phone."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import DateTimeField, Func, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from clinic.appointments.models import Hold, Resource, Shift
from clinic.appointments.rules import local_time
from clinic.appointments.rules.slots import Span
from clinic.desk import cards
from clinic.desk.cards import Class
from clinic.desk.reading import Seen
from people.models import Site


@dataclass(frozen=True, slots=True)
class Kept:
    """A class, or a time kept for a caller `until` some moment."""

    span: Span
    group: Class | None
    until: datetime | None


def resources(site: Site, day: date, busy: Collection[UUID]) -> list[Resource]:
    """Who works at the site at all or is `busy` there, its rooms and devices, and what else they keep. One query."""
    begins, ends = local_time.day_bounds(day, site.zone)
    at_work = Shift.objects.filter(site=site).values("resource_id")
    here = Q(pk__in=list(busy)) | Q(is_active=True) & (Q(site=site) | Q(pk__in=at_work))
    every = with_others(Resource.objects.filter(here).exclude(kind=Resource.Kind.PATIENT), site, begins, ends)
    return list(every.order_by("ordinal", "name"))


def with_others(found: QuerySet[Resource], site: Site, begins: datetime, ends: datetime) -> QuerySet[Resource]:
    """With what each keeps at the site that is no visit."""
    others = Hold.objects.filter(Q(group=None) | Q(group__site=site), resource=OuterRef("pk"), appointment=None)
    told = JSONObject(
        starts_at="starts_at",
        ends_at=Func("during", function="upper", output_field=DateTimeField()),
        until="reservation__expires_at",
        group="group__pk",
        name="group__name",
        service_code="group__service_code",
        class_starts_at="group__starts_at",
        class_ends_at="group__ends_at",
        places="group__places",
    )
    of_the_time = others.filter(starts_at__gte=begins, starts_at__lt=ends).values(json=told)
    return found.annotate(kept=ArraySubquery(of_the_time))


def of(resource: Resource) -> list[Kept]:
    """What one of `resources` keeps."""
    return [_kept(told) for told in getattr(resource, "kept", ())]


def classes(kept: Mapping[UUID, Sequence[Kept]], visits: Iterable[Seen]) -> list[Class]:
    """Every class of the day once, with its seats."""
    seats: dict[UUID, list[Seen]] = defaultdict(list)
    for visit in visits:
        if visit.group_id and visit.is_standing:
            seats[visit.group_id].append(visit)
    found = {it.group.pk: it.group for every in kept.values() for it in every if it.group}
    return [replace(it, seats=seats[it.pk]) for it in found.values()]


def held_by_class(kept: Mapping[UUID, Sequence[Kept]]) -> Mapping[UUID, list[UUID]]:
    """The resources that each class keeps."""
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for resource, every in kept.items():
        for it in every:
            if it.group:
                found[it.group.pk].append(resource)
    return found


def meeting(kept: Mapping[UUID, Sequence[Kept]], among: Iterable[Class]) -> Mapping[UUID, list[Class]]:
    """The classes that each resource is kept for."""
    known = {it.pk: it for it in among}
    return {
        resource: [known[it.group.pk] for it in every if it.group and it.group.pk in known]
        for resource, every in kept.items()
    }


def _kept(told: Mapping[str, str]) -> Kept:
    """From what PostgreSQL wrote: times in JSON are ISO 8601."""
    if not told["group"]:
        until = datetime.fromisoformat(told["until"]) if told["until"] else None
        span = Span.of(datetime.fromisoformat(told["starts_at"]), datetime.fromisoformat(told["ends_at"]))
        return Kept(span, None, until)
    group = Class(
        pk=UUID(told["group"]),
        name=told["name"],
        service_code=told["service_code"],
        starts_at=datetime.fromisoformat(told["class_starts_at"]),
        ends_at=datetime.fromisoformat(told["class_ends_at"]),
        places=int(told["places"]),
    )
    return Kept(cards.span(group), group, None)

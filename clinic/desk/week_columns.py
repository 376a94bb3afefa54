"""The week of one person, room or device: a column for each day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.utils import formats

from clinic.appointments.actions import hours
from clinic.appointments.models import Resource
from clinic.appointments.rules import local_time, slots
from clinic.appointments.rules.slots import Span
from clinic.desk import cards, columns, kept, reading
from clinic.desk.cards import Class, Wording
from clinic.desk.columns import Column, Frame
from clinic.desk.reading import Seen
from people.models import Site, User

Item = Seen | Class


@dataclass(frozen=True, slots=True)
class WeekGrid:
    """Seven columns. `frame` is Monday's; every day is drawn from the same hour of the wall clock."""

    frame: Frame
    columns: list[Column]


def grid(user: User, site: Site, resource: Resource, days: list[date], *, now: datetime, hide_names: bool) -> WeekGrid:
    """What one person, room or device does in these days. Three queries."""
    begins, ends = local_time.day_bounds(days[0], site.zone)[0], local_time.day_bounds(days[-1], site.zone)[1]
    visits = reading.visits_holding(user, site, resource, begins=begins, ends=ends, hide_names=hide_names)
    other = kept.of(kept.with_others(Resource.objects.filter(pk=resource.pk), site, begins, ends).get())
    classes = kept.classes({resource.pk: other}, visits)
    roster = hours.hours([resource.pk], first=days[0], last=days[-1])
    items: list[Item] = sorted([*visits, *classes], key=lambda it: it.starts_at)
    zeros = [_zero(day, site) for day in days]
    spans = [cards.span(it) for it in items] + roster.working.get((resource.pk, site.pk), [])
    first, last = _outermost(spans, zeros)
    frames = [Frame(site, Span(zero + first, zero + last)) for zero in zeros]
    return WeekGrid(
        frames[0],
        [_column(day, frame, resource, items, roster, now) for day, frame in zip(days, frames, strict=True)],
    )


def _zero(day: date, site: Site) -> int:
    # Counted back from the opening hour: on the day on which clocks change, midnight is an hour off.
    return slots.minute_of(local_time.instant(day, time(columns.OPENS), site.zone)) - columns.OPENS * 60


def _outermost(spans: Sequence[Span], zeros: Sequence[int]) -> tuple[int, int]:
    """The first full hour and the last of any of the days, in minutes after midnight."""
    first, last = columns.OPENS * 60, columns.CLOSES * 60
    for span in spans:
        zero = max((zero for zero in zeros if zero <= span.starts), default=zeros[0])
        first, last = min(first, span.starts - zero), max(last, span.ends - zero)
    return max(0, first // 60 * 60), min(24 * 60, -(-last // 60) * 60)


def _column(
    day: date, frame: Frame, resource: Resource, items: Sequence[Item], roster: hours.Hours, now: datetime
) -> Column:
    say = Wording(frame, now=now, people={}, may_move=False)
    today = [it for it in items if frame.span.starts <= cards.span(it).starts < frame.span.ends]
    spans = [cards.span(it) for it in today]
    is_person = resource.kind == Resource.Kind.CLINICIAN
    working = [span for span in roster.working.get((resource.pk, frame.site.pk), []) if span.overlaps(frame.span)]
    return Column(
        key=day.isoformat(),
        title=formats.date_format(day, "D j M"),
        subtitle="",
        is_person=is_person,
        blocks=columns.blocks(frame, is_person=is_person, working=working, away=roster.away.get(resource.pk, [])),
        cards=[
            say.of_class(it, frame.place(during), lane)
            if isinstance(it, Class)
            else say.visit(it, frame.place(during), lane, with_clinician=False)
            for it, during, lane in zip(today, spans, columns.side_by_side(spans), strict=True)
        ],
    )

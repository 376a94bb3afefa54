"""A visit or a class in the words of its card. Everything is said here once, so that the page only prints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.urls import NoReverseMatch, reverse
from django.utils import formats
from django.utils.translation import gettext as _

from clinic.appointments.rules.slots import Span
from clinic.appointments.rules.status import MAY_BE_MOVED, STEPS, Status, is_step_back
from clinic.appointments.templatetags.visits import status_css, status_icon
from clinic.appointments.web import words
from clinic.desk.columns import Card, Frame
from clinic.desk.reading import Seen
from programs.rules.rulebook import rulebook

LATE = timedelta(minutes=5)
STILL_AWAITED = timedelta(minutes=30)  # after the end of the visit; later the desk says that they did not come
HERE = frozenset({Status.ARRIVED, Status.IN_ROOM, Status.DONE})
_SAMPLE = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """A meeting of a class, with the seats that were given."""

    pk: UUID
    name: str
    service_code: str
    starts_at: datetime
    ends_at: datetime
    places: int
    seats: Sequence[Seen] = ()

    @property
    def here(self) -> int:
        return sum(seat.status in HERE for seat in self.seats)

    @property
    def is_over(self) -> bool:
        return bool(self.seats) and all(seat.status in {Status.DONE, Status.MISSED} for seat in self.seats)

    @property
    def status(self) -> Status:
        if self.is_over:
            return Status.DONE
        if any(seat.status == Status.IN_ROOM for seat in self.seats):
            return Status.IN_ROOM
        return Status.ARRIVED if self.here else Status.CONFIRMED

    @property
    def attendance(self) -> str:
        numbers = {"here": self.here, "n": len(self.seats)}
        return _("%(here)s of %(n)s came") % numbers if self.is_over else _("%(here)s of %(n)s here") % numbers


class Wording:
    """What is the same for every card of one page: the moment, the clock, the labels and the addresses."""

    def __init__(self, frame: Frame, *, now: datetime, people: Mapping[UUID, str], may_move: bool) -> None:
        self.frame, self.now, self.people, self.may_move = frame, now, people, may_move
        self.labels = {status: str(status.label) for status in Status}
        # Translated once, not once a card.
        self.check = _("Clinician check needed")
        self.by_phone = _("Says so by phone")
        self.new, self.walk_in, self.overbooked = _("New"), _("Walk-in"), _("Overbooked")
        self.form_done, self.no_form, self.no_next = _("Form done"), _("Form not filled in"), _("No next visit yet")
        self.services = {code: service.name for code, service in rulebook().services.items()}
        self.steps_of = {status: _forward(status) for status in Status}
        # Reversed once: 320 reversals cost more than the query.
        self.visit_url = reverse("appointments:visit", args=[_SAMPLE])
        self.status_url = reverse("appointments:status", args=[_SAMPLE])
        self.move_url = reverse("appointments:move", args=[_SAMPLE])
        self.book_url = reverse("appointments:book")
        self.drop_url = reverse("desk:drop", args=[_SAMPLE])
        try:
            self.class_url = reverse("appointments:group", args=[_SAMPLE])
        except NoReverseMatch:
            self.class_url = ""

    def url(self, visit: Seen) -> str:
        return self.visit_url.replace(str(_SAMPLE), str(visit.pk))

    def step_url(self, visit: Seen) -> str:
        return self.status_url.replace(str(_SAMPLE), str(visit.pk))

    def steps(self, visit: Seen) -> list[tuple[Status, str]]:
        """What may happen next; the first is the likeliest. Nobody misses a visit that has not begun, nor confirms
        one that has."""
        idle = Status.CONFIRMED if self.now >= visit.starts_at else Status.MISSED
        return [(step, said) for step, said in self.steps_of[Status(visit.status)] if step != idle]

    def visit(self, it: Seen, place: tuple[int, int], lane: tuple[int, int], *, with_clinician: bool) -> Card:
        said = self.what(it)
        return Card(
            pk=it.pk,
            row=place[0],
            length=place[1],
            url=self.url(it),
            css=status_css(it.status),
            icon=status_icon(it.status),
            status=self.labels[Status(it.status)],
            clock=self.frame.clock(it.starts_at),
            name=it.patient.list_name,
            what=f"{said}, {self.people.get(it.clinician_id, '')}" if with_clinician else said,
            state=self.state(it),
            check=self.check if it.needs_clinician_check else "",
            marks=self.marks(it),
            may_move=self.may_move and it.status in MAY_BE_MOVED and it.group_id is None,
            lane=lane[0],
            lanes=lane[1],
        )

    def of_class(self, it: Class, place: tuple[int, int], lane: tuple[int, int]) -> Card:
        return Card(
            pk=it.pk,
            row=place[0],
            length=place[1],
            url=self.class_url.replace(str(_SAMPLE), str(it.pk)),
            css=status_css(it.status),
            icon=status_icon(it.status),
            status=self.labels[it.status],
            clock=self.frame.clock(it.starts_at),
            name=it.name,
            what=self.services[it.service_code],
            state=it.attendance if it.seats else _("Nobody yet, %(n)s places") % {"n": it.places},
            lane=lane[0],
            lanes=lane[1],
        )

    def marks(self, it: Seen) -> list[str]:
        marks = []
        if it.by_phone:
            marks.append(self.by_phone)
        if it.is_overbooked:
            marks.append(self.overbooked)
        if it.is_walk_in:
            marks.append(self.walk_in)
        elif it.is_new and it.status in {Status.BOOKED, Status.CONFIRMED, Status.ARRIVED}:
            marks.append(self.new)
        return marks

    def what(self, visit: Seen) -> str:
        """The service, and which one of the plan's course it is: "Shockwave 3 of 5"."""
        service = self.services[visit.service_code]
        if visit.nth is None:
            return service
        return _("%(service)s %(n)s of %(length)s") % {"service": service, "n": visit.nth, "length": visit.of}

    def state(self, it: Seen) -> str:
        """What is worth knowing about it now, beyond the colour: minutes, what is missing, what comes next."""
        match it.status:
            case Status.ARRIVED:
                return _("Waiting %(n)s min") % {"n": minutes_since(it.arrived_at or self.now, self.now)}
            case Status.IN_ROOM if it.in_room_at:
                return _("In room %(n)s min") % {"n": minutes_since(it.in_room_at, self.now)}
            case Status.DONE if it.next_at:
                local = it.next_at.astimezone(self.frame.site.zone)
                return _("Next: %(day)s") % {"day": formats.date_format(local, "j M")}
            case Status.DONE:
                return self.no_next
            case Status.BOOKED | Status.CONFIRMED:
                return self._still_to_come(it)
        return self.labels[Status(it.status)]

    def _still_to_come(self, it: Seen) -> str:
        if it.arrived_at:
            return _("Here %(n)s min, waits for a clinician") % {"n": minutes_since(it.arrived_at, self.now)}
        if it.expected_at:
            return _("Late, expected %(clock)s") % {"clock": self.frame.clock(it.expected_at)}
        if it.starts_at + LATE <= self.now < it.ends_at + STILL_AWAITED:
            return _("Late %(n)s min") % {"n": minutes_since(it.starts_at, self.now)}
        if it.is_new:
            return self.form_done if it.has_form else self.no_form
        return self.labels[Status(it.status)]


def _forward(status: Status) -> list[tuple[Status, str]]:
    """The steps that usually follow, with what the button says."""
    return [(step, str(words.STEPS[step])) for step in STEPS[status] if not is_step_back(status, step)]


def span(it: Seen | Class) -> Span:
    return Span.of(it.starts_at, it.ends_at)


def minutes_since(moment: datetime, now: datetime) -> int:
    return max(0, int((now - moment) / timedelta(minutes=1)))

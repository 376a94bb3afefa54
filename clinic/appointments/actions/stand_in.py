"""A clinician has fallen ill: where each of the day's patients could go. Reads only; `booking.move_all` does it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils import formats
from django.utils.translation import gettext as _

from clinic.appointments.actions import as_booked, limits, taken
from clinic.appointments.actions.availability import Offer
from clinic.appointments.actions.open_starts import OpenStarts, Person, Question
from clinic.appointments.models import Appointment, Resource
from clinic.appointments.rules import slots, standing_in
from clinic.appointments.rules.limits import Door
from clinic.appointments.rules.slots import Span
from clinic.appointments.rules.standing_in import Instead, Promised
from programs.actions import offering
from programs.rules.services import Service

LOOK_AHEAD_DAYS = 7  # who waits longer is called, and books anew


@dataclass(frozen=True, slots=True)
class Line:
    """A visit and where it could go; `offer` is None where nothing was found. `words` say why."""

    visit: Appointment
    offer: Offer | None
    words: str


def proposal(visits: Sequence[Appointment], *, now: datetime) -> list[Line]:
    """For each of the visits the time closest to what was promised, as if all of them moved together.

    Nothing is offered twice. As many queries for ten visits of a kind and a length as for one.
    """
    if not visits:
        return []
    services, allowed = offering.current(), limits.current(Door.DESK)
    first = min(visit.local_start.date() for visit in visits)
    wanted = {visit.pk: as_booked.service_of(visit, services) for visit in visits}
    books = {}
    for service in wanted.values():
        if _kind(service) in books:
            continue
        asked = Question(
            service=service,
            patient=None,
            first=first,
            days=LOOK_AHEAD_DAYS,
            now=now,
            limits=allowed,
            freeing=visits,
        )
        books[_kind(service)] = _Book(OpenStarts(asked))
    pencil = _Pencil(_busy_patients(visits, now), _known(visits))
    lines = {visit.pk: pencil.line(visit, books[_kind(wanted[visit.pk])]) for visit in _soonest_first(visits)}
    return [lines[visit.pk] for visit in visits]


def _kind(service: Service) -> tuple[str, int, frozenset[str]]:
    """What can be looked up together."""
    return service.code, service.minutes, service.professions


def _soonest_first(visits: Collection[Appointment]) -> list[Appointment]:
    return sorted(visits, key=lambda visit: (visit.starts_at, str(visit.pk)))


class _Book:
    """Every free start of one kind of visit, with whom."""

    def __init__(self, starts: OpenStarts) -> None:
        self.starts = starts
        self.places: list[tuple[int, Person, Instead]] = []
        for person in starts.people:
            for minute in starts.grid.starts(person.bits):
                local = slots.moment_of(minute).astimezone(person.site.zone)
                self.places.append((minute, person, Instead(local, person.clinician.pk)))

    @property
    def service(self) -> Service:
        return self.starts.asked.service

    def nearest(self, promised: Promised) -> Iterator[tuple[int, Person, Instead]]:
        helpful = [place for place in self.places if standing_in.serves(place[2], promised)]
        yield from sorted(helpful, key=lambda place: standing_in.distance(place[2], promised))

    def ways(self, minute: int, person: Person) -> Iterator[tuple[Resource, ...]]:
        """The clinician with each room that would do."""
        devices = self.starts.devices_at(person.site, minute)
        for room in self.starts.rooms_at(person.site, minute):
            yield (person.clinician, room, *devices)


class _Pencil:
    """What has been proposed so far, so that nothing is proposed twice."""

    def __init__(self, busy: Mapping[UUID, list[Span]], known: Mapping[UUID, set[UUID]]) -> None:
        self.taken: dict[UUID, list[Span]] = defaultdict(list)  # by resource, and by patient
        self.busy, self.known = busy, known

    def line(self, visit: Appointment, book: _Book) -> Line:
        last_day: date | None = visit.session.due_until if visit.session else None
        promised = Promised(visit.local_start, visit.clinician_id, self.known.get(visit.patient_id, set()), last_day)
        for minute, person, instead in book.nearest(promised):
            for pieces in book.ways(minute, person):
                if not self._is_free(visit, book.service, minute, pieces):
                    continue
                offer = self._pencil_in(visit, book.service, minute, person, pieces)
                words = explained(instead, promised, name=person.clinician.name)
                return Line(visit, offer, words)
        return Line(visit, None, _("Nothing is free in the next %(n)s days: call them.") % {"n": LOOK_AHEAD_DAYS})

    def _is_free(self, visit: Appointment, service: Service, minute: int, pieces: Collection[Resource]) -> bool:
        whole = Span(minute, minute + service.minutes)
        elsewhere = [*self.busy.get(visit.patient_id, ()), *self.taken[visit.patient_id]]
        if any(whole.overlaps(other) for other in elsewhere):
            return False
        return not any(
            _kept(service, minute, piece).overlaps(other) for piece in pieces for other in self.taken[piece.pk]
        )

    def _pencil_in(
        self, visit: Appointment, service: Service, minute: int, person: Person, pieces: tuple[Resource, ...]
    ) -> Offer:
        for piece in pieces:
            self.taken[piece.pk].append(_kept(service, minute, piece))
        self.taken[visit.patient_id].append(Span(minute, minute + service.minutes))
        return Offer(
            starts_at=slots.moment_of(minute),
            ends_at=slots.moment_of(minute + service.minutes),
            site=person.site,
            clinician=person.clinician,
            room=pieces[1],
            devices=pieces[2:],
        )


def _kept(service: Service, minute: int, piece: Resource) -> Span:
    before, after = service.margins(piece.kind)
    return Span(minute - before, minute + service.minutes + after)


def _busy_patients(visits: Collection[Appointment], now: datetime) -> Mapping[UUID, list[Span]]:
    """When these patients are somewhere else, by patient. Two queries."""
    rows = Resource.objects.filter(patient__in=[visit.patient_id for visit in visits])
    holders = dict(rows.values_list("pk", "patient_id"))
    begins = min(visit.starts_at for visit in visits) - timedelta(days=1)
    ends = begins + timedelta(days=LOOK_AHEAD_DAYS + 3)
    spans = taken.spans(list(holders), begins=begins, ends=ends, now=now, freeing=visits)
    return {patient_id: [Span(*span) for span in spans.get(pk, ())] for pk, patient_id in holders.items() if patient_id}


def _known(visits: Collection[Appointment]) -> Mapping[UUID, set[UUID]]:
    """The clinicians that each patient has had visits with. One query."""
    found: dict[UUID, set[UUID]] = defaultdict(set)
    seen = Appointment.objects.standing().filter(patient__in=[visit.patient_id for visit in visits])
    for patient_id, clinician_id in seen.order_by().values_list("patient_id", "clinician_id").distinct():
        found[patient_id].add(clinician_id)
    return found


def explained(it: Instead, promised: Promised, *, name: str) -> str:
    """Why this one: "Same time, with Mei Tanaka, who knows them." """
    if it.local_start == promised.local_start:
        when = _("Same time")
    elif it.local_start.date() == promised.local_start.date():
        when = _("Same day at %(time)s") % {"time": f"{it.local_start:%H:%M}"}
    else:
        when = formats.date_format(it.local_start, "l j F, H:i")
    said = [_("%(when)s, with %(name)s") % {"when": when, "name": name}]
    if it.clinician_id == promised.clinician_id:
        said.append(_("as before"))
    elif it.clinician_id in promised.known:
        said.append(_("who knows them"))
    if promised.last_day and it.local_start.date() > promised.last_day:
        said.append(_("after the plan's last day"))
    return ", ".join(said)

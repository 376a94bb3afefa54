"""What the booking panel shows: who, what, when, what was checked and what to say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.db.models import QuerySet
from django.utils import timezone

from clinic.appointments.actions import squeezing
from clinic.appointments.actions.seats import FreeSeats, free_seats
from clinic.appointments.models import Appointment, BookingPolicy, VisitPreference
from clinic.appointments.rules import local_time, saying
from clinic.appointments.web import choices, keeping, panel_words, times
from clinic.appointments.web.choices import Choice, Visits
from patients.models import Patient, RedFlag
from people.models import User
from people.rules.permissions import Permission
from programs.actions import offering
from programs.actions.safety import held_modalities
from programs.models import PlannedSession
from programs.rules.services import Service

MOST_DUE = 5  # sessions
MOST_COMING = 2  # visits
CLASS_DAYS, MOST_CLASSES = 28, 6
REPEATS = 3  # of the last visits, bookable again with one click
FIRST_VISIT, NEXT_VISIT = "first_assessment", "review"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What has been chosen so far."""

    patient: Patient
    service: Service
    services: Mapping[str, Service]
    session: PlannedSession | None
    due: list[PlannedSession]
    visits: Visits
    when: times.Filters
    request_key: UUID
    now: datetime

    def address(self, **changes: Any) -> str:
        """The same page with something else chosen."""
        chosen = {
            "patient": self.patient.pk,
            "service": self.service.code,
            "session": self.session.pk if self.session else "",
            **self.when.as_query(),
        }
        return "?" + urlencode({key: value for key, value in (chosen | changes).items() if value})

    @property
    def is_due_next(self) -> bool:
        return bool(self.due) and self.session == self.due[0]

    @property
    def others_due(self) -> list[PlannedSession]:
        return [each for each in self.due if each != self.session]

    @property
    def week(self) -> int | None:
        """Which week of the plan the session lies in."""
        return self.session.plan.week_on(self.session.due_on) if self.session else None


@dataclass(frozen=True, slots=True)
class Order:
    """What a form that was sent asks for."""

    service: Service | None  # None for a code that there is not
    session: PlannedSession | None
    request_key: UUID | None


def order(session: PlannedSession | None, sent: Mapping[str, str]) -> Order:
    """Only what booking needs: the rest of the panel is read when it has to be shown again."""
    code = session.modality if session else sent.get("service", "")
    return Order(offering.current().get(code), session, as_id(sent.get("request_key")))


def wanted(user: User, patient: Patient, asked: Mapping[str, str], *, now: datetime) -> Wanted:
    """Read what the address or the form asks for. What is due next on the plan is chosen already."""
    today = timezone.localdate(now)
    due, visits = _due(user, patient, today), _visits(user, patient, now)
    code, session_id = asked.get("service", ""), as_id(asked.get("session"))
    session = next((each for each in due if each.pk == session_id), None) or session_of(user, patient.pk, session_id)
    if session is None and not code and due:
        session = due[0]
    services = offering.current()
    usual = NEXT_VISIT if visits.coming or visits.past else FIRST_VISIT
    service = services.get(session.modality if session else code) or services[usual]
    when = times.filters(asked, first=today)
    key = as_id(asked.get("request_key")) or uuid4()
    return Wanted(patient, service, services, session, due, visits, when, key, now)


def session_of(
    user: User, patient_id: UUID, session_id: UUID | None, patients: "QuerySet[Patient] | None" = None
) -> PlannedSession | None:
    """A session of this patient's plans, with the patient as they are now; `patients`: if they are one of these."""
    if session_id is None:
        return None
    sessions = PlannedSession.objects.visible_to(user).standing().filter(plan__patient=patient_id, pk=session_id)
    if patients is not None:
        sessions = sessions.filter(plan__patient__in=patients)
    return sessions.select_related("plan__patient").first()


def as_id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _due(user: User, patient: Patient, today: date) -> list[PlannedSession]:
    """What the plan asks for and nobody has booked, soonest first."""
    sessions = PlannedSession.objects.visible_to(user).of_active_plans().filter(plan__patient=patient)
    booked = Appointment.objects.of_session(sessions).values("session")
    return list(sessions.filter(due_until__gte=today).exclude(pk__in=booked).select_related("plan")[:MOST_DUE])


def _visits(user: User, patient: Patient, now: datetime) -> Visits:
    seen = Appointment.objects.visible_to(user).standing().filter(patient=patient)
    seen = seen.select_related("site", "clinician", "session")
    return Visits(
        coming=list(seen.filter(starts_at__gte=now).order_by("starts_at")[:MOST_COMING]),
        past=list(seen.filter(starts_at__lt=now).order_by("-starts_at")[:REPEATS]),
    )


@dataclass(frozen=True, slots=True)
class Repeat:
    """One of the last visits, to be had once more."""

    service: Service
    with_: str
    address: str


def context(user: User, it: Wanted) -> dict[str, Any]:
    """Everything that the panel prints. As many queries for a patient with one visit as for one with fifty."""
    patient = it.patient
    needs_check = RedFlag.objects.open().filter(patient=patient).exists()
    is_held = needs_check and it.service.modality in held_modalities(patient)
    kept = keeping.kept_for(patient, it.service, by=user, now=it.now)
    found = times.find(it.service, it.when, patient=patient, session=it.session, now=it.now, kept=kept)
    filters = times.choices(it.service)
    preference = VisitPreference.objects.filter(patient=patient).first()
    offered = {code: service for code, service in it.services.items() if service.is_enabled}
    # While a clinician has to look, no time is offered, near or far.
    near = choices.near_on([] if is_held else found.days, patient, it.service, _technique(it))
    return {
        "active": "day",
        "wanted": it,
        "patient": patient,
        "age": patient.age_on(timezone.localdate(it.now)),
        "service": it.service,
        "is_closed": patient.is_dead or patient.is_archived,
        "needs_clinician_check": needs_check,
        "is_held": is_held,
        "assessment": offered.get(NEXT_VISIT) or offered.get(FIRST_VISIT),
        "services": list(offered.values()),
        "repeats": list(_repeats(it, offered)),
        "times": found,
        "clocks": choices.clocks(found.of_day),
        "day_near": near.get(found.day, ""),
        "kept": kept,
        "classes": _classes(it) if it.service.is_class else [],
        "choices": [] if is_held else _choices(it, found, preference, near, with_site=bool(filters["many_sites"])),
        "usual": panel_words.preference(preference) if preference else "",
        "usual_clinician": it.visits.past[0].clinician if it.visits.past else None,
        **filters,
        "hidden": _hidden(it),
        "later": it.address(day=times.later(it.when, found), say=""),
        "board": board_address(it.service, found),
        **_on_top(user, it, found),
        "undo_minutes": max(1, round(BookingPolicy.current().undo_seconds / 60)),
        "may_overbook": user.may(Permission.APPOINTMENT_OVERBOOK),
    }


def _on_top(user: User, it: Wanted, found: times.Times) -> dict[str, Any]:
    """The time that was asked for and is taken, for who may put a second visit there."""
    when, site = it.when, it.when.site or next((each.offer.site for each in found.best), None)
    if not (found.missing and when.at and when.clinician and site) or not user.may(Permission.APPOINTMENT_OVERBOOK):
        return {}
    starts_at = local_time.instant(when.first, when.at, site.zone)
    offer = squeezing.squeezed(it.service, clinician=when.clinician, site=site, starts_at=starts_at, now=it.now)
    return {"may_share": True, "taken": offer.code, "on_top": offer} if offer else {}


def board_address(service: Service, found: times.Times) -> str:
    """What to ask the day board for, so that it draws who and what can do this, with the letters at their times."""
    on_day = [each for each in found.best if each.offer.local_start.date() == found.day]
    asked: dict[str, Any] = {"part": "grid", "by": "everything", "service": service.code}
    if found.best:
        asked["site"] = (on_day or found.best)[0].offer.site.pk
    return urlencode(asked | {each.letter.lower(): each.offer.code for each in on_day})


def _hidden(it: Wanted) -> list[tuple[str, Any]]:
    return [
        ("patient", it.patient.pk),
        ("service", it.service.code),
        ("session", it.session.pk if it.session else ""),
        ("request_key", it.request_key),
        *it.when.as_query().items(),
    ]


def _repeats(it: Wanted, offered: Mapping[str, Service]) -> Iterator[Repeat]:
    """The last visits, each kind once. What the plan asks for is not among them: it counts for the plan."""
    seen = {it.service.code} | {session.modality for session in it.due}
    for visit in it.visits.past:
        if visit.service_code not in seen and visit.service_code in offered:
            seen.add(visit.service_code)
            address = it.address(service=visit.service_code, session="", prefer=visit.clinician_id)
            yield Repeat(offered[visit.service_code], saying.called(visit.clinician.name), address)


def _technique(it: Wanted) -> str:
    return it.session.technique if it.session else ""


def _choices(
    it: Wanted, found: times.Times, preference: VisitPreference | None, near: Mapping[date, str], *, with_site: bool
) -> list[Choice]:
    zone = preference.time_zone if preference else ""
    told = choices.telling(found.best)
    every = [choices.choice(each, it.service, now=it.now, with_site=with_site, patients_zone=zone) for each in told]
    mine = [choices.for_patient(each, it.visits) for each in every]
    return [replace(each, near=near.get(each.offer.local_start.date(), "")) for each in mine]


def _classes(it: Wanted) -> Sequence[FreeSeats]:
    """The coming meetings of a class that have a place for the patient."""
    meetings = free_seats(
        it.service, patient=it.patient, first=it.when.first, days=CLASS_DAYS, now=it.now, site=it.when.site
    )
    return [each for each in meetings if it.when.wish.allows(each.group.local_start)][:MOST_CLASSES]

"""The other visits of a patient that a treatment must keep its distance from."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone

from clinic.appointments.actions.asked import Asked
from clinic.appointments.models import Appointment
from clinic.appointments.rules.status import Status
from patients.models import Patient
from people.models import User
from programs.actions import safety, safety_file
from programs.actions.safety import Standing, Treatment
from programs.actions.safety_file import Nearby
from programs.models import Override
from programs.rules.pacing import Session
from programs.rules.rulebook import rulebook

# No timing rule looks further, nor does one of twice that distance that a clinic has set.
LONGEST_LOOK: Final = timedelta(days=400)
# What is over was given, and the record knows it.
STILL_TO_COME: Final = (Status.BOOKED, Status.CONFIRMED, Status.ARRIVED, Status.IN_ROOM)
COLUMNS: Final = ("service_code", "starts_at", "site__time_zone", "session__technique")


def session(service_code: str, starts_at: datetime, zone: str, technique: str | None) -> Session | None:
    """A visit, from its columns, as the rules of distance look at it; None for an assessment."""
    service = rulebook().services.get(service_code)
    if service is None or service.modality is None:
        return None
    return Session(service.modality, timezone.localtime(starts_at, ZoneInfo(zone)).date(), technique or "")


def window(asked: Iterable[Asked]) -> tuple[datetime, datetime] | None:
    """How far the rules look around the treatments among these visits; None if there is none."""
    starts = [each.visit.starts_at for each in asked if each.service.modality]
    return (min(starts) - LONGEST_LOOK, max(starts) + LONGEST_LOOK) if starts else None


def of(
    patient: Patient, starts_at: datetime, *, until: datetime | None = None, leaving: Collection[UUID] = ()
) -> Nearby:
    """What is booked around a treatment, or around all from the first to `until`, without visits that are `leaving`.

    One query. Those who book read it with what is in the way (`clashes.cleared`).
    """
    others = Appointment.objects.filter(patient=patient, status__in=STILL_TO_COME).exclude(pk__in=leaving)
    rows = others.starting_between(starts_at - LONGEST_LOOK, (until or starts_at) + LONGEST_LOOK).values_list(*COLUMNS)
    return nearby(session(*row) for row in rows)


def nearby(found: Iterable[Session | None]) -> Nearby:
    """For a booking: whether somebody will have looked at the patient by then is asked when it begins."""
    return Nearby(booked=tuple(it for it in found if it), is_ahead=True)


def looked_at(patient: Patient, wanted: Collection[Treatment], *, leaving: Collection[UUID] = ()) -> list[Standing]:
    """How each of these treatments would stand, booked alone beside what is booked. Two queries, however many."""
    if not wanted:
        return []
    days = sorted(datetime.combine(it.on, time.min, tzinfo=UTC) for it in wanted)
    around = of(patient, days[0], until=days[-1], leaving=leaving)
    file = safety_file.read(patient)
    return [found for it in wanted for found in safety.standings(file, [it], nearby=around)]


def is_nearer_than_best(standing: Standing) -> bool:
    """Whether a rule would have liked more days between this and another treatment."""
    known = rulebook().timing_rules
    return any(it.rule.code in known and it.defer_days is not None for it in standing.judgement.findings)


def unlock(patient: Patient, treatment: Treatment, *, reason: str, by: User, now: datetime) -> Override:
    """Let this treatment be booked on its day although another one is nearer than a rule allows.

    Refuses as `safety.override` does.
    """
    around = of(patient, datetime.combine(treatment.on, time.min, tzinfo=UTC))
    return safety.override(patient, treatment, reason=reason, until=treatment.on, by=by, now=now, nearby=around)

"""The times that the panel offers, with everything that is said about each."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.appointments.actions import neighbours
from clinic.appointments.actions.availability import Offer
from clinic.appointments.models import Appointment
from clinic.appointments.rules import saying
from clinic.appointments.rules.ranking import Ranked
from clinic.appointments.web import panel_words, words
from patients.models import Patient
from programs.actions.safety import Standing, Treatment
from programs.rules.services import Service


@dataclass(frozen=True, slots=True)
class Visits:
    """The visits of a patient that the panel needs: those to come, soonest first, and the last ones, newest first."""

    coming: list[Appointment]
    past: list[Appointment]

    def before(self, moment: datetime) -> Appointment | None:
        return next((it for it in [*reversed(self.coming), *self.past] if it.starts_at < moment), None)


@dataclass(frozen=True, slots=True)
class Choice:
    """A time that is offered, with everything that is said about it once it is chosen."""

    ranked: Ranked[Offer]
    checks: list[str]
    notes: list[str]  # clocks that change, a second clock, another visit on that day
    say: str
    near: str = ""  # how near it comes to another treatment

    @property
    def letter(self) -> str:
        return self.ranked.letter

    @property
    def offer(self) -> Offer:
        return self.ranked.offer


def choice(
    ranked: Ranked[Offer], service: Service, *, now: datetime, with_site: bool, patients_zone: str = ""
) -> Choice:
    """A time with what is said about it to anybody."""
    offer = ranked.offer
    things = [offer.room.name, *(device.name for device in offer.devices)]
    return Choice(
        ranked,
        checks=panel_words.free([saying.called(offer.clinician.name), *things]),
        notes=panel_words.clock_notes(offer, patients_zone),
        say=words.say_this(offer, service, on=timezone.localdate(now, offer.site.zone), with_site=with_site),
    )


def telling(best: Sequence[Ranked[Offer]]) -> list[Ranked[Offer]]:
    """With only the reasons that tell them apart: what holds for every one of them helps nobody to choose."""
    reasons = [each.reason.split(", ") for each in best]
    shared = set(reasons[0]).intersection(*reasons[1:]) if len(reasons) > 1 else set()
    return [
        replace(each, reason=", ".join(why for why in said if why not in shared))
        for each, said in zip(best, reasons, strict=True)
    ]


def clocks(of_day: Sequence[Offer]) -> list[tuple[Offer, int]]:
    """Each time of the day once, with whoever comes first, and how many others are free then too."""
    by_start: dict[datetime, list[Offer]] = {}
    for offer in of_day:
        by_start.setdefault(offer.starts_at, []).append(offer)
    return [(offers[0], len(offers) - 1) for offers in by_start.values()]


def for_patient(found: Choice, visits: Visits) -> Choice:
    """What is said besides to a patient who has visits already."""
    last = visits.before(found.offer.starts_at)
    since = panel_words.since(last, found.offer) if last else _("First visit")
    return replace(found, checks=[*found.checks, since], notes=[*found.notes, *_same_day(found.offer, visits)])


NEAR = gettext_lazy("Nearer to another treatment than is best")
TOO_NEAR = gettext_lazy("Too near another treatment: ask a clinician first")


def how_near(standing: Standing) -> str:
    """In words for the desk: none of them says which treatments, or why."""
    if not standing.may_be_given:
        return str(TOO_NEAR) if standing.is_only_too_near else ""
    return str(NEAR) if neighbours.is_nearer_than_best(standing) else ""


def near_on(
    days: Iterable[date], patient: Patient, service: Service, technique: str, *, leaving: Collection[UUID] = ()
) -> dict[date, str]:
    """By day, how near the treatment would come to another one. Two queries; none for an assessment.

    Visits that are `leaving` are not in its way.
    """
    if service.modality is None:
        return {}
    wanted = [Treatment(service.modality, day, technique) for day in sorted(set(days))]
    standings = neighbours.looked_at(patient, wanted, leaving=leaving)
    return {it.on: how_near(standing) for it, standing in zip(wanted, standings, strict=True)}


def _same_day(offer: Offer, visits: Visits) -> Sequence[str]:
    day = offer.local_start.date()
    return [
        _("Is here that day anyway: %(clock)s") % {"clock": formats.date_format(visit.local_start, "H:i")}
        for visit in visits.coming
        if visit.local_start.date() == day
    ]

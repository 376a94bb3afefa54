"""What was given, in words, beside what was planned."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from patients.rules.rulebook import rulebook as patients_rulebook
from programs.models import AdverseEvent, PlannedSession, TreatmentGiven
from programs.rules import doses, products
from programs.rules.rulebook import rulebook


@dataclass(frozen=True, slots=True)
class Row:
    """One treatment of one visit, or a planned session that has not taken place: then `it` is None."""

    it: TreatmentGiven | None
    name: str
    planned: str  # the technique the plan asked for; empty if it named none
    done: str
    differs: bool
    details: tuple[str, ...]
    session: PlannedSession | None = None
    events: Sequence[AdverseEvent] = ()


def row(it: TreatmentGiven, events: Sequence[AdverseEvent] = ()) -> Row:
    planned = it.session.technique if it.session else ""
    details = [*places(it), *doses.readable(it.modality, it.dose), *product(it)]
    if it.reaction and it.reaction != doses.RoomReaction.NONE:
        reaction = str(doses.RoomReaction(it.reaction).label).lower()
        details.append(_("in the room: %(reaction)s") % {"reaction": reaction})
    return Row(
        it,
        name_of(it.modality),
        technique_of(it.modality, planned),
        _("Left out") if it.was_skipped else technique_of(it.modality, it.technique),
        it.was_skipped or bool(planned and planned != it.technique),
        tuple(details),
        it.session,
        events,
    )


def rows(given: Iterable[TreatmentGiven], events: Iterable[AdverseEvent] = ()) -> list[Row]:
    of: dict[object, list[AdverseEvent]] = {}
    for event in events:
        of.setdefault(event.treatment_id, []).append(event)
    return [row(it, of.get(it.pk, ())) for it in given]


def awaited(session: PlannedSession) -> Row:
    """A session of the plan that has not taken place."""
    technique = technique_of(session.modality, session.technique)
    return Row(None, name_of(session.modality), technique, "", differs=False, details=(), session=session)


def name_of(modality: str) -> str:
    # A treatment that a newer rulebook no longer has keeps its code rather than break the record.
    known = rulebook().modalities.get(modality)
    return known.name if known else modality


def technique_of(modality: str, technique: str) -> str:
    known = rulebook().modalities.get(modality)
    found = known.techniques.get(technique) if known else None
    return found.name if found else technique


def places(it: TreatmentGiven) -> list[str]:
    labels = {code: region.label for code, region in patients_rulebook().body_regions.items()}
    return [doses.place_words(place, labels) for place in it.regions]


def product(it: TreatmentGiven) -> list[str]:
    words = [_("lot %(lot)s") % {"lot": it.lot}] if it.lot else []
    if it.expires_on:
        words.append(_("expires %(day)s") % {"day": f"{it.expires_on:%Y-%m-%d}"})
    if it.guidance in products.Guidance.values:
        words.append(str(products.Guidance(it.guidance).label).lower())
    return words

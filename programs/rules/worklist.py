"""Whom a clinician should look at first, and why. One list, ranked, with a reason in words for each line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    """Why somebody is on the list, gravest first."""

    RED_FLAG = "red_flag", _("Warning sign open")
    FLARE = "flare", _("Flare")
    WORSE = "worse", _("Getting worse")
    CALL = "call", _("Follow-up call")
    DOSE = "dose", _("Next dose to confirm")
    DUE = "due", _("Reassessment due")
    NOT_DOING = "not_doing", _("Not doing the exercises")


WEIGHT: Final[Mapping[str, int]] = {kind: n for n, kind in enumerate(reversed(list(Kind)), start=1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing to look at. `occasion` names the one happening: another one puts the patient back on the list.

    `weight` orders reasons of the same kind: the rank of an urgency, the points lost, the days overdue.
    """

    patient: UUID
    kind: Kind
    occasion: str
    words: str
    since: date
    weight: float = 0
    plan: UUID | None = None
    key: str = ""  # of the thing itself, for a link


@dataclass(frozen=True, slots=True)
class Answer:
    """What was done about an occasion, and when to look again; None settles it."""

    occasion: str
    look_again_on: date | None
    at: float  # seconds since 1970: the last one counts


@dataclass(frozen=True, slots=True)
class Line:
    """A patient with everything there is to look at, gravest first."""

    patient: UUID
    reasons: tuple[Reason, ...]


def ranked(reasons: Iterable[Reason], answers: Mapping[tuple[UUID, str], Iterable[Answer]], *, on: date) -> list[Line]:
    """Patients in the order to look at them: by their gravest reason, then how bad, then how long.

    `answers` are by patient and kind. What was answered is left out until the day to look again has come; a warning
    sign that is open stays on the list whatever was answered, because only clearing it makes a treatment safe.
    """
    by_patient: dict[UUID, list[Reason]] = {}
    for it in reasons:
        if it.kind == Kind.RED_FLAG or not _is_answered(it, answers.get((it.patient, it.kind), ()), on):
            by_patient.setdefault(it.patient, []).append(it)
    lines = [Line(patient, tuple(sorted(found, key=_order))) for patient, found in by_patient.items()]
    return sorted(lines, key=lambda line: (*_order(line.reasons[0]), -len(line.reasons), str(line.patient)))


def _order(it: Reason) -> tuple[float, float, date]:
    return -WEIGHT[it.kind], -it.weight, it.since


def _is_answered(reason: Reason, answers: Iterable[Answer], on: date) -> bool:
    about = [it for it in answers if it.occasion == reason.occasion]
    if not about:
        return False
    last = max(about, key=lambda it: it.at)
    return last.look_again_on is None or on < last.look_again_on

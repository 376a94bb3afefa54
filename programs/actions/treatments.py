"""What is done at a visit: checked against the rules before, written down, and frozen with the signed note."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from patients.actions import assessments
from patients.models import Assessment, Patient
from patients.rules.rulebook import rulebook as patients_rulebook
from people.actions import audit
from people.models import User
from people.rules.permissions import Permission
from people.rules.refusal import NotAllowed, Refused
from programs.actions import safety
from programs.actions.plans import clinic_day
from programs.actions.safety import NO_FACTS, UNCLEARED, Standing, Treatment
from programs.models import Override, PlannedSession, SafetyDecision, TreatmentGiven
from programs.rules import doses
from programs.rules.contraindications import CAUTION, Facts
from programs.rules.entries import Modality
from programs.rules.rulebook import rulebook


class NotSeenYet(Refused):
    """A caution speaks against it and nobody has said that they have read it."""


class CannotBeRight(Refused):
    """A technique, a place or a number that there is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One technique as it was tapped. `regions` as `TreatmentGiven` keeps them; `dose` by `rules.doses`."""

    modality: str
    technique: str = ""
    regions: tuple[str, ...] = ()
    dose: Mapping[str, float] = field(default_factory=dict)
    lot: str = ""
    reaction: str = ""
    note: str = ""
    was_skipped: bool = False
    read: frozenset[str] = frozenset()  # codes of the cautions that somebody said to have read at this visit
    session: PlannedSession | None = None


def may_give(user: User, modality: Modality, technique: str = "") -> bool:
    """Whether the licence covers it. A technique that names nobody is given by whoever gives the treatment."""
    own = modality.techniques[technique].performed_by if technique else ()
    return user.profession in (own or modality.performed_by)


def known_here(assessment: Assessment | None) -> Facts:
    """What this visit has settled: with every safety question asked again, no sign is left uncleared.

    An open sign that holds a treatment still counts: `safety.standings` looks at it afterwards.
    """
    return {UNCLEARED: False} if assessment and assessment.asked_again_at else NO_FACTS


@transaction.atomic
def acknowledge(
    patient: Patient, treatment: Treatment, *, history: Facts = NO_FACTS, by: User, now: datetime
) -> list[Standing]:
    """ "I have read it": the cautions about a treatment today, kept with the rules that fired and the name.

    Raises as `safety.decide` does: nobody acknowledges a stop away.
    """
    if not by.may(Permission.RECORD_EDIT):
        raise NotAllowed(_("Only a clinician gives a treatment."))
    found = safety.decide(
        patient, [treatment], SafetyDecision.Moment.STARTED, history=history, by=by, now=now,
        words=_("This must not be given today. See what to do in the red box."),
    )  # fmt: skip
    audit.record(by, "treatment.cautions_read", patient, modality=treatment.modality, status=found[0].status)
    return found


def unlocked_on(patient: Patient, *, on: date) -> dict[str, frozenset[str]]:
    """By treatment the rules that were unlocked on that very day: whoever wrote the reason has read them. One query."""
    rows = Override.objects.filter(patient=patient, on=on, revoked_at=None).values_list("modality", "rules")
    found: dict[str, frozenset[str]] = {}
    for modality, rules in rows:
        found[modality] = found.get(modality, frozenset()).union(rules)
    return found


def _cautions_unread(patient: Patient, it: Given, standing: Standing) -> list[str]:
    unlocked = unlocked_on(patient, on=standing.treatment.on).get(it.modality, frozenset())
    shown = [finding.rule for finding in standing.judgement.findings if finding.rule.code not in it.read | unlocked]
    return [rule.code for rule in shown if rule.decision == CAUTION or rule.code in standing.overridden]


@transaction.atomic
def sign_visit(assessment: Assessment, given: Iterable[Given], *, note: str, by: User, now: datetime) -> Assessment:
    """Write down what was done and sign the note of the visit, all or nothing.

    Raises `HeldByRedFlag` or `Contraindicated` for what must not be given, `NotSeenYet`, `CannotBeRight`, `NotAllowed`
    for somebody whose licence does not cover it, and whatever `assessments.sign` raises.
    """
    for it in given:
        _write(assessment, it, by=by, now=now)
    return assessments.sign(assessment, by=by, now=now, note=note, given=as_signed(assessment))


def as_signed(assessment: Assessment) -> list[dict[str, Any]]:
    """The treatments of a visit as the digest of its note covers them. One query."""
    rows = TreatmentGiven.objects.filter(assessment=assessment).order_by("at", "modality", "pk")
    return [
        {"modality": it.modality, "technique": it.technique, "regions": it.regions, "dose": it.dose, "lot": it.lot,
         "reaction": it.reaction, "was_skipped": it.was_skipped, "note": it.note, "by": str(it.by_id)}
        for it in rows
    ]  # fmt: skip


def _write(assessment: Assessment, it: Given, *, by: User, now: datetime) -> TreatmentGiven:
    _refuse_nonsense(it)
    if not it.was_skipped:
        _refuse_unless_safe(assessment, it, by=by, now=now)
    row = TreatmentGiven.objects.create(
        patient=assessment.patient,
        assessment=assessment,
        session=it.session,
        modality=it.modality,
        technique="" if it.was_skipped else it.technique,
        regions=[] if it.was_skipped else list(it.regions),
        dose={} if it.was_skipped else dict(it.dose),
        lot="" if it.was_skipped else it.lot.strip(),
        reaction="" if it.was_skipped else it.reaction,
        was_skipped=it.was_skipped,
        note=it.note.strip(),
        by=by,
        at=now,
    )
    audit.record(by, "treatment.skipped" if it.was_skipped else "treatment.given", row, modality=it.modality)
    return row


def _refuse_nonsense(it: Given) -> None:
    modality, regions = rulebook().modalities[it.modality], patients_rulebook().body_regions
    if it.was_skipped:
        return
    if it.technique not in modality.techniques:
        raise CannotBeRight(_("Choose a technique for “%(name)s”, or leave it out today.") % {"name": modality.name})
    if not all(doses.is_a_place(place, regions) for place in it.regions):
        raise CannotBeRight(_("“%(name)s”: there is no such place.") % {"name": modality.name})
    if doses.problem(it.modality, it.dose):
        raise CannotBeRight(_("“%(name)s”: a number of the dose cannot be right.") % {"name": modality.name})
    if it.modality in doses.WITH_LOT and not it.lot.strip():
        raise CannotBeRight(_("“%(name)s”: write down the lot.") % {"name": modality.name})


def _refuse_unless_safe(assessment: Assessment, it: Given, *, by: User, now: datetime) -> None:
    modality = rulebook().modalities[it.modality]
    if not may_give(by, modality, it.technique):
        raise NotAllowed(_("Your profession may not give “%(name)s”.") % {"name": modality.name})
    treatment = Treatment(it.modality, clinic_day(now), it.technique)
    (standing,) = safety.standings(assessment.patient, [treatment], history=known_here(assessment))
    if standing.may_be_given and _cautions_unread(assessment.patient, it, standing):
        raise NotSeenYet(_("Read the caution about “%(name)s” and say so first.") % {"name": modality.name})
    safety.decide(
        assessment.patient, [treatment], SafetyDecision.Moment.STARTED, history=known_here(assessment), by=by, now=now,
        words=_("“%(name)s” must not be given today. Leave it out, or choose another technique.")
        % {"name": modality.name},
    )  # fmt: skip

"""What is done at a visit: checked against the rules before, written down, and frozen with the signed note."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from patients.actions import assessments
from patients.models import Assessment, Patient
from patients.rules.rulebook import rulebook as patients_rulebook
from people.actions import audit
from people.models import User
from people.rules.permissions import Permission
from people.rules.refusal import NotAllowed, Refused
from programs.actions import beginning, consents, safety
from programs.actions.plans import clinic_day
from programs.actions.safety import NO_FACTS, UNCLEARED, Standing, Treatment
from programs.models import Override, PlannedSession, SafetyDecision, TreatmentGiven
from programs.rules import agreed, doses, products
from programs.rules.contraindications import CAUTION, Facts
from programs.rules.entries import Modality
from programs.rules.rulebook import rulebook

LONGEST_NOTE: Final = 300  # characters of `TreatmentGiven.note`


class NotSeenYet(Refused):
    """A caution speaks against it and nobody has said that they have read it."""


class CannotBeRight(Refused):
    """A technique, a place or a number that there is not."""


class NotWrittenDown(Refused):
    """Something is missing without which the treatment could not be understood, or its product not be recalled."""


class ProductExpired(Refused):
    """The day printed on the product is past."""


class OutsideConsent(Refused):
    """It was given at another side or level than the patient signed for, and nobody has said that she agreed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One technique as it was tapped. `regions` as `TreatmentGiven` keeps them; `dose` by `rules.doses`.

    `note` says why, if it was left out. `mistyped` is what was typed into a number or a date and is none; `agreed` the
    places outside the signed consent to which the patient agreed by word.
    """

    modality: str
    technique: str = ""
    regions: tuple[str, ...] = ()
    dose: Mapping[str, float] = field(default_factory=dict)
    lot: str = ""
    expires_on: date | None = None
    guidance: str = ""
    reaction: str = ""
    note: str = ""
    mistyped: Mapping[str, str] = field(default_factory=dict)
    agreed: frozenset[str] = frozenset()
    was_skipped: bool = False
    read: frozenset[str] = frozenset()  # codes of the cautions that somebody said to have read at this visit
    session: PlannedSession | None = None


def may_give(user: User, modality: Modality, technique: str = "") -> bool:
    """Whether the licence covers it."""
    return user.profession in modality.givers(technique)


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

    Raises `NotSeenYet`, `CannotBeRight`, `NotWrittenDown`, `ProductExpired`, `OutsideConsent`, what
    `beginning.let_begin` raises for what must not be given, and whatever `assessments.sign` raises.
    """
    for it in given:
        if it.was_skipped:
            _leave_out(assessment, it, by=by, now=now)
        else:
            _write(assessment, it, by=by, now=now)
    return assessments.sign(assessment, by=by, now=now, note=note, given=as_signed(assessment))


def as_signed(assessment: Assessment) -> list[dict[str, Any]]:
    """The treatments of a visit as the digest of its note covers them. One query."""
    rows = TreatmentGiven.objects.filter(assessment=assessment).order_by("at", "modality", "pk")
    return [
        {"modality": it.modality, "technique": it.technique, "regions": it.regions, "dose": it.dose, "lot": it.lot,
         "reaction": it.reaction, "was_skipped": it.was_skipped, "note": it.note, "by": str(it.by_id)}
        | _of_product(it)
        for it in rows
    ]  # fmt: skip


def _of_product(it: TreatmentGiven) -> dict[str, str]:
    # Only where it is written down: notes that were signed before there were these fields keep their digest.
    said = {"expires_on": str(it.expires_on or ""), "guidance": it.guidance}
    return {name: value for name, value in said.items() if value}


def _leave_out(assessment: Assessment, it: Given, *, by: User, now: datetime) -> TreatmentGiven:
    why = it.note.strip() or _what_stops(assessment, it, on=clinic_day(now))
    if not why:
        name = rulebook().modalities[it.modality].name
        raise NotWrittenDown(_("“%(name)s”: say why it was left out.") % {"name": name})
    row = TreatmentGiven.objects.create(
        patient=assessment.patient,
        assessment=assessment,
        session=it.session,
        modality=it.modality,
        technique="",
        was_skipped=True,
        note=why[:LONGEST_NOTE],
        by=by,
        at=now,
    )
    audit.record(by, "treatment.skipped", row, modality=it.modality)
    return row


def _what_stops(assessment: Assessment, it: Given, *, on: date) -> str:
    """The rule that stood against it; empty if it could have been given."""
    modality = rulebook().modalities[it.modality]
    planned = it.technique or (it.session.technique if it.session else "")
    techniques = [planned] if planned else [one.code for one in modality.techniques.values() if one.enabled_by_default]
    wanted = [Treatment(it.modality, on, technique, it.regions) for technique in techniques]
    found = safety.standings(assessment.patient, wanted, history=known_here(assessment))
    if not found or any(standing.may_be_given for standing in found):
        return ""
    return _("A safety rule stopped it: %(reason)s") % {"reason": found[0].judgement.findings[0].rule.reason}


def _write(assessment: Assessment, it: Given, *, by: User, now: datetime) -> TreatmentGiven:
    _refuse_nonsense(it)
    _refuse_unless_complete(it, on=clinic_day(now))
    _refuse_unless_safe(assessment, it, by=by, now=now)
    beyond = _refuse_unless_agreed(assessment.patient, it, on=clinic_day(now))
    words = [it.note.strip(), _("The patient agreed by word to a place outside the signed consent.") if beyond else ""]
    row = TreatmentGiven.objects.create(
        patient=assessment.patient,
        assessment=assessment,
        session=it.session,
        modality=it.modality,
        technique=it.technique,
        regions=list(it.regions),
        dose=dict(it.dose),
        lot=it.lot.strip(),
        expires_on=it.expires_on,
        guidance=it.guidance,
        reaction=it.reaction,
        note=" ".join(filter(None, words))[:LONGEST_NOTE],
        by=by,
        at=now,
    )
    audit.record(by, "treatment.given", row, modality=it.modality)
    if beyond:
        audit.record(by, "treatment.outside_consent", row, places=beyond)
    return row


def _refuse_nonsense(it: Given) -> None:
    modality, regions = rulebook().modalities[it.modality], patients_rulebook().body_regions
    if it.technique not in modality.techniques:
        raise CannotBeRight(_("Choose a technique for “%(name)s”, or leave it out today.") % {"name": modality.name})
    if not all(doses.is_a_place(place, regions) for place in it.regions):
        raise CannotBeRight(_("“%(name)s”: there is no such place.") % {"name": modality.name})
    if it.mistyped:
        typed = ", ".join(f"“{each}”" for each in it.mistyped.values())
        raise CannotBeRight(
            _("“%(name)s”: %(typed)s cannot be right. Correct it, or leave it empty.")
            % {"name": modality.name, "typed": typed}
        )
    if doses.problem(it.modality, it.dose):
        raise CannotBeRight(_("“%(name)s”: a number of the dose cannot be right.") % {"name": modality.name})
    if it.guidance and it.guidance not in products.Guidance.values:
        raise CannotBeRight(_("“%(name)s”: there is no such guidance.") % {"name": modality.name})


def _refuse_unless_complete(it: Given, *, on: date) -> None:
    name, product = rulebook().modalities[it.modality].name, product_of(it)
    missing = products.lacking(it.modality, product)
    if missing:
        raise NotWrittenDown(
            _("“%(name)s”: write down %(missing)s.") % {"name": name, "missing": ", ".join(map(str, missing))}
        )
    if it.modality in doses.WITH_LOT and product.has_expired_on(on):
        raise ProductExpired(
            _("“%(name)s”: lot %(lot)s expired on %(day)s. It must not be given.")
            % {"name": name, "lot": it.lot, "day": date_format(it.expires_on or on, "j F Y")}
        )


def product_of(it: Given) -> products.Product:
    return products.Product(lot=it.lot, expires_on=it.expires_on, guidance=it.guidance, places=it.regions, dose=it.dose)


def _refuse_unless_agreed(patient: Patient, it: Given, *, on: date) -> int:
    """How many places lie outside what was signed for and were agreed to by word. Raises `OutsideConsent`."""
    areas = [each.area for each in consents.areas(patient, [it.modality], on=on)[it.modality]]
    beyond = agreed.outside(areas, it.regions)
    if set(beyond) - it.agreed:
        labels = {code: region.label for code, region in patients_rulebook().body_regions.items()}
        raise OutsideConsent(
            _("“%(name)s”: signed for %(signed)s, but given at %(places)s. Let it be signed again, or say that the "
              "patient agreed.")
            % {
                "name": rulebook().modalities[it.modality].name,
                "signed": "; ".join(areas),
                "places": ", ".join(doses.place_words(place, labels) for place in beyond),
            }
        )  # fmt: skip
    return len(beyond)


def _refuse_unless_safe(assessment: Assessment, it: Given, *, by: User, now: datetime) -> None:
    modality = rulebook().modalities[it.modality]
    if not may_give(by, modality, it.technique):
        raise NotAllowed(_("Your profession may not give “%(name)s”.") % {"name": modality.name})
    treatment = Treatment(it.modality, clinic_day(now), it.technique, it.regions)
    (standing,) = safety.standings(assessment.patient, [treatment], history=known_here(assessment))
    if standing.may_be_given and _cautions_unread(assessment.patient, it, standing):
        raise NotSeenYet(_("Read the caution about “%(name)s” and say so first.") % {"name": modality.name})
    beginning.let_begin(
        assessment.patient,
        treatment,
        it.session,
        given_by=[by.profession],
        by=by,
        now=now,
        words=_("“%(name)s” must not be given today. Leave it out, or choose another technique.")
        % {"name": modality.name},
        history=known_here(assessment),
    )

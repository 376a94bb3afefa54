"""What must not be given, and what must wait until a clinician has looked."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from patients.models import Patient
from patients.rules.facts import REFUSES
from people.actions import audit
from people.models import User
from people.rules.permissions import Permission
from people.rules.refusal import NotAllowed, Refused
from programs.actions import safety_file
from programs.models import Override, SafetyDecision
from programs.rules.contraindications import BLOCKED, CAUTION, INCOMPLETE, OVERRIDE_REQUIRED, Facts, Judgement
from programs.rules.rulebook import rulebook

UNCLEARED = "red_flag_uncleared"  # the fact by which an open warning sign reaches the rules of a treatment
NO_FACTS: Final[Facts] = MappingProxyType({})
LONGEST_OVERRIDE = timedelta(days=180)
MAY_NOT_BE_GIVEN = frozenset({BLOCKED, OVERRIDE_REQUIRED})


class HeldByRedFlag(Refused):
    """An open warning sign forbids it. The words are for the desk, so they never say which one."""


class Contraindicated(Refused):
    """A rule forbids it, or a clinician must unlock it first. The words are the desk's; `standings` say why."""

    def __init__(self, standings: Collection["Standing"], words: str = "") -> None:
        self.standings = tuple(standings)
        super().__init__(words or _("Clinician check needed before this visit can be booked."))


class CannotBeOverridden(Refused):
    """Nothing to override, or nothing that anybody may."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """A treatment on a day. An empty technique: not chosen yet, so the rules of every technique count."""

    modality: str
    on: date
    technique: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a treatment stands for a patient on a day: what the rules say, and what a clinician has unlocked."""

    treatment: Treatment
    judgement: Judgement
    facts: Facts
    overridden: frozenset[str]  # codes of rules

    @property
    def status(self) -> str:
        """As the rules say, but what was unlocked counts as a caution: it is still shown and acknowledged."""
        if self.judgement.status != OVERRIDE_REQUIRED or self.to_override:
            return self.judgement.status
        return INCOMPLETE if self.judgement.unknown else CAUTION

    @property
    def to_override(self) -> tuple[str, ...]:
        """The relative rules that nobody has unlocked yet."""
        relative = [it.rule for it in self.judgement.findings if it.rule.decision == OVERRIDE_REQUIRED]
        return tuple(rule.code for rule in relative if rule.code not in self.overridden)

    @property
    def may_be_given(self) -> bool:
        return self.status not in MAY_NOT_BE_GIVEN


def held_modalities(patient: Patient) -> frozenset[str]:
    """The treatments this patient must not be booked for, by their codes. One query."""
    return safety_file.read(patient).held()


def standings(patient: Patient, wanted: Iterable[Treatment], *, history: Facts = NO_FACTS) -> list[Standing]:
    """How each treatment stands on its day. One query, however many.

    `history` are facts that only the caller can know, such as `days_since_prp` from the visits.
    """
    treatments = list(wanted)
    if not treatments:
        return []
    file = safety_file.read(patient)
    held = file.held()
    found = []
    for it in treatments:
        told = {**file.known_on(it.on), **history}
        if it.modality in held:
            told[UNCLEARED] = True
        elif file.is_screened_on(it.on):
            told[UNCLEARED] = False
        if file.refuses(it.modality):
            told[REFUSES] = True
        lifted = {code for each in file.unlocked if each.covers(it.modality, it.on) for code in each.rules}
        judgement = rulebook().judge(it.modality, told, technique=it.technique or None)
        found.append(Standing(it, judgement, MappingProxyType(told), frozenset(lifted)))
    return found


def refuse_if_unsafe(
    patient: Patient, wanted: Collection[Treatment], *, history: Facts = NO_FACTS, words: str = ""
) -> list[Standing]:
    """Let these treatments pass only if neither a warning sign nor a rule stands against one of them. One query.

    An assessment is no treatment and is never held: it is how a warning sign gets looked at.

    Raises `HeldByRedFlag` if an open warning sign forbids one, and `Contraindicated` if a rule does or somebody
    must unlock it first; `words` are then said instead of the desk's.
    """
    found = standings(patient, wanted, history=history)
    refused = [it for it in found if not it.may_be_given]
    if any(it.facts.get(UNCLEARED) for it in refused):
        raise HeldByRedFlag(words or _("Clinician check needed before this visit can be booked."))
    if refused:
        raise Contraindicated(refused, words)
    return found


def decide(
    patient: Patient,
    wanted: Collection[Treatment],
    moment: SafetyDecision.Moment,
    *,
    by: User | None,
    now: datetime,
    history: Facts = NO_FACTS,
    words: str = "",
) -> list[Standing]:
    """Let these treatments be planned, booked or started, and keep on which ground. Two queries, however many.

    Refuses as `refuse_if_unsafe` does. Part of the caller's transaction.
    """
    found = refuse_if_unsafe(patient, wanted, history=history, words=words)
    SafetyDecision.objects.bulk_create([_kept(patient, it, moment, by=by, now=now) for it in found])
    return found


@transaction.atomic
def override(patient: Patient, treatment: Treatment, *, reason: str, until: date, by: User, now: datetime) -> Override:
    """Unlock a treatment that relative contraindications lock, up to and including `until`.

    Raises `CannotBeOverridden` if nothing is locked, if it is blocked absolutely, if the reason is missing or the
    time is too long, and `NotAllowed` for a profession that the rules do not name.
    """
    if not by.may(Permission.RECORD_EDIT):
        raise NotAllowed(_("Only a clinician may unlock a treatment."))
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    (standing,) = standings(patient, [treatment])
    if standing.judgement.decision == BLOCKED:
        raise CannotBeOverridden(_("This must not be given while the finding is there. Nobody can unlock it."))
    if not standing.to_override:
        raise CannotBeOverridden(_("Nothing is locked here, so there is nothing to unlock."))
    if by.profession not in standing.judgement.override_roles:
        raise NotAllowed(_("The rules do not let your profession unlock this. Ask a clinician they name."))
    if not reason.strip():
        raise CannotBeOverridden(_("Write down why it may be given all the same."))
    if not treatment.on <= until <= treatment.on + LONGEST_OVERRIDE:
        raise CannotBeOverridden(_("Choose a last day between today and half a year ahead."))
    made = Override.objects.create(
        patient=patient,
        modality=treatment.modality,
        rules=list(standing.to_override),
        reason=reason.strip(),
        rulebook_version=rulebook().version,
        by=by,
        at=now,
        on=treatment.on,
        until=until,
    )
    audit.record(by, "treatment.unlocked", made, modality=made.modality, rules=len(made.rules), until=str(until))
    return made


@transaction.atomic
def revoke(unlocked: Override, *, by: User, now: datetime) -> Override:
    """Lock it again. Doing it twice changes nothing."""
    if not by.may(Permission.RECORD_EDIT):
        raise NotAllowed(_("Only a clinician may lock a treatment."))
    kept = Override.objects.select_for_update().get(pk=unlocked.pk)
    if kept.revoked_at is None:
        kept.revoked_at, kept.revoked_by = now, by
        kept.save(update_fields=["revoked_at", "revoked_by"])
        audit.record(by, "treatment.locked_again", kept, modality=kept.modality)
    return kept


def replayed(decision: SafetyDecision) -> Judgement:
    """What today's rules say of the facts of that day. With the same rulebook it is what was decided."""
    return rulebook().judge(decision.modality, decision.facts, technique=decision.technique or None)


def _kept(
    patient: Patient, it: Standing, moment: SafetyDecision.Moment, *, by: User | None, now: datetime
) -> SafetyDecision:
    values: Mapping[str, object] = it.facts
    return SafetyDecision(
        patient=patient,
        moment=moment,
        modality=it.treatment.modality,
        technique=it.treatment.technique,
        on=it.treatment.on,
        status=it.status,
        facts=dict(values),
        rules=[finding.rule.code for finding in it.judgement.findings],
        overridden=sorted(it.overridden),
        rulebook_version=rulebook().version,
        by=by,
        at=now,
    )

"""What must not be given, and what must wait until a clinician has looked."""

from collections.abc import Collection, Iterable
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
from programs.actions import replay, safety_file
from programs.actions.safety_file import AHEAD, TODAY, Nearby, SafetyFile
from programs.models import Override, SafetyDecision
from programs.rules import adjusting, pacing
from programs.rules.contraindications import BLOCKED, CAUTION, INCOMPLETE, OVERRIDE_REQUIRED, Facts, Judgement
from programs.rules.pacing import NO_PACE, Pace, Session
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


class SwitchedOff(Contraindicated):
    """The clinic does not give it at all, to nobody. No clinical reason, so the desk may read it."""


class TooNear(Contraindicated):
    """Nothing but another treatment of the same patient stands in the way: another day would do."""


class CannotBeOverridden(Refused):
    """Nothing to override, or nothing that anybody may."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """A treatment on a day. An empty technique: not chosen yet, so the rules of every technique count."""

    modality: str
    on: date
    technique: str = ""
    regions: tuple[str, ...] = ()  # empty: not chosen yet, so it may be the same place as any other

    @property
    def as_session(self) -> Session:
        return Session(self.modality, self.on, self.technique, self.regions)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a treatment stands for a patient on a day: what the rules say, and what a clinician has unlocked."""

    treatment: Treatment
    judgement: Judgement
    facts: Facts
    overridden: frozenset[str]  # codes of rules
    version: str = ""  # of the rulebook with the clinic's changes
    pace: Pace = NO_PACE

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

    @property
    def stopped_by(self) -> frozenset[str]:
        """The codes of the rules that stand in the way now."""
        blocked = (it.rule.code for it in self.judgement.findings if it.rule.decision == BLOCKED)
        return frozenset([*blocked, *self.to_override])

    @property
    def is_switched_off(self) -> bool:
        return any(code.startswith(adjusting.OFF) for code in self.stopped_by)

    @property
    def is_only_too_near(self) -> bool:
        """A rule that counts the days since a treatment given here says the same as a timing rule."""
        counted = {
            it.rule.code
            for it in self.judgement.findings
            if it.rule.when and all(test.fact in pacing.COUNTED_FROM for test in it.rule.when)
        }
        return bool(self.stopped_by) and self.stopped_by <= rulebook().timing_rules.keys() | counted


_AROUND: Final = {
    SafetyDecision.Moment.PLANNED: Nearby(is_plan=True),
    SafetyDecision.Moment.BOOKED: AHEAD,
    SafetyDecision.Moment.STARTED: TODAY,
}


def held_modalities(patient: Patient) -> frozenset[str]:
    """The treatments this patient must not be booked for, by their codes. One query."""
    return safety_file.read(patient).held()


def standings(
    of: Patient | SafetyFile, wanted: Iterable[Treatment], *, history: Facts = NO_FACTS, nearby: Nearby = TODAY
) -> list[Standing]:
    """How each treatment stands on its day, by the rules as the clinic has them. One query, none if a file was read.

    `history` are facts that only the caller can know, such as that every sign was asked again.
    """
    treatments = list(wanted)
    if not treatments:
        return []
    file = of if isinstance(of, SafetyFile) else safety_file.read(of)
    held = file.held()
    found = []
    for it in treatments:
        told = {**file.known_on(it.on, sitting=nearby.sitting, regions=it.regions), **history}
        if it.modality in held:
            told[UNCLEARED] = True
        elif file.is_screened_on(it.on):
            told[UNCLEARED] = False
        if file.refuses(it.modality):
            told[REFUSES] = True
        lifted = {code for each in file.unlocked if each.covers(it.modality, it.on) for code in each.rules}
        judgement = file.book.judge(it.modality, told, technique=it.technique or None)
        # A plan asks for hundreds of days at once, and none of them is held against another.
        others = [] if nearby.is_plan else [other.as_session for other in treatments if other is not it]
        pace = file.pace(it.as_session, others, nearby)
        judgement = pacing.judged(judgement, pace, book=file.book)
        found.append(Standing(it, judgement, MappingProxyType(told), frozenset(lifted), file.book.version, pace))
    return found


def refuse_if_unsafe(
    patient: Patient,
    wanted: Collection[Treatment],
    *,
    history: Facts = NO_FACTS,
    words: str = "",
    nearby: Nearby = AHEAD,
) -> list[Standing]:
    """Let these treatments pass only if neither a warning sign nor a rule stands against one of them. One query.

    An assessment is no treatment and is never held: it is how a warning sign gets looked at.

    Raises `HeldByRedFlag` if an open warning sign forbids one, `SwitchedOff` for what the clinic does not give,
    `TooNear` if only another treatment is too near, and `Contraindicated` if a rule forbids it or somebody must
    unlock it first; `words` are then said instead of the desk's.
    """
    found = standings(patient, wanted, history=history, nearby=nearby)
    refused = [it for it in found if not it.may_be_given]
    if any(it.is_switched_off for it in refused):
        raise SwitchedOff(refused, _("The clinic has switched this treatment off. Choose another one."))
    if any(it.facts.get(UNCLEARED) for it in refused):
        raise HeldByRedFlag(words or _("Clinician check needed before this visit can be booked."))
    if refused and all(it.is_only_too_near for it in refused):
        raise TooNear(refused, _("Too near another treatment of this patient. Choose another day, or ask a clinician."))
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
    nearby: Nearby | None = None,
) -> list[Standing]:
    """Let these treatments be planned, booked or started, and keep on which ground. Two queries, however many.

    Refuses as `refuse_if_unsafe` does. Part of the caller's transaction.
    """
    found = refuse_if_unsafe(patient, wanted, history=history, words=words, nearby=nearby or _AROUND[moment])
    SafetyDecision.objects.bulk_create([_kept(patient, it, moment, by=by, now=now) for it in found])
    return found


def decided(
    patient: Patient,
    wanted: Collection[Treatment],
    moment: SafetyDecision.Moment,
    *,
    by: User | None,
    now: datetime,
    nearby: Nearby | None = None,
) -> list[SafetyDecision]:
    """The same, unwritten: for who writes the ground in one statement with the deed. One query."""
    found = refuse_if_unsafe(patient, wanted, nearby=nearby or _AROUND[moment])
    return [_kept(patient, it, moment, by=by, now=now) for it in found]


@transaction.atomic
def override(
    patient: Patient, treatment: Treatment, *, reason: str, until: date, by: User, now: datetime, nearby: Nearby = TODAY
) -> Override:
    """Unlock a treatment that relative contraindications lock, up to and including `until`.

    Raises `CannotBeOverridden` if nothing is locked, if it is blocked absolutely, if the reason is missing or the
    time is too long, and `NotAllowed` for a profession that the rules do not name.
    """
    if not by.may(Permission.RECORD_EDIT):
        raise NotAllowed(_("Only a clinician may unlock a treatment."))
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    (standing,) = standings(patient, [treatment], nearby=nearby)
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
        rulebook_version=standing.version,
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
    """What the rules of that time say of the facts of that day: with the same rulebook, what was decided. One query.

    The clinic's changes are those that were in force then, whatever has been changed or withdrawn since.
    """
    return replay.judged(decision, replay.rulebook_then(decision.rulebook_version))


def _kept(
    patient: Patient, it: Standing, moment: SafetyDecision.Moment, *, by: User | None, now: datetime
) -> SafetyDecision:
    return SafetyDecision(
        patient=patient,
        moment=moment,
        modality=it.treatment.modality,
        technique=it.treatment.technique,
        on=it.treatment.on,
        status=it.status,
        facts={**it.facts, **pacing.as_kept(it.pace)},
        rules=[finding.rule.code for finding in it.judgement.findings],
        overridden=sorted(it.overridden),
        rulebook_version=it.version,
        by=by,
        at=now,
    )

"""The treatments of a visit as the clinician sees them: how each stands, and the one thing to settle first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from patients.models import Assessment, Patient
from patients.rules.rulebook import rulebook as patients_rulebook
from people.models import User
from people.rules.professions import professions
from programs.actions import safety, treatments
from programs.actions.safety import UNCLEARED, Standing, Treatment
from programs.models import Override, PlannedSession, TreatmentGiven
from programs.rules import doses
from programs.rules.contraindications import ALLOWED, BLOCKED, CAUTION, OVERRIDE_REQUIRED, Contraindication
from programs.rules.entries import Modality, Technique
from programs.rules.rulebook import rulebook
from programs.web.treatment_forms import Treat

MILDEST_FIRST = (ALLOWED, CAUTION, OVERRIDE_REQUIRED, BLOCKED)


@dataclass(frozen=True, slots=True)
class Alert:
    """The one interruption that is shown. `waiting` more come after it, if it is settled."""

    kind: str  # stop, locked or caution
    technique: str  # that it is about
    rules: tuple[Contraindication, ...]  # one, or every caution that is still to be read
    waiting: int
    safer: Technique | None = None
    may_unlock: bool = False
    who_may: str = ""
    is_flag: bool = False  # an open warning sign stands behind it

    @property
    def rule(self) -> Contraindication:
        return self.rules[0]

    @property
    def key(self) -> str:
        """The same as long as the same is asked: what was typed into it must not be drawn over."""
        return ":".join([self.kind, self.technique, *(it.code for it in self.rules)])

    @property
    def look(self) -> str:
        return "stop" if self.kind == "stop" else "warn"


@dataclass(frozen=True, slots=True)
class Choice:
    technique: Technique
    is_chosen: bool
    is_planned: bool
    standing: Standing
    may_give: bool

    @property
    def is_locked(self) -> bool:
        return not self.may_give or self.standing.judgement.decision == BLOCKED


@dataclass(frozen=True, slots=True)
class Place:
    code: str
    words: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Amount:
    measured: doses.Measured
    value: float | None
    last: float | None


@dataclass(frozen=True, slots=True)
class Card:
    """One treatment. `left` says what has to be done before the note can be signed; empty if nothing."""

    modality: Modality
    name: str
    choices: tuple[Choice, ...]
    alert: Alert | None
    unknown: int
    places: tuple[Place, ...]
    amounts: tuple[Amount, ...]
    lot: str
    needs_lot: bool
    reaction: str
    is_skipped: bool
    last: TreatmentGiven | None
    left: str
    unlocked: tuple[str, ...] = field(default=())  # reasons of what is unlocked today

    @property
    def chosen(self) -> Technique | None:
        return next((it.technique for it in self.choices if it.is_chosen), None)


def last_given(patient: Patient, before: Assessment | None) -> dict[str, TreatmentGiven]:
    """Of each treatment the last one that was really given. One query."""
    rows = TreatmentGiven.objects.filter(patient=patient, was_skipped=False)
    if before is not None:
        rows = rows.exclude(assessment=before)
    return {it.modality: it for it in rows.order_by("modality", "-at").distinct("modality")}


def cards(
    patient: Patient,
    treat: Treat,
    *,
    assessment: Assessment | None,
    session: PlannedSession | None,
    user: User,
    on: date,
) -> list[Card]:
    """A card for each treatment, in ten queries at most, however many techniques they have."""
    book, last = rulebook(), last_given(patient, assessment)
    wanted = [
        Treatment(code, on, technique.code)
        for code in treat
        for technique in book.modalities[code].techniques.values()
        if technique.enabled_by_default
    ]
    history = treatments.known_here(assessment)
    stands = {
        (it.treatment.modality, it.treatment.technique): it for it in safety.standings(patient, wanted, history=history)
    }
    reasons: dict[str, list[str]] = {}
    for unlocked in Override.objects.visible_to(user).filter(patient=patient).in_force(on):
        reasons.setdefault(unlocked.modality, []).append(unlocked.reason)
    unlocked_today = treatments.unlocked_on(patient, on=on)
    found = []
    for code, one in treat.items():
        seen = unlocked_today.get(code, frozenset()).union(one.get("read", ()))
        own = {technique: it for (modality, technique), it in stands.items() if modality == code}
        why = tuple(reasons.get(code, ()))
        found.append(_card(code, one, own, session=session, user=user, last=last.get(code), read=seen, unlocked=why))
    return found


def _card(
    code: str,
    one: Mapping[str, Any],
    stands: Mapping[str, Standing],
    *,
    session: PlannedSession | None,
    user: User,
    last: TreatmentGiven | None,
    read: frozenset[str],
    unlocked: tuple[str, ...],
) -> Card:
    modality = rulebook().modalities[code]
    planned = session.technique if session and session.modality == code else ""
    chosen, is_skipped = one.get("technique", ""), bool(one.get("skipped"))
    choices = tuple(
        Choice(
            modality.techniques[tech], tech == chosen, tech == planned, it, treatments.may_give(user, modality, tech)
        )
        for tech, it in stands.items()
    )
    focus = stands.get(chosen or planned) or _if_all_are_blocked(stands)
    alert = None if is_skipped or focus is None else _alert(focus, choices, user, read)
    before = last.regions if last else []
    places = [*one.get("regions", ()), *(it for it in before if it not in one.get("regions", ()))]
    return Card(
        modality=modality,
        name=name_of(code, session),
        choices=choices,
        alert=alert,
        unknown=len(focus.judgement.unknown) if focus else 0,
        places=tuple(Place(it, doses.place_words(it, _regions()), it in one.get("regions", ())) for it in places),
        amounts=tuple(
            Amount(it, one.get("dose", {}).get(it.code), last.dose.get(it.code) if last else None)
            for it in doses.DOSES.get(code, ())
        ),
        lot=one.get("lot", ""),
        needs_lot=code in doses.WITH_LOT,
        reaction=one.get("reaction", ""),
        is_skipped=is_skipped,
        last=last,
        left=_left(modality, one, alert),
        unlocked=unlocked,
    )


def name_of(code: str, session: PlannedSession | None) -> str:
    """As the desk calls it, with its number in the plan."""
    book = rulebook()
    name = book.services[code].name if code in book.services else book.modalities[code].name
    if session is None or session.modality != code:
        return name
    return _("%(name)s %(ordinal)d of %(course)d") % {
        "name": name, "ordinal": session.ordinal, "course": session.course_length,
    }  # fmt: skip


def _if_all_are_blocked(stands: Mapping[str, Standing]) -> Standing | None:
    """With no technique chosen there is nothing to interrupt, unless none of them may be given."""
    if stands and all(it.judgement.decision == BLOCKED for it in stands.values()):
        return next(iter(stands.values()))
    return None


def _alert(standing: Standing, choices: Sequence[Choice], user: User, read: frozenset[str]) -> Alert | None:
    """The gravest thing that is not settled yet. The others wait behind it."""
    open_rules = [
        it.rule
        for it in standing.judgement.findings
        if it.rule.decision == BLOCKED
        or it.rule.code in standing.to_override
        or it.rule.code not in read  # a caution, or a rule that was unlocked, and nobody has read it
    ]
    if not open_rules:
        return None
    gravest, is_flag, tech = open_rules[0], bool(standing.facts.get(UNCLEARED)), standing.treatment.technique
    if gravest.decision == BLOCKED:
        flagged = is_flag and any(test.fact == UNCLEARED for test in gravest.when)
        return Alert("stop", tech, (gravest,), len(open_rules) - 1, _safer(standing, choices), is_flag=flagged)
    if gravest.code not in standing.to_override:
        return Alert("caution", tech, tuple(open_rules), 0)
    roles = standing.judgement.override_roles
    who = _(" or ").join(it.label for it in professions().values() if it.code in roles)
    waiting, may_unlock = len(open_rules) - 1, user.profession in roles
    return Alert("locked", tech, (gravest,), waiting, _safer(standing, choices), may_unlock, who)


def _safer(standing: Standing, choices: Sequence[Choice]) -> Technique | None:
    """Another technique of the same treatment that the rules judge more mildly."""
    here = MILDEST_FIRST.index(standing.judgement.decision)
    milder = [it for it in choices if it.may_give and MILDEST_FIRST.index(it.standing.judgement.decision) < here]
    best = min(milder, key=lambda it: MILDEST_FIRST.index(it.standing.judgement.decision), default=None)
    return best.technique if best else None


def _left(modality: Modality, one: Mapping[str, Any], alert: Alert | None) -> str:
    if one.get("skipped"):
        return ""
    if alert is not None and alert.kind == "stop":
        return _("leave out what is stopped")
    if alert is not None and one.get("technique"):
        return _("record the reason") if alert.kind == "locked" else _("read the caution")
    if not one.get("technique"):
        return _("say what was done")
    return _("write down the lot") if modality.code in doses.WITH_LOT and not one.get("lot") else ""


def _regions() -> Mapping[str, str]:
    return {code: it.label for code, it in patients_rulebook().body_regions.items()}

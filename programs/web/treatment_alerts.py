"""The one thing about a treatment that is to be settled first: stopped, locked, or a caution to read."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from people.models import User
from people.rules.professions import professions
from programs.actions.safety import UNCLEARED, Standing
from programs.rules.contraindications import ALLOWED, BLOCKED, CAUTION, OVERRIDE_REQUIRED, Contraindication
from programs.rules.entries import Technique

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


def alert_of(standing: Standing, choices: Sequence[Choice], user: User, read: frozenset[str]) -> Alert | None:
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

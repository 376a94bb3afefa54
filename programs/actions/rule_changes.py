"""Where the clinic differs from the rulebook: stricter everywhere, less strict only where nobody is in danger."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from people.actions import audit
from people.models import Clinic, User
from people.rules.permissions import Permission
from people.rules.refusal import ChangedMeanwhile, NotAllowed, Refused
from programs.actions import replay
from programs.models import RuleChange, SafetyDecision
from programs.rules import adjusting
from programs.rules.contraindications import BLOCKED
from programs.rules.rulebook import ProgramRulebook, rulebook
from programs.rules.timing import ANY_TREATMENT

LONGEST_GAP_DAYS: Final = 730
MOST_SESSIONS: Final = 100
LARGEST_NUMBER: Final = 36_500  # the same bound as for a fact
LOOKED_BACK: Final = timedelta(days=90)
DECISIONS_LOOKED_AT: Final = 500
Kind = RuleChange.Kind


class CannotBeChanged(Refused):
    """There is no such rule, or nothing in it that this kind of change could change."""


class WouldLoosen(Refused):
    """It would allow what the rulebook forbids absolutely."""


class SaysSoAlready(Refused):
    """The rule is like that now."""


class NoReason(Refused):
    """Whoever looks at the rule in a year must understand why."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What the last decisions would have been under a change: how many of them, and from which status to which."""

    looked_at: int
    turned: Mapping[tuple[str, str], int]


def in_force() -> list[RuleChange]:
    """Every deviation of today, the newest first. One query."""
    return list(RuleChange.objects.in_force().select_related("by"))


def book() -> ProgramRulebook:
    """The rulebook as the clinic uses it now. One query."""
    return _book(in_force())


@transaction.atomic
def change(
    kind: str, code: str, value: Any = None, *, reason: str, by: User, now: datetime, seen: int | None = None
) -> RuleChange:
    """Set a treatment, a technique or a rule otherwise than the rulebook. A change of the same kind is replaced.

    `value` is the new severity, number, days or sessions; None for what is switched off. `seen` is the change that the
    form showed as being in force, None for none. What is booked stays booked and is judged anew when it begins.

    Raises `CannotBeChanged`, `WouldLoosen`, `SaysSoAlready`, `NoReason`, `NotAllowed`, and `ChangedMeanwhile` if
    somebody else has changed the same meanwhile.
    """
    _refuse_unless_allowed(by, reason)
    at, standing = _one_after_the_other(now), in_force()
    before = next((it for it in standing if (it.kind, it.code) == (kind, code)), None)
    if (before.pk if before else None) != seen:
        raise ChangedMeanwhile(_("Somebody else changed this rule meanwhile. Nothing was saved: look at it again."))
    was = refuse_nonsense(kind, code, value, standing=standing)
    if before:
        _end(before, _("Replaced by a newer change."), by=by, at=at)
        at += timedelta(microseconds=1)
    made = RuleChange.objects.create(
        kind=kind,
        code=code,
        value=value,
        was=was,
        rulebook_version=rulebook().version,
        reason=reason.strip(),
        by=by,
        at=at,
    )
    audit.record(by, "rule.changed", made, kind=made.kind, code=made.code, value=value, was=was)
    return made


@transaction.atomic
def withdraw(changed: RuleChange, *, reason: str, by: User, now: datetime) -> RuleChange:
    """Use the rulebook's own rule again. Doing it twice changes nothing. Raises `NoReason` and `NotAllowed`."""
    _refuse_unless_allowed(by, reason)
    at = _one_after_the_other(now)
    kept = RuleChange.objects.get(pk=changed.pk)
    if kept.withdrawn_at is None:
        _end(kept, reason.strip(), by=by, at=at)
    return kept


def refuse_nonsense(kind: str, code: str, value: Any, *, standing: list[RuleChange]) -> Any:
    """Refuse what cannot be, or must not be; return what the rulebook itself says there.

    Raises as `change` does. `standing` are the changes in force: what the clinic made absolute is absolute.
    """
    others = [it for it in standing if (it.kind, it.code) != (kind, code)]
    found = {
        Kind.MODALITY_OFF: _switch,
        Kind.TECHNIQUE_OFF: _switch,
        Kind.SEVERITY: _severity,
        Kind.THRESHOLD: _threshold,
        Kind.GAP: _gap,
    }.get(Kind(kind))
    if found is None:
        raise CannotBeChanged(_("There is nothing here that could be changed."))
    was = found(code, value, _book(others))
    if any((it.kind, it.code, it.value) == (kind, code, value) for it in standing):
        raise SaysSoAlready(_("The rule is like that already. Nothing was changed."))
    return was


def effects(kind: str, code: str, value: Any, *, now: datetime) -> Effects:
    """What the decisions of the last 90 days would have been with this change as well. Two queries.

    Raises as `change` does.
    """
    standing = in_force()
    refuse_nonsense(kind, code, value, standing=standing)
    before = _book(standing)
    kept = [it for it in standing if (it.kind, it.code) != (kind, code)]
    after = _book(kept, adjusting.Change(kind, code, value))
    decisions = SafetyDecision.objects.filter(at__gte=now - LOOKED_BACK, modality__in=concerned(kind, code))
    turned: Counter[tuple[str, str]] = Counter()
    looked_at = decisions.order_by("-at")[:DECISIONS_LOOKED_AT]
    for it in looked_at:
        then, would_be = replay.judged(it, before).status, replay.judged(it, after).status
        if then != would_be:
            turned[then, would_be] += 1
    return Effects(len(looked_at), turned)


def concerned(kind: str, code: str) -> tuple[str, ...]:
    """The treatments that a change of this rule is about."""
    known = rulebook()
    if kind == Kind.TECHNIQUE_OFF:
        return tuple(it.code for it in known.modalities.values() if code in it.techniques)
    if kind == Kind.GAP:
        rule = known.timing_rules[code]
        named = {rule.first, rule.then, *rule.also}
        every = known.modalities.keys()
        return tuple(sorted(every if ANY_TREATMENT in named else every & named))
    return (known.contraindications[code].modality,) if code in known.contraindications else (code,)


def _switch(code: str, value: Any, book: ProgramRulebook) -> Any:
    techniques = {code: it for each in book.modalities.values() for code, it in each.techniques.items()}
    found = book.modalities.get(code) or techniques.get(code)
    if found is None or value is not None:
        raise CannotBeChanged(_("There is no such treatment or technique."))
    if not found.enabled_by_default:
        raise SaysSoAlready(_("This is switched off already. Nothing was changed."))
    return True


def _severity(code: str, value: Any, book: ProgramRulebook) -> Any:
    rule, severity = book.contraindications.get(code), book.severities.get(str(value))
    if rule is None or severity is None:
        raise CannotBeChanged(_("There is no such rule, or no such severity."))
    if severity.rank < book.severities[rule.severity].rank:
        raise WouldLoosen(
            _("A rule can only be made stricter here. The rulebook says “%(is)s”.") % {"is": rule.severity}
        )
    if severity.rank == book.severities[rule.severity].rank:
        raise SaysSoAlready(_("The rule is like that already. Nothing was changed."))
    return rule.severity


def _threshold(code: str, value: Any, book: ProgramRulebook) -> Any:
    rule = book.contraindications.get(code)
    test = adjusting.number_of(rule) if rule else None
    if rule is None or test is None:
        raise CannotBeChanged(_("This rule has no number that could be changed."))
    _refuse_unless_within(value, LARGEST_NUMBER)
    if value == test.value:
        raise SaysSoAlready(_("The rulebook says so already. Nothing was changed."))
    if rule.decision == BLOCKED and not adjusting.is_tighter(test, value):
        raise WouldLoosen(
            _("This rule forbids absolutely, so it can only be made stricter than %(value)g, never milder.")
            % {"value": test.value}
        )
    return test.value


def _gap(code: str, value: Any, book: ProgramRulebook) -> Any:
    rule = book.timing_rules.get(code)
    if rule is None:
        raise CannotBeChanged(_("There is no such rule."))
    _refuse_unless_within(value, LONGEST_GAP_DAYS if rule.unit == "days" else MOST_SESSIONS)
    if value == rule.min_gap:
        raise SaysSoAlready(_("The rulebook says so already. Nothing was changed."))
    if not adjusting.is_longer(rule, value) and not adjusting.may_be_shortened(rule):
        raise WouldLoosen(
            _("Nobody may override this rule, so it can only be made stricter than %(value)g, never milder.")
            % {"value": rule.min_gap}
        )
    return rule.min_gap


def _refuse_unless_within(value: Any, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise CannotBeChanged(_("Write a number between 0 and %(most)d.") % {"most": most})


def _refuse_unless_allowed(by: User, reason: str) -> None:
    if not by.may(Permission.RULE_CHANGE):
        raise NotAllowed(_("Only the owner or the manager may change the rules."))
    if not reason.strip():
        raise NoReason(_("Write down why. Whoever looks at the rule in a year must understand it."))


def _one_after_the_other(now: datetime) -> datetime:
    """Wait for anybody else who changes a rule, and be later than every deed before.

    A decision names the number of deeds it knew of. That is enough to find them again only if no deed is ever written
    down before an earlier one, whatever the clocks of two servers say.
    """
    list(Clinic.objects.select_for_update(no_key=True).values_list("pk"))
    moments = [moment for row in RuleChange.objects.values_list("at", "withdrawn_at") for moment in row if moment]
    return max([now, *(last + timedelta(microseconds=1) for last in moments)])


def _end(changed: RuleChange, because: str, *, by: User, at: datetime) -> None:
    changed.withdrawn_at, changed.withdrawn_by, changed.withdrawn_because = at, by, because
    changed.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_because"])
    audit.record(by, "rule.change_withdrawn", changed, kind=changed.kind, code=changed.code)


def _book(changes: list[RuleChange], *more: adjusting.Change) -> ProgramRulebook:
    version = rulebook().version
    return adjusting.adjusted(rulebook(), [*map(replay.as_rule, changes), *more], version=version)

"""Changing a plan that is being followed. It is never overwritten: each change is a new version that says why."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from people.actions import audit
from people.models import User
from people.rules.permissions import Permission
from people.rules.refusal import ChangedMeanwhile, NotAllowed, Refused
from programs.actions import offering, plan_at_home, plan_versions, plans, safety
from programs.actions.plan_at_home import AtHome
from programs.actions.safety import Treatment
from programs.models import Phase, Plan, PlannedSession, PlanVersion, SafetyDecision, TreatmentGiven
from programs.rules import notices, revising
from programs.rules.notices import Notice
from programs.rules.revising import Slot, Wish
from programs.rules.rulebook import rulebook

OUT_OF_THE_WAY = 10_000  # added to numbers that change, so that no two sessions ever have the same one


class NothingChanged(Refused):
    """A revision without anything in it."""


class CannotBeChanged(Refused):
    """A number that cannot be meant, a treatment that is not offered, or something that was given already."""


class TooCloseTogether(Refused):
    """A rule that nobody may break keeps the sessions further apart."""


class PlanChanged(ChangedMeanwhile):
    """Somebody else has revised it since the page was opened."""

    def __init__(self) -> None:
        super().__init__(_("Somebody else changed this plan meanwhile. Nothing was saved: look at it again."))


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a revision would make, and what the rules say of it."""

    before: tuple[Slot, ...]
    after: tuple[Slot, ...]
    notices: tuple[Notice, ...]

    @property
    def changed(self) -> list[Slot]:
        kept = {it.key: it for it in self.before}
        return [it for it in self.after if it.key is None or not _same_days(it, kept[it.key])]


def outlook(plan: Plan, wish: Wish, *, on: date) -> Outlook:
    """What the change would make of the sessions. Writes nothing. Three queries.

    Raises `CannotBeChanged` for a treatment or technique that is not offered, and for numbers that cannot be meant.
    """
    _refuse_nonsense(wish)
    before = tuple(slots_of(plan))
    given = {it.key for it in before if it.given_on}
    if wish.dropped & given:
        raise CannotBeChanged(_("A session that was given stays in the plan."))
    if not wish.dropped <= {it.key for it in before}:
        raise PlanChanged
    book = rulebook()
    courses = {code: it.course for code, it in book.modalities.items()}
    after = revising.revised(before, wish, courses=courses, holds=_loading_holds(), on=on)
    found = Outlook(before, after, ())
    said = notices.on_sessions(
        found.changed, after, rules=book.timing_rules.values(), events=book.timing_events, courses=courses
    )
    return replace(found, notices=tuple(said))


@transaction.atomic
def revise(
    plan: Plan, wish: Wish, at_home: AtHome | None = None, *, seen: int, why: str, by: User, now: datetime
) -> PlanVersion:
    """Change what is still to come, as a new version of the plan. What was given or is booked keeps its place.

    `seen` is the version the page showed. Raises `PlanChanged` if there is a newer one, `PlanHasEnded`,
    `NothingChanged`, `CannotBeChanged`, `NotInTheLibrary`, `TooCloseTogether`, `NotAllowed`, `HeldByRedFlag` or
    `Contraindicated` for a treatment or an exercise that must not be given as things stand, and `MustBeLookedAt` for
    an exercise whose precaution nobody has looked at.
    """
    at_home = at_home or AtHome()
    if not by.may(Permission.PLAN_EDIT):
        raise NotAllowed(_("Only a clinician changes a plan."))
    kept = plans.locked(plan)
    if kept.version != seen:
        raise PlanChanged
    if not wish and not at_home:
        raise NothingChanged(_("Nothing was changed yet."))
    if not why.strip():
        raise NothingChanged(_("Write down why the plan changes."))
    found = outlook(kept, wish, on=plans.clinic_day(now))
    if any(it.forbids for it in found.notices):
        raise TooCloseTogether(_("These sessions would be too close together. Choose a longer distance."))
    _refuse_if_unsafe(kept, found, by=by, now=now)
    plan_at_home.refuse_if_unsafe(kept, at_home, on=plans.clinic_day(now))
    kept.version += 1
    changes = [*_write_sessions(kept, found, wish), *plan_at_home.write(kept, at_home)]
    kept.ends_on = max([kept.ends_on, *(it.due_until for it in found.after)])
    kept.save(update_fields=["version", "ends_on"])
    Phase.objects.filter(plan=kept, ordinal=kept.phases.count()).update(ends_on=kept.ends_on)
    version = plan_versions.following(kept, changes=changes, why=why.strip(), by=by, now=now)
    audit.record(by, "plan.revised", kept, version=kept.version, what=sorted({it["what"] for it in changes}))
    plan.refresh_from_db()
    return version


def slots_of(plan: Plan) -> list[Slot]:
    """The sessions that stand, with the day each was given. Two queries."""
    given = dict(
        TreatmentGiven.objects.filter(session__plan=plan, was_skipped=False).values_list("session_id", "at__date")
    )
    return [as_slot(it, given.get(it.pk)) for it in plan.sessions.standing()]


def as_slot(it: PlannedSession, given_on: date | None = None) -> Slot:
    return Slot(
        key=it.pk, modality=it.modality, technique=it.technique, ordinal=it.ordinal, course_length=it.course_length,
        due_from=it.due_from, due_on=it.due_on, due_until=it.due_until, given_on=given_on,
        gap_days_min=it.gap_days_min, gap_days_target=it.gap_days_target, gap_days_max=it.gap_days_max,
        is_optional=it.is_optional, hold_loading_days=it.hold_loading_days,
    )  # fmt: skip


def _same_days(one: Slot, other: Slot) -> bool:
    return (one.due_from, one.due_on, one.due_until, one.technique) == (
        other.due_from, other.due_on, other.due_until, other.technique,
    )  # fmt: skip


def _refuse_nonsense(wish: Wish) -> None:
    offered, modalities = offering.current(), rulebook().modalities
    asked = [(it.modality, it.technique) for it in wish.more] + list(wish.techniques.items())
    for modality, technique in asked:
        known = modalities.get(modality)
        is_on = known and known.enabled_by_default and modality in offered and offered[modality].is_enabled
        if not known or not is_on or technique not in known.techniques:
            raise CannotBeChanged(_("This treatment is not offered. Choose another one."))
        if not known.techniques[technique].enabled_by_default:
            raise CannotBeChanged(_("This technique is switched off. Choose another one."))
    if revising.nonsense(wish) or not wish.every_days.keys() <= modalities.keys():
        raise CannotBeChanged(_("Choose 1 to 30 sessions, 1 to 365 days apart."))


def _loading_holds() -> dict[str, int]:
    rows = [it for template in rulebook().templates.values() for phase in template.phases for it in phase.sessions]
    return {it.technique: it.hold_loading_days for it in rows if it.hold_loading_days}


def _refuse_if_unsafe(plan: Plan, found: Outlook, *, by: User, now: datetime) -> None:
    had = {(it.modality, it.technique) for it in found.before}
    new = {(it.modality, it.technique): it.due_on for it in reversed(found.changed)}
    wanted = [Treatment(modality, day, technique) for (modality, technique), day in sorted(new.items())]
    words = _("A treatment of this change must not be given as things stand. The safety page says which and why.")
    # More of what the plan has already is asked again: a sign may have been found since it was planned.
    more = {(it.modality, it.technique) for it in found.changed if it.key is None}
    asked = [it for it in wanted if (it.modality, it.technique) in more or (it.modality, it.technique) not in had]
    safety.decide(plan.patient, asked, SafetyDecision.Moment.PLANNED, by=by, now=now, words=words)


def _write_sessions(plan: Plan, found: Outlook, wish: Wish) -> list[dict[str, Any]]:
    rows = {it.pk: it for it in plan.sessions.standing()}
    gone = [rows[key] for key in wish.dropped]
    PlannedSession.objects.filter(pk__in=wish.dropped).update(dropped_in=plan.version)
    phases = list(plan.phases.all())
    write_days(rows, [it for it in found.after if it.key])
    PlannedSession.objects.bulk_create(
        PlannedSession(
            plan=plan, phase=_phase_on(phases, it.due_on), modality=it.modality, technique=it.technique,
            **_numbers(it),
        )
        for it in found.after
        if it.key is None
    )  # fmt: skip
    return list(_said(wish, gone))


def write_days(rows: Mapping[UUID, PlannedSession], slots: Sequence[Slot]) -> None:
    """Give the sessions the numbers and days of the slots. Part of a deed that holds the plan."""
    changed = [it for it in slots if it.key and as_slot(rows[it.key], it.given_on) != it]
    moved = PlannedSession.objects.filter(pk__in=[it.key for it in changed])
    moved.update(ordinal=F("ordinal") + OUT_OF_THE_WAY)
    for it in changed:
        row = rows[it.key] if it.key else PlannedSession()
        for name, value in ({"technique": it.technique} | _numbers(it)).items():
            setattr(row, name, value)
    PlannedSession.objects.bulk_update(
        [rows[it.key] for it in changed if it.key], ["technique", *_numbers(changed[0])] if changed else ["technique"]
    )


def _numbers(it: Slot) -> dict[str, Any]:
    left_out = ("key", "modality", "technique", "given_on")
    return {name: value for name, value in asdict(it).items() if name not in left_out}


def _phase_on(phases: Sequence[Phase], day: date) -> Phase:
    return next((it for it in phases if day <= it.ends_on), phases[-1])


def _said(wish: Wish, gone: Collection[PlannedSession]) -> Iterable[dict[str, Any]]:
    for more in wish.more:
        yield {"what": "sessions_added"} | asdict(more)
    for row in sorted(gone, key=lambda it: (it.modality, it.ordinal)):
        yield {"what": "session_dropped", "modality": row.modality, "ordinal": row.ordinal, "session": str(row.pk)}
    for modality, days in wish.every_days.items():
        yield {"what": "spacing_changed", "modality": modality, "every_days": days}
    for modality, technique in wish.techniques.items():
        yield {"what": "technique_changed", "modality": modality, "technique": technique}

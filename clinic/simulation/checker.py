"""Whether each treatment that was given keeps every rule: plain Python over the text of the knowledge files.

Nothing here is shared with what decides at the clinic. It is slow and plain on purpose.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from typing import Any

from clinic.simulation import against
from clinic.simulation.rows import Book, File, Given
from clinic.simulation.text import text
from programs.models import PlannedSession

FRESH = timedelta(days=7)  # a score from that long before a checkpoint still speaks for it


@dataclass(frozen=True, slots=True)
class Breach:
    template: str
    patient: str
    on: date
    what: str


def breaches(book: Book) -> list[Breach]:
    """Every rule that a treatment breaks, by patient and day."""
    found = []
    for file in book.files:
        for nth, it in enumerate(file.given):
            said = [*_of_one(file, it, file.given[:nth]), *_away(book, it)]
            found += [_breach(file, it, what) for what in said]
    found += [_breach(file, then, what) for file, then, what in _in_two_places(book)]
    for package, used in book.packages:
        if package.left < 0 or package.left != package.sessions - used:
            found.append(Breach("packages", str(package.patient), package.bought_on, f"{package.left} sessions left"))
    return found


def _breach(file: File, it: Given, what: str) -> Breach:
    session = it.row.session
    nth = f" {session.ordinal}" if session else ""
    words = f"{it.row.modality}{nth} ({it.row.technique}): {what}"
    return Breach(file.patient.family_name, file.patient.given_name, it.on, words)


def _of_one(file: File, it: Given, before: list[Given]) -> Iterator[str]:
    yield from against.contraindicated(file, it, before)
    yield from _timing(file, it, before)
    yield from _consents(file, it)
    yield from _licence(it)
    if it.visit is None:
        yield "without a visit that was done"
    session = it.row.session
    if session is None:
        yield "of no plan"
        return
    yield from _course(session, it, before)
    yield from _plan(session, file, it)
    yield from _checkpoints(session, file, it)


def _timing(file: File, it: Given, before: list[Given]) -> Iterator[str]:
    lifted = against.lifted(file, it)
    for rule in text().interactions:
        if rule["strength"] != "hard" or rule["code"] in lifted:
            continue
        if rule["unit"] == "sessions":
            yield from _unseen(file, it, before, rule)
        for other in before if rule["unit"] == "days" else ():
            if _speaks_of(rule, other, it) and (it.on - other.on).days < rule["min_gap"]:
                yield f"{(it.on - other.on).days} days after {other.row.modality}: {rule['code']}"


def _speaks_of(rule: dict[str, Any], first: Given, then: Given) -> bool:
    if rule["same_region_only"] and not against.same_place(first, then):
        return False
    ways = [(first, then), (then, first)] if rule.get("symmetric") else [(first, then)]
    return any(
        _is(one, [rule["first"]], rule["first_techniques"])
        and _is(other, [rule["then"], *rule.get("also", [])], rule["then_techniques"])
        for one, other in ways
    )


def _is(it: Given, codes: list[str], techniques: list[str]) -> bool:
    return it.row.modality in codes and (not techniques or it.row.technique in techniques)


def _unseen(file: File, it: Given, before: list[Given], rule: dict[str, Any]) -> Iterator[str]:
    """After so many sessions somebody looks whether it helps, without giving anything, before the next one."""
    if rule["first"] != it.row.modality:
        return
    given_at = {other.row.assessment_id for other in file.given}
    looks = [note.signed_at for note in file.looks if note.kind == "first" or note.pk not in given_at]
    last = max((at for at in looks if at and at < it.row.at), default=None)
    since = [other for other in before if other.row.modality == it.row.modality and (not last or other.row.at > last)]
    if len(since) >= rule["min_gap"]:
        yield f"{len(since)} sessions without a review: {rule['code']}"


def _consents(file: File, it: Given) -> Iterator[str]:
    needed: list[str] = []
    asked = list(text().modalities[it.row.modality]["consents"])
    while asked:
        code = asked.pop()
        if code not in needed:
            needed.append(code)
            asked += text().consents[code].get("requires", [])
    for code in needed:
        if not any(
            row.code == code and row.signed_at <= it.row.at and row.valid_from <= it.on <= row.valid_until
            and (row.withdrawn_at is None or row.withdrawn_at > it.row.at)
            for row in file.consents
        ):  # fmt: skip
            yield f"without {code}"


def _licence(it: Given) -> Iterator[str]:
    treatment = text().modalities[it.row.modality]
    technique = next(one for one in treatment["technique"] if one["code"] == it.row.technique)
    allowed = technique.get("performed_by") or treatment["performed_by"]
    if it.row.by.profession not in allowed:
        yield f"given by a {it.row.by.profession}"
    if not treatment["enabled_by_default"] or not technique["enabled_by_default"]:
        yield "it is switched off"


def _course(session: PlannedSession, it: Given, before: list[Given]) -> Iterator[str]:
    limits = text().modalities[it.row.modality]["course"]
    mine = [
        other for other in before
        if other.row.session and other.row.session.plan_id == session.plan_id and other.row.modality == it.row.modality
    ]  # fmt: skip
    if len(mine) + 1 > limits["sessions_max"]:
        yield f"session {len(mine) + 1} of at most {limits['sessions_max']}"
    if mine and mine[-1].row.session:
        previous = mine[-1].row.session
        later = session if session.ordinal > previous.ordinal else previous
        apart, least = (it.on - mine[-1].on).days, max(later.gap_days_min or 0, limits["gap_days_min"])
        if apart < least:
            yield f"{apart} days after session {previous.ordinal}, at least {least}"


def _plan(session: PlannedSession, file: File, it: Given) -> Iterator[str]:
    plan = session.plan
    for pause in file.pauses:
        is_over = pause.resumed_at is not None and pause.resumed_at <= it.row.at
        if pause.plan_id == plan.pk and pause.at <= it.row.at and not is_over:
            yield "during a pause"
    if plan.ended_at and plan.ended_at < it.row.at:
        yield "after the plan had ended"
    if any(
        version.plan_id == plan.pk and version.number == session.dropped_in and version.at < it.row.at
        for version in file.versions
    ):
        yield "after it was taken out of the plan"
    twice = [other for other in file.given if other.row.session_id == session.pk and other.row.at < it.row.at]
    if twice:
        yield "given a second time"


def _checkpoints(session: PlannedSession, file: File, it: Given) -> Iterator[str]:
    for point in file.checkpoints:
        is_decided = point.decided_at is not None and point.decided_at <= it.row.at
        is_due = point.plan_id == session.plan_id and point.due_on < it.on
        if is_due and not is_decided and not _is_clear(file, point, it):
            yield f"checkpoint of {point.due_on} was not decided"


def _is_clear(file: File, point: Any, it: Given) -> bool:
    """One scale is better by its threshold, and none is worse by it."""
    said = [_change(file, point, it, scale) for scale in ("nprs", "ndi") if scale in point.measures]
    return any(by > 0 for by in said) and not any(by < 0 for by in said)


def _change(file: File, point: Any, it: Given, scale: str) -> int:
    name = {"nprs": "current", "ndi": "raw_equivalent"}[scale]
    limits = text().thresholds[scale]
    least = min(limits[grade] for grade in ("meaningful", "probable") if grade in limits)
    rows = [row for row in file.outcomes if row.measure == scale and row.at < it.row.at and name in row.values]
    earlier = [row for row in rows if row.on <= point.plan.starts_on]
    later = [row for row in rows if row.on >= point.due_on - FRESH]
    first = earlier[-1] if earlier else rows[0] if rows else None
    if first is None or not later or later[-1] is first:
        return 0
    better = first.values[name] - later[-1].values[name]
    return 0 if abs(better) < least else 1 if better > 0 else -1


def _away(book: Book, it: Given) -> Iterator[str]:
    if it.visit is None:
        return
    for resource, begins, ends in book.absences:
        for held, kind, since, until in it.holds:
            if held == resource and since < ends and begins < until:
                yield f"the {kind} was away"


def _in_two_places(book: Book) -> Iterator[tuple[File, Given, str]]:
    held: dict[Any, list[tuple[Any, Any, str, File, Given]]] = {}
    for file in book.files:
        for it in file.given:
            for what, *span in _keeps(file, it):
                held.setdefault(what, []).append((*span, file, it))
    for spans in held.values():
        for one, other in combinations(sorted(spans, key=lambda span: span[0]), 2):
            if other[0] < one[1]:
                yield other[3], other[4], f"the {other[2]} was in two places"


def _keeps(file: File, it: Given) -> Iterator[Any]:
    """Who and what could be nowhere else, from when to when."""
    for resource, kind, since, until in it.holds:
        yield resource, since, until, kind
    if it.visit:
        for who in (("patient", file.patient.pk), ("clinician", it.visit.clinician_id)):
            yield who, it.visit.starts_at, it.visit.ends_at, who[0]

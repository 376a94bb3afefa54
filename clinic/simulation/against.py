"""What was known of a patient at a moment, and which contraindications then stood against a treatment."""

import operator
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

from clinic.simulation.rows import File, Given
from clinic.simulation.text import text

COMPARED: Final = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "is": operator.is_,
}  # fmt: skip
COUNTED_FROM: Final = {"days_since_prp": "prp", "days_since_last_dn_same_region": "dry_needling"}
HOLDS_DAYS: Final = 30  # where the facts say nothing else
EVERYTHING: Final = "all"


def contraindicated(file: File, it: Given, before: list[Given]) -> Iterator[str]:
    """The absolute rules that fire, and the relative ones that nobody had unlocked."""
    known, unlocked = known_at(file, it, before), lifted(file, it)
    for rule in text().contraindications:
        is_meant = rule["modality"] == it.row.modality and (
            not rule["techniques"] or it.row.technique in rule["techniques"]
        )
        if not is_meant or rule["severity"] not in {"absolute", "relative"} or not _fires(rule, known):
            continue
        if rule["severity"] == "absolute" or rule["code"] not in unlocked:
            yield f"{rule['severity']}: {rule['code']}"


def lifted(file: File, it: Given) -> set[str]:
    """The rules that a clinician had unlocked for this treatment at that moment."""
    return {
        code
        for row in file.unlocked
        if row.modality == it.row.modality and row.at <= it.row.at and row.on <= it.on <= row.until
        and (row.revoked_at is None or row.revoked_at > it.row.at)
        for code in row.rules
    }  # fmt: skip


def _fires(rule: dict[str, Any], known: dict[str, Any]) -> bool:
    return all(
        test["fact"] in known and COMPARED[test["op"]](known[test["fact"]], test["value"]) for test in rule["when"]
    )


def known_at(file: File, it: Given, before: list[Given]) -> dict[str, Any]:
    """The last word on every fact. A yes counts until somebody says otherwise, all else as long as the fact holds."""
    at, on = it.row.at, it.on
    known: dict[str, Any] = {}
    said_on: dict[str, date] = {}
    for row in file.facts:  # oldest first
        if row.at <= at and row.on <= on:
            said_on[row.code] = row.on
            known[row.code] = row.value
    for code in list(known):
        known[code] = _still(code, known[code], (on - said_on[code]).days)
    known = {code: value for code, value in known.items() if value is not None}
    _count(known, said_on, it, before)
    known["red_flag_uncleared"] = it.row.modality in held(file, at)
    if _refuses(known, it.row.modality):
        known["refuses_consent"] = True
    born = file.patient.birth_date
    if born:
        known["age_years"] = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
        known["growth_plates_open"] = known["age_years"] < 18
    return known


def _still(code: str, value: Any, days: int) -> Any:
    fact = text().facts.get(code, {})
    if value is not True and days >= fact.get("holds_days", HOLDS_DAYS):
        return None
    counts = fact.get("value_type") == "number" and fact.get("unit") == "days"
    return value + days if counts and value is not None else value


def _count(known: dict[str, Any], said_on: dict[str, date], it: Given, before: list[Given]) -> None:
    for fact, modality in COUNTED_FROM.items():
        earlier = [other.on for other in before if other.row.modality == modality and same_place(it, other)]
        if earlier and (fact not in known or said_on[fact] <= max(earlier)):
            known[fact] = (it.on - max(earlier)).days


def same_place(one: Given, other: Given) -> bool:
    """No place written down may be any place."""
    return not one.row.regions or not other.row.regions or bool(set(one.row.regions) & set(other.row.regions))


def _refuses(known: dict[str, Any], modality: str) -> bool:
    needed = set(text().modalities[modality]["consents"])
    needed |= {more for code in needed for more in text().consents[code].get("requires", [])}
    return any(known.get(f"refuses_consent:{code}") is True for code in needed)


def held(file: File, at: datetime) -> set[str]:
    """The treatments that a warning sign which was open then keeps back."""
    blocks: set[str] = set()
    for row in file.signs:
        if row.raised_at <= at and (row.cleared_at is None or row.cleared_at > at):
            blocks.update(text().signs[row.code]["blocks"], text().least_blocked[row.urgency])
    return {code for block in blocks for code in text().groups.get(block, [block])}

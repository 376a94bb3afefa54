"""Everything the rules look at before a treatment, read in one query."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import JSONObject

from patients.models import Assessment, Fact, Intake, Patient, RedFlag
from patients.rules.facts import Statement, Value, known_on
from patients.rules.rulebook import rulebook as patients_rulebook
from people.models import Clinic
from programs.models import Override
from programs.rules.rulebook import rulebook

EVERYTHING = "all"


@dataclass(frozen=True, slots=True)
class Unlocked:
    """What a clinician has unlocked, and for how long."""

    modality: str
    rules: tuple[str, ...]
    on: date
    until: date

    def covers(self, modality: str, day: date) -> bool:
        return self.modality == modality and self.on <= day <= self.until


@dataclass(frozen=True, slots=True)
class SafetyFile:
    """One patient's, as it stands now."""

    birth_date: date | None
    statements: tuple[Statement, ...]
    flags: tuple[tuple[str, str], ...]  # code and urgency of every open warning sign
    left_open: tuple[str, ...]  # grave questions that nobody has answered since
    unlocked: tuple[Unlocked, ...]
    screened_on: date | None  # the day of the last full screen

    def known_on(self, day: date) -> dict[str, Value]:
        return known_on(day, self.statements, birth_date=self.birth_date, facts=patients_rulebook().facts)

    def is_screened_on(self, day: date) -> bool:
        """Whether the last full screen is recent enough for its "no" to count on that day."""
        again = timedelta(days=patients_rulebook().triage_rule.reask_days)
        return self.screened_on is not None and day - self.screened_on < again

    def held(self) -> frozenset[str]:
        """The modalities that an open warning sign holds back, or a grave question without an answer."""
        book = patients_rulebook()
        blocks: set[str] = set()
        for code, urgency in self.flags:
            rule = book.red_flags.get(code)
            # A flag or an urgency that a newer rulebook no longer knows holds everything: never less than before.
            blocks.update(rule.blocks if rule else [EVERYTHING])
            blocks.update(book.min_blocks.get(urgency, [EVERYTHING]))
        for code in self.left_open:
            # For booking an unanswered question counts as a yes: unknown is never "no".
            left = book.red_flags.get(code)
            blocks.update([*left.blocks, *book.min_blocks.get(left.urgency, ())] if left else [EVERYTHING])
        return rulebook().modalities_blocked_by(blocks)


def read(patient: Patient) -> SafetyFile:
    """One query."""
    own = OuterRef("pk")
    flags = RedFlag.objects.open().filter(patient=own)
    facts = Fact.objects.filter(patient=own).last_words()
    unlocked = Override.objects.filter(patient=own, revoked_at=None)
    forms = Intake.objects.screens().filter(patient=own).order_by("-submitted_at")
    complete = forms.filter(triage__unanswered=[])
    signed = Assessment.objects.filter(patient=own, signed_at__isnull=False).order_by("-signed_at")
    row = (
        Patient.objects.filter(pk=patient.pk)
        .annotate(
            flags_now=ArraySubquery(flags.values(json=JSONObject(code="code", urgency="urgency"))),
            facts_now=ArraySubquery(facts.values(json=JSONObject(code="code", value="value", on="on"))),
            unlocked_now=ArraySubquery(
                unlocked.values(json=JSONObject(modality="modality", rules="rules", on="on", until="until"))
            ),
            form_at=Subquery(forms.values("submitted_at")[:1]),
            form_left=Subquery(forms.annotate(left=F("triage__unanswered")).values("left")[:1]),
            complete_at=Subquery(complete.values("submitted_at")[:1]),
            signed_at=Subquery(signed.values("signed_at")[:1]),
            zone=Subquery(Clinic.objects.values("time_zone")[:1]),
        )
        .values(
            "birth_date", "flags_now", "facts_now", "unlocked_now", "form_at", "form_left", "complete_at", "signed_at",
            "zone",
        )
        .get()
    )  # fmt: skip
    return _file(row)


def _file(row: Mapping[str, Any]) -> SafetyFile:
    examined = row["signed_at"] and row["form_at"] and row["signed_at"] > row["form_at"]
    screens: list[datetime] = [moment for moment in (row["complete_at"], row["signed_at"]) if moment]
    zone = ZoneInfo(row["zone"] or "UTC")
    return SafetyFile(
        birth_date=row["birth_date"],
        statements=tuple(Statement(it["code"], it["value"], date.fromisoformat(it["on"])) for it in row["facts_now"]),
        flags=tuple((it["code"], it["urgency"]) for it in row["flags_now"]),
        left_open=() if examined else tuple(row["form_left"] or ()),
        unlocked=tuple(
            Unlocked(it["modality"], tuple(it["rules"]), date.fromisoformat(it["on"]), date.fromisoformat(it["until"]))
            for it in row["unlocked_now"]
        ),
        screened_on=max(screens).astimezone(zone).date() if screens else None,
    )

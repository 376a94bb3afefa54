"""Everything the rules look at before a treatment, read in one query."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from patients.models import Patient
from patients.rules.facts import Statement, Value, declined, known_on
from patients.rules.rulebook import rulebook as patients_rulebook
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

    def refuses(self, modality: str) -> bool:
        """Whether she declined one of the documents that this treatment needs."""
        told, known = declined(self.statements), patients_rulebook().consents
        needed = rulebook().modalities[modality].consents
        return any(told.intersection([code, *known[code].requires]) for code in needed)

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


# By hand: the ORM took four times as long to write this statement as PostgreSQL to answer it, at every booking.
_EVERYTHING = """
SELECT
  p.birth_date,
  (SELECT jsonb_agg(jsonb_build_array(f.code, f.urgency))
     FROM patients_redflag f WHERE f.patient_id = p.id AND f.cleared_at IS NULL),
  (SELECT jsonb_agg(jsonb_build_array(s.code, s.value, s."on"))
     FROM (SELECT DISTINCT ON (code) code, value, "on" FROM patients_fact
           WHERE patient_id = p.id ORDER BY code, "on" DESC, at DESC, id DESC) s),
  (SELECT jsonb_agg(jsonb_build_array(o.modality, o.rules, o."on", o.until))
     FROM programs_override o WHERE o.patient_id = p.id AND o.revoked_at IS NULL),
  form.submitted_at,
  form.triage -> 'unanswered',
  (SELECT max(i.submitted_at) FROM patients_intake i
     WHERE i.patient_id = p.id AND i.triage -> 'unanswered' = '[]'::jsonb),
  (SELECT max(a.signed_at) FROM patients_assessment a WHERE a.patient_id = p.id),
  (SELECT c.time_zone FROM people_clinic c)
FROM patients_patient p
LEFT JOIN LATERAL (
  SELECT submitted_at, triage FROM patients_intake
  WHERE patient_id = p.id AND submitted_at IS NOT NULL ORDER BY submitted_at DESC LIMIT 1
) form ON true
WHERE p.id = %s
"""


def read(patient: Patient) -> SafetyFile:
    """One query."""
    with connection.cursor() as cursor:
        cursor.execute(_EVERYTHING, [patient.pk])
        row = cursor.fetchone()
    if row is None:
        raise Patient.DoesNotExist
    born, flags, facts, unlocked, form_at, left, complete_at, signed_at, zone = row
    screens: list[datetime] = [moment for moment in (complete_at, signed_at) if moment]
    is_examined = signed_at and form_at and signed_at > form_at
    return SafetyFile(
        birth_date=born,
        statements=tuple(Statement(code, value, _day(on)) for code, value, on in _rows(facts)),
        flags=tuple((code, urgency) for code, urgency in _rows(flags)),
        left_open=() if is_examined else tuple(_rows(left)),
        unlocked=tuple(
            Unlocked(code, tuple(rules), _day(on), _day(until)) for code, rules, on, until in _rows(unlocked)
        ),
        screened_on=max(screens).astimezone(ZoneInfo(zone or "UTC")).date() if screens else None,
    )


def _rows(found: str | None) -> list[Any]:
    return json.loads(found) if found else []


_day = date.fromisoformat

"""Everything the rules look at before a treatment, read in one query."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from patients.models import Patient
from patients.rules.facts import Statement, Value, declined, known_on
from patients.rules.rulebook import rulebook as patients_rulebook
from programs.rules import adjusting, pacing
from programs.rules.pacing import NO_PACE, Pace, Session
from programs.rules.rulebook import ProgramRulebook

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
class Nearby:
    """What else counts besides what the record holds, by who asks.

    `booked` are the patient's other visits, which only the houses to the right know. `sitting` is the note of the
    visit that is asked about. A plan has no days yet, so its treatments are not held against each other.
    """

    booked: tuple[Session, ...] = ()
    sitting: UUID | None = None
    is_plan: bool = False
    is_ahead: bool = False  # a booking: whether somebody will have looked at it by then is asked when it begins


TODAY: Final = Nearby()
AHEAD: Final = Nearby(is_ahead=True)


@dataclass(frozen=True, slots=True)
class SafetyFile:
    """One patient's, as it stands now."""

    birth_date: date | None
    statements: tuple[Statement, ...]
    flags: tuple[tuple[str, str], ...]  # code and urgency of every open warning sign
    left_open: tuple[str, ...]  # grave questions that nobody has answered since
    unlocked: tuple[Unlocked, ...]
    screened_on: date | None  # the day of the last full screen
    book: ProgramRulebook  # with what the clinic has changed
    given: tuple[Session, ...]  # of each treatment at each place the last two: one may be of this very visit
    unlooked: Mapping[str, Sequence[str]]  # by treatment the notes since a clinician last looked whether it helps

    def known_on(self, day: date, *, sitting: UUID | None = None, regions: Collection[str] = ()) -> dict[str, Value]:
        """What was said and measured, and what the treatments given here count by themselves.

        `sitting` is the note of the visit that is asked about: what was written down with it has not happened before.
        `regions` are the places that are asked about, if they are chosen.
        """
        known = known_on(day, self.statements, birth_date=self.birth_date, facts=patients_rulebook().facts)
        said_on = {said.code: said.on for said in self.statements if said.on <= day}
        for fact, (days, given_on) in pacing.days_since(day, self.given_before(sitting), regions).items():
            # A statement from after the treatment knows more, such as one that was given elsewhere.
            if fact not in known or said_on.get(fact, given_on) <= given_on:
                known[fact] = days
        return known

    def pace(self, asked: Session, others: Iterable[Session], nearby: Nearby) -> Pace:
        """What else was given, is booked or is asked for with it, as far as a timing rule looks at it."""
        if nearby.is_plan:
            return NO_PACE
        around = [*self.given_before(nearby.sitting), *nearby.booked]
        if nearby.is_ahead:
            return Pace(tuple(pacing.pairs(asked, [*around, *others], book=self.book)))
        notes = self.unlooked.get(asked.modality, ())
        unlooked = sum(note != str(nearby.sitting) for note in notes)
        return Pace(tuple(pacing.pairs(asked, around, book=self.book)), unlooked)

    def given_before(self, sitting: UUID | None) -> list[Session]:
        return [it for it in self.given if sitting is None or it.sitting != sitting]

    def refuses(self, modality: str) -> bool:
        """Whether she declined one of the documents that this treatment needs."""
        told, known = declined(self.statements), patients_rulebook().consents
        needed = self.book.modalities[modality].consents
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
        return self.book.modalities_blocked_by(blocks)


# By hand: the ORM took four times as long to write this statement as PostgreSQL to answer it, at every booking.
_EVERYTHING = """
SELECT
  p.id,
  p.birth_date,
  (SELECT jsonb_agg(jsonb_build_array(f.code, f.urgency))
     FROM patients_redflag f WHERE f.patient_id = p.id AND f.cleared_at IS NULL),
  (SELECT jsonb_agg(jsonb_build_array(s.code, s.value, s."on"))
     FROM (SELECT DISTINCT ON (code) code, value, "on" FROM patients_fact
           WHERE patient_id = p.id ORDER BY code, "on" DESC, at DESC, nth DESC) s),
  (SELECT jsonb_agg(jsonb_build_array(o.modality, o.rules, o."on", o.until))
     FROM programs_override o WHERE o.patient_id = p.id AND o.revoked_at IS NULL),
  form.submitted_at,
  form.triage -> 'unanswered',
  (SELECT max(i.submitted_at) FROM patients_intake i
     WHERE i.patient_id = p.id AND i.triage -> 'unanswered' = '[]'::jsonb),
  (SELECT max(a.signed_at) FROM patients_assessment a WHERE a.patient_id = p.id),
  (SELECT c.time_zone FROM people_clinic c),
  (SELECT jsonb_build_array(
       count(*) + count(withdrawn_at),
       jsonb_agg(jsonb_build_array(kind, code, value) ORDER BY id) FILTER (WHERE withdrawn_at IS NULL))
     FROM programs_rulechange),
  (SELECT jsonb_agg(jsonb_build_array(g.modality, g.technique, g.regions, g.at, g.assessment_id, g.is_open))
     FROM (SELECT t.modality, t.technique, t.regions, t.at, t.assessment_id, a.signed_at IS NULL AS is_open,
             row_number() OVER (PARTITION BY t.modality, t.technique, t.regions ORDER BY t.at DESC) AS nth
           FROM programs_treatmentgiven t JOIN patients_assessment a ON a.id = t.assessment_id
           WHERE t.patient_id = p.id AND NOT t.was_skipped) g
     WHERE g.nth <= 2),
  (SELECT jsonb_object_agg(g.modality, g.sittings)
     FROM (SELECT t.modality, jsonb_agg(DISTINCT t.assessment_id) AS sittings
           FROM programs_treatmentgiven t
           WHERE t.patient_id = p.id AND NOT t.was_skipped AND NOT EXISTS (
             -- Looked at: a first assessment, or a visit at which nothing was given.
             SELECT 1 FROM patients_assessment a
             WHERE a.patient_id = p.id AND a.signed_at > t.at AND a.id <> t.assessment_id
               AND (a.kind = 'first' OR NOT EXISTS (
                 SELECT 1 FROM programs_treatmentgiven o WHERE o.assessment_id = a.id AND NOT o.was_skipped)))
           GROUP BY t.modality) g)
FROM patients_patient p
LEFT JOIN LATERAL (
  SELECT submitted_at, triage FROM patients_intake
  WHERE patient_id = p.id AND submitted_at IS NOT NULL ORDER BY submitted_at DESC LIMIT 1
) form ON true
WHERE p.id = ANY(%s)
"""


def read(patient: Patient) -> SafetyFile:
    """One query."""
    files = of_all([patient.pk])
    if not files:
        raise Patient.DoesNotExist
    return files[patient.pk]


def of_all(patient_ids: Collection[UUID]) -> dict[UUID, SafetyFile]:
    """Of many patients at once, by patient. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_EVERYTHING, [list(patient_ids)])
        return {row[0]: _file(row[1:]) for row in cursor.fetchall()}


def _file(row: Sequence[Any]) -> SafetyFile:
    born, flags, facts, unlocked, form_at, left, complete_at, signed_at, zone, changes, given, unlooked = row
    here = ZoneInfo(zone or "UTC")
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
        screened_on=max(screens).astimezone(here).date() if screens else None,
        book=adjusting.as_kept(changes),
        given=tuple(_session(it, here) for it in _rows(given)),
        unlooked=json.loads(unlooked) if unlooked else {},
    )


def _session(row: list[Any], here: ZoneInfo) -> Session:
    modality, technique, regions, at, sitting, is_open = row
    on = datetime.fromisoformat(at).astimezone(here).date()
    return Session(modality, on, technique, tuple(regions), UUID(sitting), is_open)


def _rows(found: str | None) -> list[Any]:
    return json.loads(found) if found else []


_day = date.fromisoformat

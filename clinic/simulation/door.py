"""One visit of the simulation, from the door to the signed note, as the staff's pages do it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, cast
from uuid import uuid4

from clinic.appointments.actions import assessing, attendance
from clinic.appointments.models import Appointment
from clinic.appointments.rules.status import Status
from clinic.simulation import story
from clinic.simulation.story import Told
from patients.actions import assessments, consents
from patients.models import Assessment, Patient
from patients.rules.consent_texts import ConsentMissing, Signature
from people.models import User
from people.rules.refusal import Refused
from programs.actions import safety, treatments
from programs.actions.safety import Standing, Treatment
from programs.actions.treatments import Given
from programs.models import Plan
from programs.rules.contraindications import OVERRIDE_REQUIRED
from programs.rules.rulebook import rulebook

WAITS = timedelta(minutes=4)
KIT_LASTS = timedelta(days=300)


def agree(patient: Patient, modalities: set[str], *, by: User, now: datetime, on: date) -> None:
    """Every document that these treatments ask for is read and signed."""
    codes = sorted({code for modality in modalities for code in rulebook().modalities[modality].consents})
    for document in consents.missing_of(patient, codes, on=on):
        witness = "Rosa Bianchi" if document.witness_required else ""
        signature = Signature(signed_name=patient.full_name, witness=witness)
        consents.sign(patient, document.code, signature, slip=uuid4(), by=by, now=now)


def decided(draft: Assessment, *, by: User, now: datetime) -> Assessment:
    """What is done about a grave sign that stays open: the note is not signed without it."""
    if not assessments.open_grave_flags(draft.patient).exists():
        return draft
    told = draft.told | {"decision": {"what": "called"}}
    return assessments.save(draft, revision=draft.revision, by=by, now=now, told=told)


@dataclass(slots=True)
class Door:
    """Where one visit of one patient is lived."""

    visit: Appointment
    chance: Random
    told: Told
    desk: User
    pain: int
    region: str

    def come(self) -> bool:
        """Let the patient in. False if a rule keeps the visit from beginning."""
        for _n in range(2):
            try:
                if self.visit.status != Status.ARRIVED:
                    self._step(Status.ARRIVED, self.visit.starts_at - WAITS)
                self._step(Status.IN_ROOM, self.visit.starts_at)
                return True
            except ConsentMissing:
                self.told.refused["at the door: ConsentMissing"] += 1
                if self.chance.random() < 0.1:
                    return False
                day = self.visit.local_start.date()
                agree(self.visit.patient, {self.visit.service_code}, by=self.by, now=self.visit.starts_at, on=day)
            except Refused as no:
                self.told.refused["at the door: " + type(no).__name__] += 1
                return False
        return False

    @property
    def by(self) -> User:
        return cast(User, self.visit.clinician.user)

    def _step(self, status: Status, at: datetime) -> None:
        self.visit = attendance.set_status(self.visit, status, was=self.visit.status, by=self.desk, now=at)

    def treat(self, examined: dict[str, Any]) -> bool:
        """Ask, examine, treat and sign. False if the treatment was left out."""
        at = self.visit.starts_at + timedelta(minutes=10)
        draft = assessing.open_assessment(self.visit, by=self.by, now=self.visit.starts_at)
        draft = assessments.save(
            draft, revision=draft.revision, by=self.by, now=at, pain_now=self.pain, examined=examined,
            told={"worst": min(10, self.pain + 2)}, next_steps="As decided today.",
        )  # fmt: skip
        draft = assessments.ask_again(draft, revision=draft.revision, by=self.by, now=at)
        was_given = self._sign(decided(draft, by=self.by, now=at), at)
        self._step(Status.DONE, self.visit.ends_at)
        self.told.counts["delivered" if was_given else "left out"] += 1
        return was_given

    def _sign(self, draft: Assessment, at: datetime) -> bool:
        note = f"Said: worst pain {min(10, self.pain + 2)}."
        session = self.visit.session
        try:
            treatments.sign_visit(draft, [self._given(draft, at)], note=note, by=self.by, now=at)
            return True
        except Refused as no:
            self.told.refused["at the couch: " + type(no).__name__] += 1
        left = Given(modality=self.visit.service_code, session=session, was_skipped=True, note="A rule is against it.")
        treatments.sign_visit(draft, [left], note=note, by=self.by, now=at)
        return False

    def _given(self, draft: Assessment, at: datetime) -> Given:
        modality, session = self.visit.service_code, self.visit.session
        technique = session.technique if session else ""
        standing = self._standing(Treatment(modality, self.visit.local_start.date(), technique), draft, at)
        product: dict[str, Any] = {}
        if modality in {"prp", "prolotherapy"}:
            product = {"lot": "SIM-1", "expires_on": at.date() + KIT_LASTS, "guidance": "ultrasound"}
        return Given(
            modality=modality,
            technique=technique,
            regions=(self.region,),
            dose=story.DOSES.get(modality, {}),
            reaction="none",
            read=frozenset(it.rule.code for it in standing.judgement.findings),
            session=session,
            **product,
        )

    def _standing(self, wanted: Treatment, draft: Assessment, at: datetime) -> Standing:
        """What the page shows before the treatment; some of what may be unlocked is unlocked."""
        history = treatments.known_here(draft)
        (found,) = safety.standings(self.visit.patient, [wanted], history=history)
        may = self.by.profession in found.judgement.override_roles
        if found.status == OVERRIDE_REQUIRED and may and self.chance.random() < 0.5:
            try:
                safety.override(
                    self.visit.patient, wanted, reason="Looked at together; the benefit is greater.",
                    until=wanted.on + timedelta(days=14), by=self.by, now=at,
                )  # fmt: skip
                self.told.counts["unlocked"] += 1
            except Refused as no:
                self.told.refused["unlocking: " + type(no).__name__] += 1
        return found


def look_again(plan: Plan, *, pain: int, by: User, now: datetime) -> None:
    """A review at which nothing is given: the clinician only looks how it goes."""
    draft = assessments.start(plan.patient, by=by, now=now, kind=Assessment.Kind.FOLLOW_UP)
    draft = assessments.save(
        draft, revision=draft.revision, by=by, now=now, pain_now=pain, next_steps="As decided at the review.",
        told={"worst": min(10, pain + 2)},
    )  # fmt: skip
    draft = assessments.ask_again(draft, revision=draft.revision, by=by, now=now)
    draft = decided(draft, by=by, now=now)
    treatments.sign_visit(draft, [], note=f"Said: pain {pain}.", by=by, now=now)

"""What the demo's clinicians wrote: signed follow-ups with treatments and scores, and what followed from some."""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

from clinic.appointments.actions import assessing
from clinic.appointments.models import Appointment
from clinic.appointments.rules.status import Status
from clinic.demo.stories import Story
from patients.actions import assessments, consents, facts
from patients.models import Patient
from patients.rules import movement
from people.models import User
from programs.actions import adverse_events, safety, treatments
from programs.actions.plans import clinic_day
from programs.actions.safety import Standing, Treatment
from programs.actions.treatments import Given
from programs.models import TreatmentGiven
from programs.rules.entries import Modality
from programs.rules.rulebook import rulebook

MOST_NOTES: Final = 4  # of one patient; a line needs three, and each costs a twentieth of a second
LOT, KIT_LASTS = "PRP-24K071", timedelta(days=400)
DOSES: Final[dict[str, dict[str, float]]] = {
    "dry_needling": {"needles": 4, "mm": 25, "minutes": 10},
    "integrative_medicine": {"needles": 6, "minutes": 20},
    "laser_therapy": {"joules": 96, "watts": 0.5, "nm": 830},
    "shockwave": {"shocks": 2000, "bar": 2, "hertz": 15},
    "prp": {"ml": 3},
    "prolotherapy": {"ml": 4, "percent": 15},
    "chiropractic_care": {"minutes": 15},
    "exercise_program": {"minutes": 30},
    "posture_guidance": {"minutes": 20},
}
BETTER = ("A little better each week, sleeping through again.", "Better on most days, stiff after long drives.")
MOVES: Final = tuple(it.code for it in movement.MOVEMENTS[:2])
WORSE = ("More pain since last week, wakes at night.", "Worse after lifting boxes, headache on three days.")


@dataclass
class Notes:
    """The follow-ups of one patient. `is_worse`: it goes the wrong way, so that somebody must look at the plan."""

    patient: Patient
    story: Story
    chance: random.Random
    is_worse: bool = False

    def write(self) -> list[TreatmentGiven]:
        """Sign the first visits that took place, each by whoever gave it."""
        rows = Appointment.objects.filter(
            patient=self.patient, status=Status.DONE, assessment=None, session__isnull=False
        )
        visits = rows.select_related("clinician__user", "session", "patient", "site").order_by("starts_at")
        made: list[TreatmentGiven] = []
        for nth, visit in enumerate(visits[:MOST_NOTES]):
            made += self._sign(visit, nth)
        return made

    def _sign(self, visit: Appointment, nth: int) -> list[TreatmentGiven]:
        by, at = cast(User, visit.clinician.user), visit.ends_at
        given = self._given(visit, by)
        if given is None:
            return []
        worst = max(0, min(10, self.story.pain[2] + (nth + 1 if self.is_worse else -2 * nth - 1)))
        draft = assessing.open_assessment(visit, by=by, now=visit.starts_at)
        draft = assessments.save(
            draft,
            revision=draft.revision,
            by=by,
            now=at,
            pain_now=max(0, min(5, worst - 3)),
            told={"worst": worst, "sleep": "worse" if self.is_worse else "better"},
            moves={code: 50 + 4 * nth + self.chance.randrange(0, 6) for code in MOVES},
            next_steps="Look at the plan together at the next visit." if self.is_worse else "",
        )
        draft = assessments.ask_again(draft, revision=draft.revision, by=by, now=at)
        words = self.chance.choice(WORSE if self.is_worse else BETTER)
        note = treatments.sign_visit(draft, [given], note=f"Said: {words} Worst pain {worst}.", by=by, now=at)
        return list(TreatmentGiven.objects.filter(assessment=note))

    def _given(self, visit: Appointment, by: User) -> Given | None:
        """What the plan asked for, if whoever was there may give it."""
        modality = rulebook().modalities[visit.service_code]
        standing = self._standing(visit, modality, by)
        if standing is None:
            return None
        region = "nuchal_ligament:middle" if modality.code in {"prp", "prolotherapy"} else "upper_trapezius:right"
        more: dict[str, Any] = {}
        if modality.code in {"prp", "prolotherapy"}:
            expires_on: date = visit.starts_at.date() + KIT_LASTS
            more = {"lot": LOT, "expires_on": expires_on, "guidance": "ultrasound"}
        return Given(
            modality=modality.code,
            technique=standing.treatment.technique,
            regions=(region,),
            dose=DOSES.get(modality.code, {}),
            reaction="none",
            read=frozenset(it.rule.code for it in standing.judgement.findings),
            session=visit.session,
            **more,
        )

    def _standing(self, visit: Appointment, modality: Modality, by: User) -> Standing | None:
        """The planned one if the rules let it be given today, else the first that may."""
        planned = visit.session.technique if visit.session else ""
        names = [planned] if planned else [it.code for it in modality.techniques.values() if it.enabled_by_default]
        able = [code for code in names if treatments.may_give(by, modality, code)]
        wanted = [Treatment(modality.code, clinic_day(visit.ends_at), code) for code in able]
        found = safety.standings(self.patient, wanted, history={safety.UNCLEARED: False})
        return next((it for it in found if it.may_be_given), None)


def what_followed(noted: list[TreatmentGiven], *, doctor: User, now: datetime) -> None:
    """One adverse event, one caution that was read, one treatment unlocked, one consent taken back."""
    needled = [it for it in noted if it.modality == "dry_needling"]
    if needled:
        fainted = needled[0]
        adverse_events.record(
            fainted, severity="severe", noticed_on=clinic_day(fainted.at),
            text="Fainted on the way home and was seen in the emergency department. No injury was found.",
            action="Called the same evening. Next session lying down, with a rest of 15 minutes after it.",
            by=fainted.by, now=now,
        )  # fmt: skip
        _unlock(needled[-1], now=now)
    read = noted[-1]
    treatments.acknowledge(
        read.patient, Treatment(read.modality, clinic_day(now), read.technique), history={safety.UNCLEARED: False},
        by=read.by, now=now,
    )  # fmt: skip
    given = read.patient.consents.filter(withdrawn_at=None).exclude(code="consent_general").order_by("code").first()
    if given:
        consents.withdraw(given, by=doctor, now=now - timedelta(days=1))


def _unlock(it: TreatmentGiven, *, now: datetime) -> None:
    """She takes a blood thinner since last week; the prescriber agrees to deep needling all the same."""
    facts.state(it.patient, {"anticoagulant_use": True}, by=it.by, now=now - timedelta(days=3))
    today = clinic_day(now)
    safety.override(
        it.patient, Treatment(it.modality, today, "dn_deep"),
        reason="Letter from the prescriber on file: short needles, pressure afterwards.",
        until=today + timedelta(days=30), by=it.by, now=now,
    )  # fmt: skip

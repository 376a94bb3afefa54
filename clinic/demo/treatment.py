"""A demo patient's way through the clinic: the form, the first assessment, the plan, its sessions and exercises."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, cast
from uuid import uuid4

from clinic.appointments.actions import assessing
from clinic.appointments.models import Appointment
from clinic.demo.stories import Story
from clinic.demo.visits import Diary, Wish
from patients.actions import assessments, consents, intake, red_flags
from patients.models import Patient
from patients.rules.consent_texts import Signature
from patients.rules.rulebook import intake_questions
from people.models import User
from programs.actions import checkpoints, exercises, plans
from programs.models import Plan, PlannedSession
from programs.rules.rulebook import rulebook

BOOKED_AHEAD = timedelta(days=14)
REMIND_AT = time(17)


def agree(patient: Patient, modalities: Iterable[str], *, by: User, now: datetime) -> None:
    """Every document the treatments ask for is read on the tablet and signed."""
    codes = {code for modality in modalities for code in rulebook().modalities[modality].consents}
    for document in consents.missing_of(patient, sorted(codes), on=now.date()):
        signature = Signature(
            signed_name=patient.full_name, witness="Rosa Bianchi" if document.witness_required else ""
        )
        consents.sign(patient, document.code, signature, slip=uuid4(), by=by, now=now)


@dataclass
class Treatment:
    patient: Patient
    story: Story
    diary: Diary
    chance: random.Random

    def begin(self, *, first_day: date) -> None:
        """From the phone call, three days before `first_day`, to wherever she is by now."""
        called_at = datetime.combine(first_day - timedelta(days=3), time(10, 15), tzinfo=self._zone)
        days = [first_day + timedelta(days=n) for n in range(6)]
        visit = self.diary.book(self.patient, "first_assessment", days, booked_at=called_at)
        if visit is None:
            return
        self.send_form(at=called_at + timedelta(hours=9))
        if visit.ends_at < self.diary.now and visit.status == "done":
            plan = self._assess(visit)
            self._follow(plan, from_moment=visit.ends_at + timedelta(minutes=10))
            if plan.ends_on < plans.clinic_day(self.diary.now):
                plans.stop(plan, by=plan.started_by, now=self.diary.now)

    def send_form(self, *, at: datetime, yes: frozenset[str] = frozenset()) -> None:
        """Fill in and send the form; every safety question is answered, with yes only where told."""
        by = self.patient.user or self.diary.desk
        story = self.story
        form = intake.start(self.patient, by=by, now=at)
        now, best, worst = story.pain
        long = frozenset({"rf_pain_over_two_days"}) if story.since_days > 2 and not yes else frozenset()
        questions = intake_questions(self.patient.age_on(at.date()))
        pages: dict[str, dict[str, Any]] = {
            "story": {"text": story.words, "since_days": story.since_days, "causes": list(story.causes)},
            "symptoms": {"codes": list(story.symptoms)},
            "places": {"codes": [f"{region}:{self._side(region)}" for region in story.regions]},
            "pain": {"now": now, "best": best, "worst": worst},
            "health": {"medicines": "Ibuprofen now and then", "conditions": "", "allergy_state": "none_known"},
            "safety-1": {question.code: question.code in yes | long for question in questions},
            "last": {"more": "I would like to sleep through again."},
        }
        for part, answers in pages.items():
            intake.save_part(form, part, answers, by=by, now=at)
        intake.submit(form, by=by, now=at)

    @property
    def _zone(self) -> tzinfo | None:
        return self.diary.now.tzinfo

    def _side(self, region: str) -> str:
        return "middle" if region in {"nuchal_ligament", "upper_thoracic"} else self.chance.choice(("left", "right"))

    def _assess(self, visit: Appointment) -> Plan:
        clinician = cast(User, visit.clinician.user)
        at = visit.ends_at
        draft = assessing.open_assessment(visit, by=clinician, now=visit.starts_at)
        draft = assessments.save(
            draft,
            revision=draft.revision,
            by=clinician,
            now=at,
            causes=list(self.story.causes),
            pain_now=self.story.pain[0],
            rotation_left_degrees=self.chance.randrange(40, 75, 5),
            rotation_right_degrees=self.chance.randrange(40, 75, 5),
            findings=self.story.findings,
            impression=self.story.impression,
            next_steps="Program explained and agreed. Come back at once if an arm goes weak or numb.",
        )
        for flag in self.patient.red_flags.open():
            if red_flags.may_be_cleared_by(flag, clinician):
                red_flags.clear(flag, finding="Examined today: no sign of a serious cause.", by=clinician, now=at)
        assessments.sign(draft, by=clinician, now=at)
        plan = plans.start(
            self.patient,
            template_code=self.story.template,
            starts_on=plans.clinic_day(at),
            remind_at=REMIND_AT,
            by=clinician,
            now=at,
        )
        agree(self.patient, plan.sessions.values_list("modality", flat=True), by=clinician, now=at)
        return plan

    def _look_again(self, plan: Plan) -> None:
        """Somebody decided at each checkpoint that has passed; else no later session would have begun."""
        for it in plan.checkpoints.undecided().filter(due_on__lt=plans.clinic_day(self.diary.now)):
            at = datetime.combine(it.due_on, time(12), tzinfo=self._zone)
            reason = "Less pain than at the beginning, and sleeping through more often."
            checkpoints.decide(plan, it, decision="go_on", reason=reason, by=plan.started_by, now=at)

    def _follow(self, plan: Plan, *, from_moment: datetime) -> None:
        self._look_again(plan)
        until = (self.diary.now + BOOKED_AHEAD).date()
        due = plan.sessions.filter(due_from__lte=until, is_optional=False).order_by("due_on")
        self.diary.book_all(self.patient, map(self._wish, due), booked_at=from_moment)
        if self.patient.user and plan.is_active:
            self._exercise(plan, by=self.patient.user)

    @staticmethod
    def _wish(session: PlannedSession) -> Wish:
        window = (session.due_until - session.due_on).days
        return Wish(session.modality, [session.due_on + timedelta(days=n) for n in range(max(window, 3) + 1)], session)

    def _exercise(self, plan: Plan, *, by: User) -> None:
        """A week of home exercises, most days."""
        for ago in range(7, 0, -1):
            at = self.diary.now - timedelta(days=ago)
            day = plans.clinic_day(at)
            if plan.starts_on <= day <= plan.ends_on and self.chance.random() < 0.7:
                exercises.tick_all(plan, on=day, by=by, now=at)

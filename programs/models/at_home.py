"""What follows from how it goes at home: doses that change, posture that is checked, and what was done about it."""

import uuid

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.models import Patient
from patients.models.of_a_patient import OfAPatient
from people.models import User
from programs.models.exercise import PlanExercise
from programs.models.plan import Plan


class DoseChange(models.Model):
    """A next dose that follows from the reports by rule. It counts once a clinician has confirmed it."""

    class Direction(models.TextChoices):
        UP = "up", _("More")
        DOWN = "down", _("Less")
        OTHER = "other", _("Another exercise")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    exercise = models.ForeignKey(PlanExercise, models.CASCADE, related_name="dose_changes")
    direction = models.CharField(max_length=5, choices=Direction.choices)
    because = models.CharField(max_length=40)  # code of the rule that proposed it
    was = models.JSONField()
    becomes = models.JSONField()  # a dosage; for another exercise {"exercise": code, ...dosage}
    proposed_at = models.DateTimeField()
    is_accepted = models.BooleanField(null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-proposed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["exercise"], condition=models.Q(decided_at=None), name="an_exercise_has_one_proposal_at_a_time"
            ),
            models.CheckConstraint(
                name="a_decided_dose_says_who",
                condition=models.Q(decided_at=None, decided_by=None, is_accepted=None)
                | models.Q(decided_at__isnull=False, decided_by__isnull=False, is_accepted__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.exercise_id}"

    @property
    def patient_id(self) -> uuid.UUID:
        return self.exercise.patient_id


class PostureCheck(models.Model):
    """The checklist of the workplace and the night, answered once. Never changes; a later one shows what is better."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="posture_checks")
    answers = (
        models.JSONField()
    )  # code of posture_checklist.toml to "met", "not_met" or "not_relevant"; absent: not asked
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = OfAPatient["PostureCheck"].as_manager()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["patient", "-at"], name="posture_of_a_patient")]
        triggers = [pgtrigger.Protect(name="a_posture_check_stays", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"posture of {self.patient_id}"


class BreaksOfDay(models.Model):
    """The breaks of one day that the patient said something about: the hours chosen, and those at which they moved.

    A day without a row was not told of, which is not the same as a day without a break.
    """

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="breaks")
    on = models.DateField()  # the patient's day, on the clinic's clock
    asked = ArrayField(models.TimeField())
    taken = ArrayField(models.TimeField(), default=list, blank=True)

    class Meta:
        ordering = ["-on"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "on"], name="the_breaks_of_a_day_are_told_once"),
            models.CheckConstraint(
                name="a_break_that_was_taken_was_asked_for", condition=models.Q(taken__contained_by=models.F("asked"))
            ),
        ]

    def __str__(self) -> str:
        return f"{len(self.taken)} of {len(self.asked)} on {self.on}"

    @property
    def patient_id(self) -> uuid.UUID:
        return self.plan.patient_id


class WorklistAction(models.Model):
    """What a clinician did about a patient on the worklist, and when to look again."""

    class Deed(models.TextChoices):
        CALLED = "called", _("Called")
        NOT_REACHED = "not_reached", _("Called, not reached")
        WROTE = "wrote", _("Wrote a message")
        VISIT = "visit", _("Asked the desk for a visit")
        PLAN = "plan", _("Changed the plan or the exercises")
        WAIT = "wait", _("Wait and look again")

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="worklist_actions")
    plan = models.ForeignKey(Plan, models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=20)  # why the patient was on the list, such as "worse"
    occasion = models.CharField(max_length=80)  # the one happening it answers; another one puts the patient back
    deed = models.CharField(_("what was done"), max_length=12, choices=Deed.choices)
    note = models.TextField(_("note"), blank=True)
    look_again_on = models.DateField(_("look again on"), null=True, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["patient", "kind", "-at"], name="worklist_of_a_patient")]
        triggers = [pgtrigger.Protect(name="what_was_done_stays_done", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.kind} of {self.patient_id}"

"""What the patient does at home."""

import uuid
from datetime import date
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import User
from programs.models.plan import Phase, Plan


class PlanExerciseQuerySet(models.QuerySet["PlanExercise"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(plan__in=Plan.objects.visible_to(user))

    def standing(self) -> Self:
        """That no later version of the plan has dropped."""
        return self.filter(dropped_in=None)

    def on(self, day: date) -> Self:
        """Of the phase that holds on `day`."""
        return self.standing().filter(phase__starts_on__lte=day, phase__ends_on__gte=day)


class PlanExercise(models.Model):
    """An exercise of one phase. Its steps and stop signs are read from the rulebook by code."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plan = models.ForeignKey(Plan, models.CASCADE, related_name="exercises")
    phase = models.ForeignKey(Phase, models.CASCADE, related_name="exercises")
    code = models.CharField(max_length=60)
    ordinal = models.PositiveSmallIntegerField()
    dosage = models.JSONField()  # sets, reps, hold_seconds, minutes, times_per_day, days_per_week, each_side
    dropped_in = models.PositiveSmallIntegerField(null=True)  # the version of the plan that no longer asks for it

    objects = PlanExerciseQuerySet.as_manager()

    class Meta:
        ordering = ["phase__ordinal", "ordinal"]
        constraints = [
            models.UniqueConstraint(
                fields=["phase", "code"], condition=models.Q(dropped_in=None), name="a_phase_has_an_exercise_once"
            )
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def patient_id(self) -> uuid.UUID:
        return self.plan.patient_id


class PlanPostureItem(models.Model):
    plan = models.ForeignKey(Plan, models.CASCADE, related_name="posture_items")
    phase = models.ForeignKey(Phase, models.CASCADE, related_name="posture_items")
    code = models.CharField(max_length=60)

    class Meta:
        ordering = ["phase__ordinal", "id"]
        constraints = [models.UniqueConstraint(fields=["phase", "code"], name="a_phase_has_a_posture_item_once")]

    def __str__(self) -> str:
        return self.code


class ExerciseDone(models.Model):
    """The patient did it that day. Taking the tick back deletes the row; the audit trail keeps both."""

    class Feeling(models.TextChoices):
        EASIER = "easier", _("Easier")
        SAME = "same", _("Same")
        HARDER = "harder", _("Harder")

    exercise = models.ForeignKey(PlanExercise, models.CASCADE, related_name="done")
    on = models.DateField()  # the patient's day, on the clinic's clock
    done_at = models.DateTimeField()
    feeling = models.CharField(max_length=8, choices=Feeling.choices, blank=True)
    pain = models.PositiveSmallIntegerField(_("pain while doing it, 0 to 10"), null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["exercise", "on"], name="an_exercise_is_ticked_once_a_day"),
            models.CheckConstraint(
                name="pain_at_an_exercise_is_0_to_10", condition=models.Q(pain=None) | models.Q(pain__lte=10)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.exercise_id} on {self.on}"

    @property
    def patient_id(self) -> uuid.UUID:
        return self.exercise.plan.patient_id

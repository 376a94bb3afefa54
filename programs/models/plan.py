"""A patient's plan (FHIR CarePlan): phases, and the sessions that are due in them."""

import uuid
from datetime import date
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.models import Patient
from patients.models.of_a_patient import OfAPatient
from people.models import User
from people.rules.permissions import Permission


class PlanQuerySet(OfAPatient["Plan"]):
    def active(self) -> Self:
        return self.filter(status=Plan.Status.ACTIVE)

    def unfinished(self) -> Self:
        """Being followed, or paused."""
        return self.filter(status__in=Plan.UNFINISHED)

    def latest_first(self) -> Self:
        """The one that has not ended in front, then the one that ended last."""
        return self.order_by(models.F("ended_at").desc(nulls_first=True), "-starts_on")


class Plan(models.Model):
    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        COMPLETED = "completed", _("Completed")
        STOPPED = "stopped", _("Stopped")

    class EndReason(models.TextChoices):
        GOALS_REACHED = "goals_reached", _("Goals reached")
        PATIENT_ASKED = "patient_asked", _("The patient asked to stop")
        NOT_HELPING = "not_helping", _("It does not help enough")
        SAFETY = "safety", _("It is no longer safe")
        OTHER_PLAN = "other_plan", _("Another plan fits better")

    UNFINISHED = (Status.ACTIVE, Status.PAUSED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="plans")
    template_code = models.CharField(max_length=60)
    rulebook_version = models.CharField(max_length=20)  # which wording of the template it was made from
    template_version = models.PositiveSmallIntegerField(default=0)  # of the clinic's own template; 0: the rulebook's
    version = models.PositiveSmallIntegerField(default=1)  # each revision is written down as a PlanVersion
    name = models.CharField(_("name"), max_length=120)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.ACTIVE)
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"))
    started_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(_("reason"), max_length=20, choices=EndReason.choices, blank=True)
    # When the patient wants to hear of the day's exercises, on the clinic's clock; None means not at all.
    remind_at = models.TimeField(_("remind of exercises at"), null=True, blank=True)
    # When to remind of moving and sitting differently, on the clinic's clock.
    break_times = ArrayField(models.TimeField(), default=list, blank=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient"],
                condition=models.Q(status__in=["active", "paused"]),
                name="a_patient_follows_one_plan_at_a_time",
            ),
            models.CheckConstraint(
                name="a_plan_ends_after_it_starts", condition=models.Q(ends_on__gte=models.F("starts_on"))
            ),
        ]
        indexes = [models.Index(fields=["patient", "-starts_on"], name="plan_of_a_patient")]

    def __str__(self) -> str:
        return self.name

    def week_on(self, day: date) -> int:
        """Which week of the plan `day` lies in, from 1; never past the last."""
        week = max((day - self.starts_on).days, 0) // 7 + 1
        return min(week, self.weeks)

    @property
    def weeks(self) -> int:
        # The last day of a phase is the day of its last review: three weeks end on day 21, not in a fourth week.
        return max(1, -(-(self.ends_on - self.starts_on).days // 7))

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE


class Phase(models.Model):
    plan = models.ForeignKey(Plan, models.CASCADE, related_name="phases")
    ordinal = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    goals = models.JSONField(default=list)
    starts_on = models.DateField()
    ends_on = models.DateField()

    class Meta:
        ordering = ["ordinal"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "ordinal"], name="phases_of_a_plan_are_numbered"),
            models.CheckConstraint(
                name="a_phase_ends_after_it_starts", condition=models.Q(ends_on__gte=models.F("starts_on"))
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def holds_on(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on


class PlannedSessionQuerySet(models.QuerySet["PlannedSession"]):
    def visible_to(self, user: User) -> Self:
        """The desk sees what must be booked and when; why is in the plan, which it does not see."""
        if user.may(Permission.APPOINTMENT_VIEW):
            return self
        return self.filter(plan__in=Plan.objects.visible_to(user))

    def standing(self) -> Self:
        """That no later version of the plan has dropped."""
        return self.filter(dropped_in=None)

    def of_active_plans(self) -> Self:
        return self.standing().filter(plan__status=Plan.Status.ACTIVE)


class PlannedSession(models.Model):
    """One session the plan asks for. Whether it is booked or done is told by its appointment."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plan = models.ForeignKey(Plan, models.CASCADE, related_name="sessions")
    phase = models.ForeignKey(Phase, models.CASCADE, related_name="sessions")
    modality = models.CharField(max_length=40)  # code of modalities.toml, which is also the service booked
    technique = models.CharField(max_length=60, blank=True)
    ordinal = models.PositiveSmallIntegerField()  # of this modality in the plan, from 1
    course_length = models.PositiveSmallIntegerField()  # how many of this modality the plan holds
    due_from = models.DateField()
    due_on = models.DateField()
    due_until = models.DateField()
    is_optional = models.BooleanField(default=False)
    # Days from the session of the same treatment before it; null for the first of a row.
    gap_days_min = models.PositiveSmallIntegerField(null=True)
    gap_days_target = models.PositiveSmallIntegerField(null=True)
    gap_days_max = models.PositiveSmallIntegerField(null=True)
    hold_loading_days = models.PositiveSmallIntegerField(default=0)  # without resistance exercise afterwards
    dropped_in = models.PositiveSmallIntegerField(null=True)  # the version of the plan that no longer asks for it

    objects = PlannedSessionQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "modality", "ordinal"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "modality", "ordinal"],
                condition=models.Q(dropped_in=None),
                name="sessions_of_a_modality_are_numbered",
            ),
            models.CheckConstraint(
                name="the_gaps_of_a_session_are_in_order",
                condition=models.Q(gap_days_min=None, gap_days_target=None, gap_days_max=None)
                | models.Q(gap_days_min__lte=models.F("gap_days_target"))
                & models.Q(gap_days_target__lte=models.F("gap_days_max")),
            ),
            models.CheckConstraint(
                name="a_session_is_due_inside_its_window",
                condition=models.Q(due_from__lte=models.F("due_on")) & models.Q(due_on__lte=models.F("due_until")),
            ),
        ]
        indexes = [models.Index(fields=["due_from"], name="session_by_due_date")]

    def __str__(self) -> str:
        return f"{self.modality} {self.ordinal} of {self.course_length}"

    @property
    def patient_id(self) -> uuid.UUID:
        return self.plan.patient_id

    def is_late_on(self, day: date) -> bool:
        return day > self.due_until

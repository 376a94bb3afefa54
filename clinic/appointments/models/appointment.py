"""A visit (FHIR Appointment) and what it holds."""

import uuid
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.core.signing import BadSignature, Signer
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.appointments.models.resource import Resource
from clinic.appointments.rules.status import MAY_BE_MOVED, Status
from patients.models import Assessment, Patient, RedFlag
from patients.models.of_a_patient import OfAPatient
from people.models import Site, User
from people.rules.permissions import Permission
from programs.models import PlannedSession
from programs.rules.rulebook import rulebook
from programs.rules.services import Service

LINK_SALT = "visit"
LINK_LIVES_ON = timedelta(days=1)  # after the visit ended


class AppointmentQuerySet(OfAPatient["Appointment"]):
    read_all = Permission.APPOINTMENT_VIEW

    def standing(self) -> Self:
        return self.exclude(status=Status.CANCELLED)

    def expected(self) -> Self:
        """Still to come: the patient is not here yet and nobody has called it off."""
        return self.filter(status__in=[Status.BOOKED, Status.CONFIRMED], arrived_at=None)

    def starting_between(self, first: datetime, last: datetime) -> Self:
        """That start at or after `first` and before `last`."""
        return self.filter(starts_at__gte=first, starts_at__lt=last)

    def for_board(self) -> Self:
        """Everything the day board prints, in two queries however long the day."""
        held = models.Prefetch("holds", Hold.objects.select_related("resource"))
        rows = self.select_related("patient", "clinician", "site", "session").prefetch_related(held)
        flags = RedFlag.objects.open().filter(patient=models.OuterRef("patient"))
        # That there is one, never which: the desk sees this.
        return rows.annotate(needs_clinician_check=models.Exists(flags)).order_by("starts_at", "clinician__name")

    def of_session(self, sessions: Collection[PlannedSession]) -> Self:
        """That book one of these planned sessions, and neither were cancelled nor missed."""
        return self.filter(session__in=sessions).exclude(status__in=[Status.CANCELLED, Status.MISSED])


class Appointment(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="appointments")
    service_code = models.CharField(max_length=40)  # of services.toml; a treatment's code is its modality's
    clinician = models.ForeignKey(Resource, models.PROTECT, related_name="appointments")
    site = models.ForeignKey(Site, models.PROTECT, related_name="appointments")
    session = models.ForeignKey(PlannedSession, models.SET_NULL, null=True, blank=True, related_name="appointments")
    # A seat in a class. The class holds clinician and room; the visit holds the patient.
    group = models.ForeignKey("GroupSession", models.PROTECT, null=True, blank=True, related_name="seats")
    seat = models.PositiveSmallIntegerField(null=True, blank=True)  # 1 to the places of the class
    assessment = models.OneToOneField(Assessment, models.PROTECT, null=True, blank=True, related_name="appointment")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.BOOKED)
    # The form that asked for this booking. Sent twice (a double click, a retried request) it is one booking.
    request_key = models.UUIDField(unique=True, null=True, editable=False)
    revision = models.PositiveIntegerField(default=0)  # grows with each change (iCalendar SEQUENCE)
    booked_at = models.DateTimeField()
    timed_at = models.DateTimeField()  # when it got the time it has now
    news_at = models.DateTimeField(null=True)  # from when on the patient may be told: until then it can be undone
    confirmed_at = models.DateTimeField(null=True)
    expected_at = models.DateTimeField(null=True)  # running late: when the patient said they would be here
    arrived_at = models.DateTimeField(null=True)  # since when she is here, checked in or not
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(_("reason"), max_length=200, blank=True)
    overbooked_because = models.CharField(_("reason for overbooking"), max_length=200, blank=True)
    is_walk_in = models.BooleanField(default=False)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at"]
        indexes = [
            models.Index(fields=["starts_at"], name="appointment_by_start"),
            models.Index(fields=["clinician", "starts_at"], name="appointment_of_a_clinician"),
            models.Index(fields=["patient", "-starts_at"], name="appointment_of_a_patient"),
            models.Index(fields=["timed_at"], name="appointment_by_when_timed"),
            models.Index(
                fields=["cancelled_at"], condition=models.Q(cancelled_at__isnull=False), name="appointment_cancelled"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="a_visit_ends_after_it_starts", condition=models.Q(ends_at__gt=models.F("starts_at"))
            ),
            models.CheckConstraint(name="visit_status_is_known", condition=models.Q(status__in=Status.values)),
            models.CheckConstraint(
                name="a_cancelled_visit_says_when",
                condition=models.Q(status=Status.CANCELLED, cancelled_at__isnull=False)
                | (~models.Q(status=Status.CANCELLED) & models.Q(cancelled_at=None)),
            ),
            models.UniqueConstraint(
                fields=["session"],
                condition=~models.Q(status__in=[Status.CANCELLED, Status.MISSED]),
                name="a_planned_session_is_booked_once",
            ),
            models.UniqueConstraint(
                fields=["group", "seat"],
                condition=~models.Q(status=Status.CANCELLED),
                name="a_seat_is_given_to_one_patient",
            ),
            models.UniqueConstraint(
                fields=["group", "patient"],
                condition=~models.Q(status=Status.CANCELLED),
                name="a_patient_sits_in_a_class_once",
            ),
            models.CheckConstraint(
                name="a_seat_is_in_a_class",
                condition=models.Q(group=None, seat=None)
                | models.Q(group__isnull=False, seat__gte=1)
                | models.Q(status=Status.CANCELLED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_code} at {self.starts_at:%Y-%m-%d %H:%M}Z"

    def get_absolute_url(self) -> str:
        return reverse("appointments:visit", args=[self.pk])

    @property
    def service(self) -> Service:
        return rulebook().services[self.service_code]

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds()) // 60

    @property
    def local_start(self) -> datetime:
        """On the wall clock of the site."""
        return timezone.localtime(self.starts_at, self.site.zone)

    @property
    def local_end(self) -> datetime:
        return timezone.localtime(self.ends_at, self.site.zone)

    @property
    def waits_for_clinician(self) -> bool:
        """She is here, and is checked in once a clinician has looked."""
        return self.arrived_at is not None and self.status in MAY_BE_MOVED

    @property
    def is_standing(self) -> bool:
        return self.status != Status.CANCELLED

    @property
    def link_token(self) -> str:
        """What stands in a message's link: opens this one visit, at the time it has now, and cannot be guessed."""
        return Signer(salt=LINK_SALT).sign(f"{self.pk.hex}.{int(self.starts_at.timestamp())}")

    @staticmethod
    def in_link(token: str) -> tuple[uuid.UUID, datetime] | None:
        """The visit that `token` opens and the time it was given for, or None for a token we never gave."""
        try:
            visit_id, _, starts_at = Signer(salt=LINK_SALT).unsign(token).partition(".")
            return uuid.UUID(visit_id), datetime.fromtimestamp(int(starts_at), UTC)
        except (BadSignature, ValueError):
            return None

    def link_works_at(self, now: datetime) -> bool:
        return now < self.ends_at + LINK_LIVES_ON


class Hold(models.Model):
    """A resource kept for an appointment, a class, or for a desk that is still on the phone.

    One table for clinicians, rooms, devices and patients, and one constraint: it forbids every double
    booking there is, on every path (ADR 0004).
    """

    appointment = models.ForeignKey(Appointment, models.CASCADE, null=True, blank=True, related_name="holds")
    group = models.ForeignKey("GroupSession", models.CASCADE, null=True, blank=True, related_name="holds")
    reservation = models.ForeignKey("Reservation", models.CASCADE, null=True, blank=True, related_name="holds")
    resource = models.ForeignKey(Resource, models.PROTECT, related_name="holds")
    during = DateTimeRangeField()  # longer than the visit where something is prepared before or cleaned after it
    # Somebody with the right to do so has put a second visit on top, and has said why.
    is_overbooked = models.BooleanField(default=False)
    starts_at = models.GeneratedField(
        expression=models.Func("during", function="lower"), output_field=models.DateTimeField(), db_persist=True
    )

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="resource_is_in_one_place_at_a_time",
                expressions=[("resource", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=models.Q(is_overbooked=False),
            ),
            models.CheckConstraint(name="a_hold_has_a_length", condition=models.Q(during__isempty=False)),
            models.CheckConstraint(
                name="a_hold_is_for_one_thing",
                condition=models.Q(appointment__isnull=False, group=None, reservation=None)
                | models.Q(appointment=None, group__isnull=False, reservation=None)
                | models.Q(appointment=None, group=None, reservation__isnull=False),
            ),
            models.UniqueConstraint(fields=["appointment", "resource"], name="a_visit_holds_a_resource_once"),
        ]
        # The constraint's GiST index guards; reading a day through this b-tree is five times faster.
        indexes = [models.Index(fields=["resource", "starts_at"], name="hold_of_a_resource")]

    def __str__(self) -> str:
        return f"{self.resource} {self.during}"


class VisitChange(models.Model):
    """What a visit was before it was booked, moved or cancelled, so that a slip can be undone."""

    class Deed(models.TextChoices):
        BOOKED = "booked", _("Booked")
        MOVED = "moved", _("Moved")
        CANCELLED = "cancelled", _("Cancelled")

    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="changes")
    deed = models.CharField(max_length=10, choices=Deed.choices)
    revision = models.PositiveIntegerField()  # of the visit after the change
    # starts_at, ends_at, site, resources, status, confirmed_at, timed_at; ids and ISO times. Empty for a booking.
    before = models.JSONField(default=dict)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["at"]
        indexes = [models.Index(fields=["appointment", "-at"], name="change_of_a_visit")]

    def __str__(self) -> str:
        return f"{self.deed} {self.at:%Y-%m-%d %H:%M}Z"

"""Every table that holds rows of a patient: what the copy of a record is made from, so that none is forgotten.

A test walks all models: one that leads to a patient and is neither in `TABLES` nor in `NOT_TOLD` fails it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from allauth.usersessions.models import UserSession
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinic.appointments.models import (
    Appointment,
    FollowUp,
    Package,
    PackageUse,
    SlotOffer,
    VisitChange,
    VisitPreference,
    WaitlistEntry,
)
from clinic.reminders.models import (
    CalendarFeed,
    ContactPreference,
    InboundText,
    Message,
    OptOut,
    PushSubscription,
    SendingRule,
)
from patients.models import (
    Addendum,
    Assessment,
    Attachment,
    Consent,
    Correction,
    Erasure,
    Fact,
    Helper,
    Identifier,
    Intake,
    Outcome,
    Patient,
    Post,
    RedFlag,
    Thread,
)
from people.models import AuditEvent, User
from programs.models import (
    AdverseEvent,
    BreaksOfDay,
    Checkpoint,
    DoseChange,
    ExerciseDone,
    Override,
    Phase,
    Plan,
    PlanExercise,
    PlannedSession,
    PlanPause,
    PlanPostureItem,
    PlanVersion,
    PostureCheck,
    SafetyDecision,
    TreatmentGiven,
    WorklistAction,
)

# Of no table: secrets that would open something, keys that only we understand, and whose it is.
_NEVER: Final = frozenset({"patient", "password", "request_key", "key", "token", "content", "nth"})
_DERIVED: Final = frozenset({"name_key", "sort_key", "mobile_key", "phone_key"})


@dataclass(frozen=True, slots=True)
class Table:
    """`path` leads from a row to its patient, as a filter writes it."""

    model: type[models.Model]
    path: str
    title: Promise
    hidden: frozenset[str] = frozenset()

    def rows(self, patient: Patient) -> Iterator[Any]:
        """Every row about this patient, oldest first. One query."""
        people = [it.name for it in self.fields() if it.many_to_one and it.name not in self.hidden]
        value = patient.pk if self.path in {"pk", "patient_id"} else patient
        rows = self.model._default_manager.filter(**{self.path: value}).order_by("pk")
        yield from rows.select_related(*people) if people else rows

    def fields(self) -> "list[models.Field[Any, Any]]":
        """What is told of a row."""
        never = _NEVER | _DERIVED | self.hidden
        return [it for it in self.model._meta.concrete_fields if it.name not in never and not it.primary_key]


_DIGESTS: Final = frozenset({"address_digest", "token_digest", "endpoint_digest", "doubtful_email", "doubtful_mobile"})
_MACHINE: Final = frozenset({"occasion", "lease_until", "attempts", "staff", "not_before", "not_after"})


@cache
def tables() -> tuple[Table, ...]:
    """In the order of a record: who it is, what was told and found, the plan, visits, messages, and who looked."""
    return (
        Table(Patient, "pk", _("Who you are"), frozenset({"user"})),
        Table(Identifier, "patient", _("Your numbers elsewhere")),
        Table(User, "patients", _("Your account"), frozenset({"last_login", "profession", "role"})),
        Table(UserSession, "user__patients", _("Where you are signed in"), frozenset({"user", "session_key", "data"})),
        Table(Helper, "patient", _("Who helps you")),
        Table(Intake, "patient", _("Forms you filled in")),
        Table(Fact, "patient", _("Illnesses, medicines and allergies")),
        Table(RedFlag, "patient", _("Warning signs")),
        Table(Assessment, "patient", _("What was found at visits")),
        Table(Addendum, "assessment__patient", _("Added to notes later")),
        Table(Outcome, "patient", _("Scores")),
        Table(Consent, "patient", _("Consents"), frozenset({"drawn"})),
        Table(Plan, "patient", _("Plans")),
        Table(PlanVersion, "plan__patient", _("Changes of a plan")),
        Table(PlanPause, "plan__patient", _("Pauses of a plan")),
        Table(Phase, "plan__patient", _("Parts of a plan")),
        Table(PlannedSession, "plan__patient", _("Visits a plan asks for")),
        Table(Checkpoint, "plan__patient", _("Looks at a plan")),
        Table(PlanExercise, "plan__patient", _("Exercises")),
        Table(ExerciseDone, "exercise__plan__patient", _("Exercises you did")),
        Table(DoseChange, "exercise__plan__patient", _("Changes of an exercise")),
        Table(PlanPostureItem, "plan__patient", _("Posture advice")),
        Table(PostureCheck, "patient", _("Posture answers")),
        Table(BreaksOfDay, "plan__patient", _("Breaks you took")),
        Table(TreatmentGiven, "patient", _("Treatments")),
        Table(AdverseEvent, "patient", _("Reactions to treatments")),
        Table(SafetyDecision, "patient", _("Safety checks")),
        Table(Override, "patient", _("Treatments in spite of a caution")),
        Table(WorklistAction, "patient", _("How we followed up")),
        Table(Appointment, "patient", _("Visits")),
        Table(VisitChange, "appointment__patient", _("Changes of visits")),
        Table(FollowUp, "appointment__patient", _("Calls and letters about visits")),
        Table(VisitPreference, "patient", _("When you would rather come")),
        Table(WaitlistEntry, "patient", _("Wishes for a sooner time")),
        Table(SlotOffer, "entry__patient", _("Times we offered"), frozenset({"offer", "round"})),
        Table(Package, "patient", _("Prepaid visits")),
        Table(PackageUse, "package__patient", _("Prepaid visits used")),
        Table(Thread, "patient", _("Conversations")),
        Table(Post, "thread__patient", _("Messages between you and us")),
        Table(Attachment, "post__thread__patient", _("Files you sent")),
        Table(Correction, "patient", _("Corrections you asked for")),
        Table(Erasure, "patient", _("Requests to be forgotten")),
        Table(Message, "patient", _("Reminders and letters"), _MACHINE | _DIGESTS),
        Table(InboundText, "patient", _("Texts you sent"), _DIGESTS | {"provider_id"}),
        Table(OptOut, "patient", _("STOP and START"), _DIGESTS),
        Table(ContactPreference, "patient", _("How we contact you"), _DIGESTS),
        Table(SendingRule, "patient", _("What we remind you of")),
        Table(CalendarFeed, "patient", _("Your calendar address"), _DIGESTS | {"staff"}),
        Table(
            PushSubscription, "user__patients", _("Phones that show our messages"),
            _DIGESTS | {"user", "endpoint", "public_key", "auth_secret"},
        ),
        Table(AuditEvent, "patient_id", _("Who looked at it, and who changed what"), frozenset({"patient_id"})),
    )  # fmt: skip


# Tables that lead to a patient and say nothing about one that is not in another table above.
NOT_TOLD: Final = {
    "appointments.Hold": "which room and device a visit keeps: the clinic's own, the times are the visit's",
    "appointments.Reservation": "a time kept for some minutes while somebody books",
    "appointments.Resource": "the row that keeps a patient out of two places at once; it holds nothing else",
    "reminders.Attempt": "each try of a mail server at one message",
    "reminders.DeliveryReceipt": "what a mail or phone company answered to one try",
    "reminders.ShortLink": "digests of links, which open something and tell nothing",
}

"""Whom we treat: identity and contact (FHIR Patient)."""

import uuid
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Self

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Concat, Lower, Now, Reverse, Upper
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from patients.models import search
from patients.models.search import Unaccent
from patients.rules.helping import Help, Relation
from patients.rules.search import GOOD_SPELLING, Wanted, misspelling
from people.models import User
from people.rules.permissions import Permission


class PatientQuerySet(models.QuerySet["Patient"]):
    def visible_to(self, user: User) -> Self:
        """Staff who may see contact data see everybody; a patient sees their own records and whom they help."""
        if user.may(Permission.CONTACT_VIEW):
            return self
        if user.may(Permission.OWN_RECORD):
            return self.opened_by(user)
        return self.none()

    def opened_by(self, user: User) -> Self:
        """The records that this account opens in the portal: its own, and those it helps with at this moment."""
        helped = ArraySubquery(Helper.objects.working().filter(user=user).values("patient_id"))
        # As an array and not as IN: with IN the two indexes cannot be joined, and every patient is looked at.
        is_helped = models.Func(
            "pk", helped, template="%(expressions)s)", arg_joiner=" = ANY(", output_field=models.BooleanField()
        )
        return self.filter(Q(user=user) | Q(is_helped), archived_at=None)

    def current(self) -> Self:
        """Not archived. The dead stay until somebody archives them."""
        return self.filter(archived_at=None)

    def by_name(self) -> Self:
        return self.order_by("sort_key", "id")

    def matching(self, wanted: Wanted) -> Self:
        """Everybody for whom all that was typed holds, by name; nobody when nothing readable was typed."""
        return self.none() if wanted.is_empty else self.filter(search.holds(wanted)).order_by(*search.order(wanted))

    def close_to(self, wanted: Wanted, *, most: int) -> "list[Patient]":
        """The few whose names are most like what was typed and perhaps misspelt; numbers hold as typed."""
        if not wanted.words:
            return []
        near = self.filter(search.nearly_holds(wanted)).order_by(search.nearness(wanted).desc(), "sort_key", "id")
        likeness = {
            patient: misspelling(wanted.words, f"{patient.full_name} {patient.preferred_name}")
            for patient in near[: search.MOST_COMPARED]
        }
        good = [patient for patient, share in likeness.items() if share >= GOOD_SPELLING]
        return sorted(good, key=lambda patient: likeness[patient], reverse=True)[:most]

    def household_of(self, patient: "Patient") -> Self:
        """The others whose letters go to the same e-mail address."""
        if not patient.email:
            return self.none()
        return self.filter(Exact(Lower("email"), Value(patient.email.lower()))).exclude(pk=patient.pk)

    def sharing(self, *, birth_date: date | None, phones: Collection[str], email: str, words: Sequence[str]) -> Self:
        """Who has the birth date, a phone (E.164), the e-mail or all the name's words in common with somebody."""
        shares = search.holds(Wanted(words=tuple(words))) if words else Q(pk=None)
        if birth_date:
            shares |= Q(birth_date=birth_date)
        if email:
            shares |= Q(Exact(Lower("email"), Value(email.lower())))
        for phone in phones:
            shares |= Q(mobile_key=phone[::-1]) | Q(phone_key=phone[::-1])
        return self.filter(shares)


class Patient(models.Model):
    class Sex(models.TextChoices):
        FEMALE = "female", _("Female")
        MALE = "male", _("Male")
        OTHER = "other", _("Other")
        UNKNOWN = "unknown", _("Not known")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Said on the phone and printed; handed out by the database so that two desks never give the same.
    number = models.PositiveIntegerField(
        _("clinic number"),
        unique=True,
        editable=False,
        db_default=models.Func(models.Value("patients_number"), function="nextval", output_field=models.IntegerField()),
    )
    title = models.CharField(_("title"), max_length=20, blank=True)
    given_name = models.CharField(_("first name"), max_length=100, blank=True)
    family_name = models.CharField(_("last name"), max_length=100, blank=True)
    preferred_name = models.CharField(_("likes to be called"), max_length=100, blank=True)
    birth_date = models.DateField(_("birth date"), null=True, blank=True)
    sex = models.CharField(_("sex"), max_length=10, choices=Sex.choices, default=Sex.UNKNOWN)
    died_on = models.DateField(_("died on"), null=True, blank=True)
    mobile = PhoneNumberField(_("mobile"), blank=True)
    phone = PhoneNumberField(_("other phone"), blank=True)
    email = models.EmailField(_("e-mail"), max_length=254, blank=True)
    address = models.CharField(_("street"), max_length=200, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    region = models.CharField(_("state or region"), max_length=100, blank=True)
    postal_code = models.CharField(_("post code"), max_length=20, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True, help_text=_("Two letters, such as US"))
    desk_note = models.TextField(_("note for the desk"), blank=True, help_text=_("Nothing about health here."))
    may_be_mailed = models.BooleanField(_("may get e-mail about visits"), default=True)
    # The account that opens this record in the portal. One account may open several: a mother and her child.
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="patients", editable=False)
    portal_confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    registered_at = models.DateTimeField(editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    name_key = models.GeneratedField(
        expression=Lower(
            Unaccent(Concat("given_name", models.Value(" "), "preferred_name", models.Value(" "), "family_name"))
        ),
        output_field=models.TextField(),
        db_persist=True,
    )
    sort_key = models.GeneratedField(
        expression=Upper(Unaccent(Concat("family_name", models.Value(" "), "given_name"))),
        output_field=models.TextField(),
        db_persist=True,
    )
    # Numbers read backwards, so that "ends in 4417" is a prefix that a b-tree finds.
    mobile_key = models.GeneratedField(expression=Reverse("mobile"), output_field=models.TextField(), db_persist=True)
    phone_key = models.GeneratedField(expression=Reverse("phone"), output_field=models.TextField(), db_persist=True)

    objects = PatientQuerySet.as_manager()

    class Meta:
        indexes = [
            GinIndex(OpClass("name_key", name="gin_trgm_ops"), name="patient_by_part_of_name"),
            models.Index(OpClass("mobile_key", name="text_pattern_ops"), name="patient_by_mobile_ending"),
            models.Index(OpClass("phone_key", name="text_pattern_ops"), name="patient_by_phone_ending"),
            models.Index(fields=["birth_date"], name="patient_by_birth_date"),
            models.Index(fields=["sort_key", "id"], name="patient_by_name"),
            models.Index(Lower("email"), name="patient_by_email"),
        ]
        constraints = [
            models.CheckConstraint(
                name="a_patient_has_a_name",
                condition=~models.Q(given_name="", family_name=""),
            ),
            models.CheckConstraint(
                name="nobody_dies_before_birth",
                condition=models.Q(died_on=None)
                | models.Q(birth_date=None)
                | models.Q(died_on__gte=models.F("birth_date")),
            ),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return " ".join(part for part in (self.given_name, self.family_name) if part)

    @property
    def list_name(self) -> str:
        """As lists print it: "Okafor, Amara"; a one-word name stands alone."""
        return ", ".join(part for part in (self.family_name, self.given_name) if part)

    @property
    def banner_name(self) -> str:
        """As the banner prints it (NHS CUI): "OKAFOR, Amara (Dr)"."""
        name = ", ".join(part for part in (self.family_name.upper(), self.given_name) if part)
        return f"{name} ({self.title})" if self.title else name

    @property
    def short_name(self) -> str:
        return self.preferred_name or self.given_name or self.family_name

    @property
    def clinic_number(self) -> str:
        return f"RC-{self.number:05d}"

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    @property
    def is_dead(self) -> bool:
        return self.died_on is not None

    def age_on(self, day: date) -> int | None:
        """Full years lived, at death for the dead; None when the birth date is not known."""
        if self.birth_date is None:
            return None
        last = min(day, self.died_on) if self.died_on else day
        had_birthday = (last.month, last.day) >= (self.birth_date.month, self.birth_date.day)
        return last.year - self.birth_date.year - (not had_birthday)


class Identifier(models.Model):
    """What another system calls this patient (FHIR Identifier). Importing the same row twice finds it here."""

    patient = models.ForeignKey(Patient, models.CASCADE, related_name="identifiers")
    system = models.CharField(max_length=40)
    value = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "value"], name="an_identifier_names_one_patient")]

    def __str__(self) -> str:
        return f"{self.system}: {self.value}"


class HelperQuerySet(models.QuerySet["Helper"]):
    def visible_to(self, user: User) -> Self:
        """The patient sees who helps; a helper sees whom they help."""
        if user.may(Permission.CONTACT_VIEW):
            return self
        return self.filter(Q(patient__user=user) | Q(user=user)) if user.may(Permission.OWN_RECORD) else self.none()

    def working(self) -> Self:
        """Neither taken back nor over, by the clock of the database: a page open since yesterday has no say."""
        return self.filter(ended_at=None, ends_at__gt=Now())


class Helper(models.Model):
    """Somebody whom a patient lets use the portal for them, in some things and for some time (FHIR RelatedPerson)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="helpers")
    user = models.ForeignKey(User, models.PROTECT, related_name="helps", editable=False)
    name = models.CharField(_("name"), max_length=120)
    relation = models.CharField(_("who it is"), max_length=10, choices=Relation.choices)
    may = ArrayField(models.CharField(max_length=20), verbose_name=_("may"))  # of rules.helping.Help
    ends_at = models.DateTimeField(_("until"))
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    added_at = models.DateTimeField(editable=False)
    # An e-mail address alone opens nothing: the helper has to know the patient's birth date.
    confirmed_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)

    objects = HelperQuerySet.as_manager()

    class Meta:
        ordering = ["-added_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "user"], condition=Q(ended_at=None), name="somebody_helps_a_patient_once"
            ),
            models.CheckConstraint(name="a_helper_may_do_something", condition=Q(may__len__gt=0)),
            models.CheckConstraint(name="help_ends_after_it_was_given", condition=Q(ends_at__gt=models.F("added_at"))),
            models.CheckConstraint(
                name="help_that_was_ended_says_who",
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False, ended_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"helper of {self.patient_id}"

    @property
    def last_day(self) -> date:
        """Help ends at midnight: the day before is the last one."""
        return timezone.localtime(self.ends_at - timedelta(seconds=1)).date()

    @property
    def helps_with(self) -> list[str]:
        """What this helper may do, in the words in which it was allowed."""
        return [str(Help(code).label) for code in self.may]

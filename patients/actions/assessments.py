"""What the clinician found: begun, kept as a draft, signed, and added to."""

from datetime import UTC, datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.actions import red_flags
from patients.models import Addendum, Assessment, Intake, Patient
from patients.models.red_flag import RedFlagQuerySet
from patients.rules.rulebook import rulebook
from patients.rules.screen import as_kept, screen
from patients.rules.triage import TriageResult
from people.actions import audit
from people.models import Clinic, User
from people.rules.permissions import Permission
from people.rules.refusal import ChangedMeanwhile, NotAllowed, Refused

FIELDS: Final = frozenset(
    {
        "causes", "pain_now", "rotation_left_degrees", "rotation_right_degrees",
        "findings", "impression", "next_steps", "examined",
    }
)  # fmt: skip


SIGNED_ALREADY: Final = gettext_lazy("This assessment is signed and stays as it is. Write an addendum instead.")


class AlreadySigned(Refused):
    """A signed assessment stays as it was signed; what comes later is an addendum."""


class NothingToSign(Refused):
    """An empty page is not an assessment."""


class FlagStillOpen(Refused):
    """A grave warning sign is open and nobody has written what is done about it."""


class NothingWritten(Refused):
    """An addendum needs words."""


@transaction.atomic
def start(patient: Patient, *, by: User, now: datetime) -> Assessment:
    """An empty draft beside the latest form she sent. Nothing is copied into it: what is not measured stays empty."""
    _refuse_unless_clinician(by)
    assessment = Assessment.objects.create(patient=patient, intake=latest_form(patient), author=by, started_at=now)
    audit.record(by, "assessment.started", assessment)
    return assessment


@transaction.atomic
def save(assessment: Assessment, *, revision: int, by: User, now: datetime, **fields: Any) -> Assessment:
    """Keep the draft, and raise what the examination newly answers with yes.

    Raises `ChangedMeanwhile` if it was saved since `revision` was read, and `AlreadySigned`. Nothing is saved then.
    """
    _refuse_unless_clinician(by)
    unknown = fields.keys() - FIELDS
    if unknown:
        raise TypeError(f"An assessment has no {sorted(unknown)}")
    found = _locked(assessment)
    _refuse_if_signed(found)
    if found.revision != revision:
        raise ChangedMeanwhile(
            _("This page was saved from somewhere else a moment ago. Nothing of yours was saved. See both below.")
        )
    before = {rule.code for rule in judged(found, now=now).positive}
    for name, value in fields.items():
        setattr(found, name, value)
    found.revision += 1
    found.save(update_fields=[*fields, "intake", "revision"])
    audit.record(by, "assessment.saved", found, revision=found.revision)

    # Only what is new: a sign that was cleared must not open again because somebody mends a comma.
    result = judged(found, now=now)
    newly = {rule.code for rule in result.positive if rule.code not in before}
    touched = {code for it in result.combinations if newly & set(it.flags()) for code in it.flags()}
    red_flags.raise_from(result, patient=found.patient, intake=found.intake, only=newly | touched, by=by, now=now)
    return found


@transaction.atomic
def sign(assessment: Assessment, *, by: User, now: datetime) -> Assessment:
    """Close the assessment for good, with the triage as it stood.

    A same-day or emergency sign that is open must be cleared first, or what happens next must be written down
    (a referral, a call). Raises `FlagStillOpen`, `NothingToSign`, `AlreadySigned`, and `ChangedMeanwhile` if what is
    signed is not what was read.
    """
    _refuse_unless_clinician(by)
    found = _locked(assessment)
    _refuse_if_signed(found)
    if found.revision != assessment.revision:
        raise ChangedMeanwhile(_("Somebody saved this assessment since you read it. Read it again, then sign."))
    if not (found.findings.strip() or found.impression.strip()):
        raise NothingToSign(_("Write what you found or your impression before you sign."))
    if not found.next_steps.strip() and open_grave_flags(found.patient).exists():
        raise FlagStillOpen(
            _("A warning sign is still open. Close it with a finding, or write under “What happens next” what is done.")
        )
    found.triage = as_kept(judged(found, now=now), rulebook=rulebook())
    found.signed_at, found.signed_by = now, by
    found.save(update_fields=["intake", "triage", "signed_at", "signed_by"])
    audit.record(by, "assessment.signed", found, revision=found.revision)
    return found


@transaction.atomic
def add_addendum(assessment: Assessment, *, text: str, by: User, now: datetime) -> Addendum:
    """Write a correction under a signed assessment; the earlier text stays readable."""
    _refuse_unless_clinician(by)
    if not text.strip():
        raise NothingWritten(_("Write the addendum first."))
    if not assessment.is_signed:
        raise Refused(_("This assessment is not signed yet: change it directly."))
    addendum = Addendum.objects.create(assessment=assessment, text=text.strip(), author=by, written_at=now)
    audit.record(by, "assessment.added_to", assessment)
    return addendum


def latest_form(patient: Patient) -> Intake | None:
    """The last form she sent; one that is still being filled in does not count."""
    return patient.intakes.submitted().order_by("-submitted_at").first()


def open_grave_flags(patient: Patient) -> RedFlagQuerySet:
    """Her open warning signs that need a physician today or at once."""
    book = rulebook()
    grave = [code for code, urgency in book.urgencies.items() if urgency.rank >= book.rank("same_day")]
    return patient.red_flags.open().filter(urgency__in=grave)


def judged(assessment: Assessment, *, now: datetime) -> TriageResult:
    """What the rulebook makes of what she said and what was examined."""
    clinic = Clinic.objects.first()
    day = now.astimezone(clinic.zone if clinic else UTC).date()
    answers = assessment.intake.answers if assessment.intake else {}
    age = assessment.patient.age_on(day)
    return screen(answers, age_years=age, examined=assessment.examined, rulebook=rulebook())


def _locked(assessment: Assessment) -> Assessment:
    rows = Assessment.objects.select_for_update(of=["self"]).select_related("patient")
    found = rows.get(pk=assessment.pk)
    if not found.is_signed:
        # She may send the form after the page was begun, in the waiting room: a draft stands beside the latest.
        found.intake = latest_form(found.patient)
    return found


def _refuse_if_signed(assessment: Assessment) -> None:
    if assessment.is_signed:
        raise AlreadySigned(str(SIGNED_ALREADY))


def _refuse_unless_clinician(user: User) -> None:
    if not user.may(Permission.RECORD_EDIT):
        raise NotAllowed(_("Only a clinician writes in a record."))

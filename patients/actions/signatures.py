"""What a signature covers: the digest of a signed note, whether it still fits, and the second signature."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from patients.models import Assessment, Outcome
from patients.models.assessment import AssessmentQuerySet
from patients.rules import notes
from people.actions import audit
from people.models import User
from people.rules.permissions import Permission
from people.rules.professions import professions
from people.rules.refusal import NotAllowed, Refused

COVERED: Final = (
    "kind", "told", "moves", "note", "causes", "pain_now", "rotation_left_degrees", "rotation_right_degrees",
    "findings", "impression", "next_steps", "examined", "triage", "revision",
)  # fmt: skip


class NotToCountersign(Refused):
    """It is not signed, has its second signature, or needs none."""


def digest_of(assessment: Assessment, scores: Iterable[Outcome], given: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 over the note, its scores and its treatments, with whose they are and who signed when."""
    content: dict[str, Any] = {name: getattr(assessment, name) for name in COVERED}
    content |= {
        "id": str(assessment.pk),
        "patient": str(assessment.patient_id),
        "form": str(assessment.intake_id or ""),
        "author": str(assessment.author_id),
        "started_at": _moment(assessment.started_at),
        "asked_again": [_moment(assessment.asked_again_at), str(assessment.asked_again_by_id or "")],
        "signed": [_moment(assessment.signed_at), str(assessment.signed_by_id or "")],
        "scores": sorted(({"measure": it.measure, "answers": it.answers, "values": it.values, "band": it.band,
                           "on": it.on.isoformat()} for it in scores), key=lambda it: str(it["measure"])),
        "treatments": list(given),
    }  # fmt: skip
    return notes.digest(content)


def is_as_signed(assessment: Assessment, given: Sequence[Mapping[str, Any]]) -> bool:
    """Whether what is kept today is what was signed. One query for its scores."""
    return assessment.digest == digest_of(assessment, assessment.outcomes.all(), given)


def needs_countersign(assessment: Assessment) -> bool:
    """Whether a second signature is still missing. Source: `needs_countersign` in professions.toml."""
    signer = assessment.signed_by
    if signer is None or assessment.countersigned_at is not None:
        return False
    profession = professions().get(signer.profession)
    return profession is not None and profession.needs_countersign


def may_countersign(assessment: Assessment, user: User) -> bool:
    """Somebody else, of a profession whose own notes stand alone."""
    return _signs_for_others(user) and user.pk != assessment.signed_by_id


def to_countersign(user: User) -> AssessmentQuerySet:
    """The notes of colleagues that wait for a second signature which this person may give, the oldest first."""
    if not _signs_for_others(user):
        return Assessment.objects.none()
    needing = [it.code for it in professions().values() if it.needs_countersign]
    rows = Assessment.objects.visible_to(user).signed_once_by(needing).exclude(signed_by=user)
    return rows.order_by("signed_at")


def _signs_for_others(user: User) -> bool:
    profession = professions().get(user.profession)
    return user.may(Permission.RECORD_EDIT) and profession is not None and not profession.needs_countersign


@transaction.atomic
def countersign(assessment: Assessment, *, by: User, now: datetime) -> Assessment:
    """Add the second signature. What was signed stays word for word.

    Raises `NotToCountersign` and `NotAllowed`.
    """
    rows = Assessment.objects.select_for_update(of=["self"]).select_related("signed_by")
    found = rows.get(pk=assessment.pk)
    if not needs_countersign(found):
        raise NotToCountersign(_("This note needs no second signature."))
    if not may_countersign(found, by):
        raise NotAllowed(_("The second signature is a colleague's, of a profession whose own notes stand alone."))
    found.countersigned_at, found.countersigned_by = now, by
    found.save(update_fields=["countersigned_at", "countersigned_by"])
    audit.record(by, "assessment.countersigned", found)
    return found


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat() if at else ""

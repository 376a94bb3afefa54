"""Raising and closing warning signs."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from patients.actions import facts
from patients.models import Intake, Patient, RedFlag
from patients.rules.clearance import professions_that_may_clear
from patients.rules.rulebook import rulebook
from patients.rules.screen import flags_of
from patients.rules.triage import TriageResult
from people.actions import audit
from people.models import User
from people.rules.permissions import Permission
from people.rules.professions import professions
from people.rules.refusal import NotAllowed, Refused


class AlreadyCleared(Refused):
    """Somebody has closed this warning sign already."""


class FindingMissing(Refused):
    """A warning sign is closed by what was found, not by a click."""


@transaction.atomic
def raise_from(
    result: TriageResult,
    *,
    patient: Patient,
    by: User,
    now: datetime,
    intake: Intake | None = None,
    only: Collection[str] | None = None,
) -> list[RedFlag]:
    """Open a warning sign for each positive answer in `result`, or for those among `only`.

    A sign that is open already stays as it is, but becomes graver if it now counts for more. Raising the same
    twice, or from two places at once, opens it once: the database decides.
    """
    book = rulebook()
    opened = []
    for code, urgency in flags_of(result, rulebook=book).items():
        if only is not None and code not in only:
            continue
        flag, is_new = RedFlag.objects.get_or_create(
            patient=patient,
            code=code,
            cleared_at=None,
            defaults={"urgency": urgency, "intake": intake, "raised_at": now},
        )
        if is_new:
            audit.record(by, "red_flag.raised", flag, code=code, urgency=urgency)
            if intake is None:  # a form states its facts when it is sent
                facts.follow_sign(flag, by=by, now=now)
            opened.append(flag)
        elif book.rank(urgency) > book.urgencies[flag.urgency].rank:
            flag.urgency = urgency
            flag.save(update_fields=["urgency"])
            audit.record(by, "red_flag.became_graver", flag, code=code, urgency=urgency)
    return opened


def may_be_cleared_by(flag: RedFlag, user: User) -> bool:
    """Whether this person's profession may close the warning sign."""
    allowed = professions_that_may_clear(flag.code, flag.urgency, rulebook=rulebook(), professions=professions())
    return user.may(Permission.RECORD_EDIT) and user.profession in allowed


@transaction.atomic
def clear(flag: RedFlag, *, finding: str, by: User, now: datetime) -> RedFlag:
    """Close a warning sign with what was found. It opens again when it is answered yes again.

    Raises `NotAllowed` for a profession that may not close it, `FindingMissing` without words, and
    `AlreadyCleared` if it is closed: the first finding stands.
    """
    found = RedFlag.objects.select_for_update().get(pk=flag.pk)
    if found.cleared_at is not None:
        raise AlreadyCleared(_("This warning sign is closed already. Open the record to read the finding."))
    if not may_be_cleared_by(found, by):
        raise NotAllowed(_("You may not close this warning sign. It needs %(who)s.") % {"who": who_may_clear(found)})
    if not finding.strip():
        raise FindingMissing(_("Write what you found. A warning sign is closed with a finding."))
    found.cleared_at, found.cleared_by, found.finding = now, by, finding.strip()
    found.save(update_fields=["cleared_at", "cleared_by", "finding"])
    audit.record(by, "red_flag.cleared", found, code=found.code)
    facts.follow_sign(found, by=by, now=now)
    return found


def who_may_clear(flag: RedFlag) -> str:
    """The professions that may close it, in words."""
    allowed = professions_that_may_clear(flag.code, flag.urgency, rulebook=rulebook(), professions=professions())
    labels = [it.label for it in professions().values() if it.code in allowed]
    return _(" or ").join(labels)

"""A patient asks to be forgotten: what goes at once, and what has to stay for some years.

It stands here because only here everything that holds a patient's wishes can be seen: the waitlist, the messages,
the calendar address and the account.
"""

from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.appointments.actions import preferences, waitlist
from clinic.appointments.models import Appointment, WaitlistEntry
from clinic.appointments.rules.status import Status
from clinic.reminders.actions import feeds, reaching
from clinic.reminders.models import ContactPreference, Message, OptOut, PushSubscription, SendingRule
from patients.models import Erasure, Helper, Patient, RecordPolicy
from patients.rules import record_requests
from people.actions import audit, sessions
from people.models import Clinic, User
from people.rules.refusal import NotAllowed
from programs.actions import plans, posture
from programs.models import Plan

_WAYS: Final = (Message.Channel.EMAIL, Message.Channel.SMS, Message.Channel.PUSH)


def kept_until(patient: Patient, *, now: datetime) -> date | None:
    """The day until which the treatment record has to be kept; None for somebody who never came."""
    came = Appointment.objects.filter(patient=patient, starts_at__lte=now)
    last = (
        came.exclude(status__in=[Status.CANCELLED, Status.MISSED])
        .order_by("-starts_at")
        .values_list("starts_at", flat=True)
        .first()
    )
    return record_requests.kept_until(
        last_seen_on=Clinic.day_of(last) if last else None,
        birth_date=patient.birth_date,
        years=RecordPolicy.current().kept_years,
    )


@transaction.atomic
def forget(patient: Patient, *, by: User, now: datetime) -> Erasure:
    """Delete what nobody has to keep, stop every message, and close the portal; the clinic is told. Asked twice, once.

    Visits that are booked stay booked. Raises `NotAllowed` for anybody but the patient.
    """
    kept = Patient.objects.select_for_update(of=("self",)).select_related("user").get(pk=patient.pk)
    if kept.user_id != by.pk:
        raise NotAllowed(_("Only the patient can do this."))
    waits = Erasure.objects.filter(patient=kept, seen_at=None).first()
    if waits is not None:
        return waits
    went = {"wishes": _forget_wishes(kept, by=by, now=now), "reminders": _stop_reminders(kept, by=by, now=now)}
    went["helpers"] = Helper.objects.filter(patient=kept, ended_at=None).update(ended_at=now, ended_by=by)
    made = Erasure.objects.create(
        patient=kept, asked_by=by, asked_at=now, kept_until=kept_until(kept, now=now), went=went
    )
    audit.record(by, "erasure.asked", made, **went)
    _close_portal(kept, by=by)
    return made


def _forget_wishes(patient: Patient, *, by: User, now: datetime) -> int:
    waiting = list(WaitlistEntry.objects.waiting().filter(patient=patient))
    for entry in waiting:
        waitlist.withdraw(entry, by=by, now=now)
    preferences.clear(patient, by=by)
    return len(waiting)


def _stop_reminders(patient: Patient, *, by: User, now: datetime) -> int:
    for plan in Plan.objects.unfinished().filter(patient=patient):
        plans.set_reminder(plan, remind_at=None, by=by, now=now)
        if plan.break_times:
            posture.set_breaks(plan, (), by=by, now=now)
    for channel in _WAYS:
        reaching.stop(patient, channel, how=OptOut.How.PORTAL, by=by, now=now)
    feeds.revoke(patient, by=by, now=now)
    ContactPreference.objects.filter(patient=patient).delete()
    gone, _by_table = SendingRule.objects.filter(patient=patient).delete()
    return gone


def _close_portal(patient: Patient, *, by: User) -> None:
    """The record lets go of the account; the account ends where it opened nothing else."""
    patient.user = patient.portal_confirmed_at = None
    patient.save(update_fields=["user", "portal_confirmed_at"])
    audit.record(by, "patient.account_changed", patient, account="")
    if Patient.objects.opened_by(by).exists():
        return
    PushSubscription.objects.filter(user=by).delete()
    sessions.end_sessions(by, by=by)

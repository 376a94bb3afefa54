"""The calendar of one patient's visits: at an address that nobody guesses, until she takes it back."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from clinic.appointments.models import Appointment
from clinic.appointments.models.appointment import AppointmentQuerySet
from clinic.reminders.models import CalendarFeed
from clinic.reminders.rules.calendar_file import Entry
from patients.models import Patient
from people.actions import audit
from people.models import Clinic, User

SHOWN_FOR: Final = timedelta(days=30)  # after the visit: a calendar is also a diary
_NOTED_EVERY: Final = timedelta(hours=1)
_SALT: Final = "reminders.calendar"


@transaction.atomic
def make(patient: Patient, *, by: User, now: datetime) -> CalendarFeed:
    """A new address for this patient's calendar. The one before, which somebody else may have, works no more."""
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)  # pressed twice, one after the other
    CalendarFeed.objects.working().filter(patient=patient).update(revoked_at=now)
    feed = CalendarFeed(patient=patient, made_by=by, made_at=now)
    feed.token_digest = _digest(_token(feed))
    feed.save(force_insert=True)
    audit.record(by, "calendar.made", feed)
    return feed


@transaction.atomic
def revoke(patient: Patient, *, by: User, now: datetime) -> None:
    """From now on the address answers as one that never was. Pressed twice it is once."""
    for feed in CalendarFeed.objects.working().filter(patient=patient).select_for_update():
        feed.revoked_at = now
        feed.save(update_fields=["revoked_at"])
        audit.record(by, "calendar.revoked", feed)


def address(feed: CalendarFeed) -> str:
    """Where a calendar program fetches it; "" for one made under another secret key: that one has to be made anew."""
    token = _token(feed)
    known = _digest(token) == feed.token_digest
    return f"{settings.CLINIC_URL}{reverse('reminders:calendar', args=[token])}" if known else ""


@transaction.atomic
def read(token: str, *, now: datetime) -> CalendarFeed | None:
    """The feed at that address, or None: never given, taken back, or the patient's record is closed."""
    working = CalendarFeed.objects.working().filter(patient__archived_at=None, patient__died_on=None)
    feed = working.select_related("patient").filter(token_digest=_digest(token)).first()
    # Programs ask every few minutes: one line an hour says that it is read.
    if feed and (feed.last_read_at is None or feed.last_read_at <= now - _NOTED_EVERY):
        CalendarFeed.objects.filter(pk=feed.pk).update(last_read_at=now)
        audit.record(None, "calendar.read", feed)
    return feed


def entries(visits: AppointmentQuerySet, clinic: Clinic, *, now: datetime) -> Iterator[Entry]:
    """Those of `visits` that a calendar shows: of the last weeks and to come, and called off ones to come.

    A calendar that has a visit lets go of it only when it is told.
    """
    shown = visits.filter(starts_at__gt=now - SHOWN_FOR).select_related("site").order_by("starts_at")
    for visit in shown:
        if visit.is_standing or visit.starts_at > now:
            yield _entry(visit, clinic)


def _entry(visit: Appointment, clinic: Clinic) -> Entry:
    return Entry(
        uid=f"{visit.pk}@rebalance-clinic",  # also when the clinic moves to another address
        sequence=visit.revision,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        # The sender's neutral name: calendars are shared with families and employers.
        title=_("Visit at %s") % clinic.sender_name,
        place=visit.site.address,
        changed_at=max(visit.booked_at, visit.timed_at, visit.cancelled_at or visit.booked_at),
        is_cancelled=not visit.is_standing,
    )


def _token(feed: CalendarFeed) -> str:
    """256 bits from the feed's id and a secret of ours: she can look it up again, and our table cannot tell it."""
    return urlsafe_base64_encode(salted_hmac(_SALT, feed.pk.hex, algorithm="sha256").digest())


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

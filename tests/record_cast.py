"""A record with something in most of its tables. Everybody in here is made up."""

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone
from factories import NOW
from files_cast import a_png
from portal_cast import Portal

from clinic.appointments.actions import preferences
from clinic.reminders.actions import feeds
from patients.actions import facts, helping, outcomes, threads
from patients.actions.threads import Written


def a_rich_record(portal: Portal) -> None:
    leila, now = portal.leila, timezone.now()
    user = leila.user
    assert user
    sara = portal.sara.user
    assert sara
    written = Written(text="My arm is numb.", key=uuid4(), files=[("arm.png", a_png())])
    threads.begin(leila, "health", written, by=user, now=now)
    facts.state(leila, {"pregnancy": False}, by=sara, now=now)
    outcomes.record(leila, "nprs", {"current": 6, "best_24h": 2, "worst_24h": 8}, on=NOW.date(), by=user, now=now)
    preferences.set_preference(leila, preferences.Preference(weekdays=(1,)), by=user)
    feeds.make(leila, by=user, now=now)
    until = now.date() + timedelta(days=30)
    helping.add(
        leila, name="Omid", email="o@example.org", relation="partner", may=["messages"], until=until, by=user, now=now
    )

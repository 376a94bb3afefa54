"""What to say when somebody else was quicker: what was taken, and by whom in general terms."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from clinic.appointments.actions.availability import Choice
from clinic.appointments.models import Reservation, VisitChange
from clinic.appointments.rules import saying
from clinic.appointments.rules.refusals import SlotTaken
from people.rules.refusal import Refused

JUST_NOW = timedelta(minutes=15)  # longer ago, nobody was quicker: the page was old


def told(refusal: Refused, choice: Choice | None, *, now: datetime) -> str:
    """The refusal in words for the desk. "10:30 was booked by Omar a moment ago": staff by name, patients never."""
    if not isinstance(refusal, SlotTaken) or choice is None or "patient" in refusal.kinds:
        return str(refusal)
    clock = f"{choice.starts_at.astimezone(choice.site.zone):%H:%M}"
    rest = _("Nothing was saved. Your choices are still here.")
    return f"{_who(refusal, choice, clock, now)} {rest}"


def _who(refusal: SlotTaken, choice: Choice, clock: str, now: datetime) -> str:
    if not refusal.visits:
        return _kept(choice, clock, now)
    change = (
        VisitChange.objects.filter(appointment__in=refusal.visits, undone_at=None)
        .select_related("by")
        .order_by("-at")
        .first()
    )
    if change is None or change.at < now - JUST_NOW:
        return _("%(clock)s is not free any more.") % {"clock": clock}
    if change.by is None or not change.by.is_staff_member:
        return _("%(clock)s was booked by a patient a moment ago.") % {"clock": clock}
    return _("%(clock)s was booked by %(name)s a moment ago.") % {
        "clock": clock,
        "name": saying.called(change.by.name),
    }


def _kept(choice: Choice, clock: str, now: datetime) -> str:
    """Nobody has booked it: somebody is keeping it, or the database saw a booking that we did not."""
    held = Reservation.objects.filter(holds__resource__in=choice.resources, expires_at__gt=now)
    kept = held.filter(holds__during__contains=choice.starts_at).select_related("by").first()
    if kept is None:
        return _("%(clock)s was booked by somebody else a moment ago.") % {"clock": clock}
    return _("%(name)s is keeping %(clock)s for a caller.") % {"clock": clock, "name": saying.called(kept.by.name)}

"""What is said about those who wait."""

from collections.abc import Iterator

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.appointments.actions.matches import Match
from clinic.appointments.actions.openings import Gap
from clinic.appointments.models import WaitlistEntry
from clinic.appointments.models.roster import Weekday
from clinic.appointments.rules.matching import Reason
from clinic.appointments.web.words import day_and_time


def can_make(entry: WaitlistEntry) -> str:
    """Days, hours, with whom and where: "Mon, Wed, after 09:00, with Sara Haddad"."""
    return ", ".join(_can_make(entry))


def _can_make(entry: WaitlistEntry) -> Iterator[str]:
    days = [str(Weekday(day).label)[:3] for day in entry.weekdays]
    yield ", ".join(days) if days else _("any day")
    earliest, latest = (formats.time_format(at, "H:i") if at else "" for at in (entry.earliest, entry.latest))
    if earliest and latest:
        yield _("%(first)s to %(last)s") % {"first": earliest, "last": latest}
    elif earliest:
        yield _("from %s") % earliest
    elif latest:
        yield _("until %s") % latest
    if entry.clinician:
        yield _("with %s") % entry.clinician.name
    if entry.site:
        yield entry.site.name


def window(entry: WaitlistEntry) -> str:
    """ "14 Sep to 30 Sep"."""
    first, last = (formats.date_format(day, "j M") for day in (entry.from_on, entry.until_on))
    return _("%(first)s to %(last)s") % {"first": first, "last": last}


def reasons(match: Match) -> list[str]:
    """Why somebody stands where they stand, with the dates that the rule went by."""
    return [_reason(reason, match.entry) for reason in match.reasons]


def _reason(reason: Reason, entry: WaitlistEntry) -> str:
    session = entry.session
    if session and reason in {Reason.OVERDUE, Reason.DUE}:
        day = formats.date_format(session.due_until, "j M")
        return (_("the plan's best days ended on %s") if reason == Reason.OVERDUE else _("best until %s")) % day
    said = str(reason.label)
    return said[:1].lower() + said[1:]


def gap(it: Gap) -> str:
    """ "Wednesday 16 September, 10:00 to 10:30"."""
    starts, ends = it.starts_at.astimezone(it.site.zone), it.ends_at.astimezone(it.site.zone)
    return _("%(when)s to %(end)s") % {"when": day_and_time(starts), "end": formats.date_format(ends, "H:i")}


def offered(count: int) -> str:
    return ngettext("Offered to %(n)s person.", "Offered to %(n)s people.", count) % {"n": count}

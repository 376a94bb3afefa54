"""How visits are printed."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django import template
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from clinic.appointments.actions.availability import Offer
from clinic.appointments.models import Appointment, GroupSession
from clinic.appointments.rules import local_time
from clinic.appointments.rules.status import STEPS, Status, is_step_back
from clinic.appointments.web import names, words
from patients.models import Patient
from programs.rules.services import Service

register = template.Library()


@register.filter
def status_css(status: str) -> str:
    """The name that the design system has for a status: `st-inroom`, `i-st-noshow`."""
    return {"in_room": "inroom", "missed": "noshow", "cancelled": "noshow"}.get(status, status)


@register.filter
def status_icon(status: str) -> str:
    """The drawing of a status in partials/icons.html."""
    return "x" if status == Status.CANCELLED else f"st-{status_css(status)}"


@register.simple_tag
def next_steps(visit: Appointment, now: datetime) -> list[Status]:
    """What may happen next; the first is the likeliest. Nobody misses a visit that has not begun, nor confirms one
    that has."""
    idle = Status.CONFIRMED if now >= visit.starts_at else Status.MISSED
    return [step for step in STEPS[Status(visit.status)] if not is_step_back(visit.status, step) and step != idle]


@register.filter
def step_words(status: str) -> str | Promise:
    """What the button says that takes a visit to this status."""
    return words.STEPS[status]


@register.filter
def what(visit: Appointment) -> str:
    """The service, and which one of the plan's course it is: "Shockwave 3 of 5"."""
    return words.what(visit)


@register.filter
def listed(patient: Patient, hide: bool) -> str:
    """As in a list: "Okafor, Amara"; where names are hidden "A. O. 00042"."""
    return names.listed(patient.given_name, patient.family_name, patient.number, hide=hide)


@register.filter
def rooms_of(it: Appointment | GroupSession) -> str:
    """The room and the devices that a visit or a class holds; of a seat in a class, those of the class."""
    meeting = it.group if isinstance(it, Appointment) else None
    holds = meeting.holds.select_related("resource") if meeting else it.holds.all()
    return ", ".join(hold.resource.name for hold in holds if hold.resource.kind in {"room", "device"})


@register.filter
def say_this(offer: Offer, service: Service) -> str:
    """The sentence for the phone."""
    return words.say_this(offer, service, on=timezone.localdate(timezone.now(), offer.site.zone))


@register.filter
def when(offer: Offer) -> str:
    """Day and time on the wall clock of the site."""
    return words.day_and_time(offer.local_start)


@register.filter
def clock(offer: Offer) -> str:
    """On the wall clock of the site; with the offset from UTC in the hour that clocks show twice."""
    return local_time.clock(offer.starts_at, offer.site.zone)


@register.filter
def clock_there(offer: "Offer | Appointment", time_zone: str) -> str:
    """The clock where the patient is: "16:30 in Berlin". Empty where it shows what the clock of the site shows.

    `time_zone` is that of the patient's `VisitPreference`; empty means that they are where the site is.
    """
    there = ZoneInfo(time_zone) if time_zone else offer.site.zone
    theirs = local_time.elsewhere(offer.starts_at, offer.site.zone, there)
    if theirs is None:
        return ""
    shown, place = local_time.clock(offer.starts_at, there), there.key.rpartition("/")[2].replace("_", " ")
    if theirs.date() == offer.local_start.date():
        return _("%(clock)s in %(place)s") % {"clock": shown, "place": place}
    day = formats.date_format(theirs, "D j M")
    return _("%(day)s, %(clock)s in %(place)s") % {"day": day, "clock": shown, "place": place}

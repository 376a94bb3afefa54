"""What is said about a visit, on the screen and on the phone."""

from collections.abc import Mapping
from datetime import date, datetime

from django.http import HttpRequest
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.appointments.actions.availability import Offer
from clinic.appointments.models import Appointment
from clinic.appointments.rules import saying
from clinic.appointments.rules.status import Status
from clinic.appointments.web import names
from programs.rules.services import Service

STEPS: Mapping[str, str | Promise] = {
    Status.BOOKED: gettext_lazy("Not confirmed"),
    Status.CONFIRMED: gettext_lazy("Confirmed"),
    Status.ARRIVED: gettext_lazy("Check in"),
    Status.IN_ROOM: gettext_lazy("In room"),
    Status.DONE: gettext_lazy("Done"),
    Status.MISSED: gettext_lazy("Did not come"),
}


def what(visit: Appointment) -> str:
    if visit.session is None:
        return visit.service.name
    return _("%(service)s %(n)s of %(length)s") % {
        "service": visit.service.name,
        "n": visit.session.ordinal,
        "length": visit.session.course_length,
    }


def day_and_time(local: datetime) -> str:
    """ "Thursday 17 September, 10:30". `local` is on the wall clock of the site."""
    return f"{formats.date_format(local, 'l j F')}, {formats.date_format(local, 'H:i')}"


def say_this(offer: Offer, service: Service, *, on: date, with_site: bool = True) -> str:
    """The sentence for the phone. It names nobody's treatment: others stand at the desk. `on` is today."""
    local = offer.local_start
    return saying.sentence(
        local.date(),
        local.time(),
        clinician=offer.clinician.name,
        minutes=service.minutes,
        on=on,
        site=offer.site.name if with_site else "",
    )


def booked(request: HttpRequest, visit: Appointment) -> str:
    """The whole of what was booked, said back: who, when, with whom."""
    return _("%(patient)s, %(when)s, with %(clinician)s") % {
        "patient": names.said(request, visit.patient),
        "when": day_and_time(visit.local_start),
        "clinician": visit.clinician.name,
    }

"""The private calendar: whoever has its address sees when and where a patient comes, and nothing else."""

from typing import Final

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.appointments.models import Appointment
from clinic.reminders.actions import feeds
from clinic.reminders.web import calendar_file
from people.models import Clinic
from people.web.guards import public
from people.web.tries import is_too_often

_GUESSES_AN_HOUR: Final = 30  # of addresses that do not exist, from one place
_READS_AN_HOUR: Final = 120  # of one feed: programs ask every five minutes at most, on a few devices


@public
@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """A file that a calendar program fetches again and again."""
    now, clinic = timezone.now(), Clinic.objects.first()
    feed = feeds.read(token, now=now)
    if feed is None or clinic is None:
        who = get_adapter().get_client_ip(request)
        return _no(429 if is_too_often(f"calendar-guess:{who}", times=_GUESSES_AN_HOUR) else 404)
    if is_too_often(f"calendar:{feed.pk}", times=_READS_AN_HOUR):
        return _no(429)
    visits = Appointment.objects.filter(patient=feed.patient_id)
    return calendar_file.answer(request, feeds.entries(visits, clinic, now=now), clinic)


def _no(status: int) -> HttpResponse:
    """A program reads it, and must not learn from it which addresses there are."""
    response = HttpResponse(status=status, headers={"Retry-After": "3600"} if status == 429 else {})
    # Django would write the address, which is the key, into the log.
    setattr(response, "_has_been_logged", True)  # noqa: B010  (the types do not know it)
    return response

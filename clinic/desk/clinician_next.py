"""Where the clinician goes when a note is signed: the next note to sign, or the next patient of the day."""

from datetime import datetime, time, timedelta

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from clinic.appointments.models import Appointment
from clinic.appointments.rules.status import MAY_BE_MOVED, Status
from patients.models import Assessment
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs

FROM_LIST = "sign"
WAITING = (Status.IN_ROOM, Status.ARRIVED, Status.CONFIRMED, Status.BOOKED)


@needs(Permission.RECORD_VIEW)
def to_sign(request: SignedInRequest) -> HttpResponse:
    """The oldest note of mine that is not signed opens itself; when none is left, the page says so."""
    left = Assessment.objects.visible_to(request.user).unsigned().filter(author=request.user)
    oldest = left.select_related("appointment").order_by("started_at").first()
    if oldest is None:
        return render(request, "desk/clinician_to_sign.html", {"active": "my_day", "today": timezone.localdate()})
    visit = getattr(oldest, "appointment", None)
    if visit is None:
        return redirect("patients:assessment", oldest.patient_id, oldest.pk)
    return redirect(reverse("desk:clinic_visit", args=[visit.pk]) + f"?from={FROM_LIST}")


def after(request: SignedInRequest, visit: Appointment) -> str:
    """The next page once `visit` is signed."""
    if request.POST.get("from") == FROM_LIST:
        return reverse("desk:to_sign")
    day = timezone.localdate()
    first = datetime.combine(day, time.min, tzinfo=request.clinic.zone)
    last = datetime.combine(day + timedelta(days=1), time.min, tzinfo=request.clinic.zone)
    mine = Appointment.objects.visible_to(request.user).starting_between(first, last).filter(status__in=WAITING)
    unwritten = Q(assessment=None) | Q(assessment__signed_at=None)
    waiting = mine.filter(unwritten, clinician__user=request.user).exclude(pk=visit.pk).order_by("starts_at")
    # Whoever is in the building comes before whoever is still expected.
    best = min(waiting, key=lambda it: (_is_awaited(it), it.starts_at), default=None)
    return reverse("desk:clinic_visit", args=[best.pk]) if best else reverse("desk:my_day")


def _is_awaited(visit: Appointment) -> bool:
    return visit.status in MAY_BE_MOVED and not visit.waits_for_clinician

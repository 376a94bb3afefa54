"""Opening the page on which the clinician writes what was found at a visit."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.appointments.models import Appointment
from patients.actions import assessments
from patients.models import Assessment
from people.actions import audit
from people.models import User
from people.rules.refusal import Refused


class VisitCancelled(Refused):
    """Nobody is assessed at a visit that does not take place."""


@transaction.atomic
def open_assessment(appointment: Appointment, *, by: User, now: datetime) -> Assessment:
    """The assessment of this visit, begun now if there is none. Two clicks, or two clinicians, begin one."""
    # The visit alone, without a join: after waiting for the lock PostgreSQL re-reads only the locked row, and a joined
    # assessment that was begun meanwhile would still look missing.
    visit = Appointment.objects.select_for_update().get(pk=appointment.pk)
    if visit.assessment is not None:
        return visit.assessment
    if not visit.is_standing:
        raise VisitCancelled(_("This visit was cancelled."))
    kind = Assessment.Kind.FIRST if visit.service_code == "first_assessment" else Assessment.Kind.FOLLOW_UP
    visit.assessment = assessments.start(visit.patient, by=by, now=now, kind=kind)
    visit.save(update_fields=["assessment"])
    audit.record(by, "appointment.assessment_opened", visit)
    return visit.assessment

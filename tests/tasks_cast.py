"""A desk with nothing to do, and visits that give it something. Everybody in here is made up."""

from booking_cast import Cast, a_cast
from factories import NOW

from clinic.appointments.models import Appointment
from patients.models import Intake

TASKS = "desk:tasks"


def a_cast_with_nothing_to_do() -> Cast:
    """Leila can be written to and has sent her form."""
    cast = a_cast()
    cast.leila.email = "leila@example.org"
    cast.leila.save()
    Intake.objects.create(patient=cast.leila, started_at=NOW, submitted_at=NOW)
    return cast


def become(visit: Appointment, status: str) -> Appointment:
    Appointment.objects.filter(pk=visit.pk).update(status=status)
    visit.refresh_from_db()
    return visit

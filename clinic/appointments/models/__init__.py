from clinic.appointments.models.appointment import Appointment, Hold
from clinic.appointments.models.resource import Resource
from clinic.appointments.models.roster import Absence, Closure, Shift

__all__ = ["Absence", "Appointment", "Closure", "Hold", "Resource", "Shift"]

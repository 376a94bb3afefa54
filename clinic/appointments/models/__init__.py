from clinic.appointments.models.appointment import Appointment, Hold, VisitChange
from clinic.appointments.models.group import GroupSession, Reservation
from clinic.appointments.models.package import Package, PackageUse
from clinic.appointments.models.policy import BookingPolicy, VisitPreference
from clinic.appointments.models.resource import Resource
from clinic.appointments.models.roster import Absence, Closure, Shift
from clinic.appointments.models.waitlist import FollowUp, SlotOffer, WaitlistEntry

__all__ = [
    "Absence",
    "Appointment",
    "BookingPolicy",
    "Closure",
    "FollowUp",
    "GroupSession",
    "Hold",
    "Package",
    "PackageUse",
    "Reservation",
    "Resource",
    "Shift",
    "SlotOffer",
    "VisitChange",
    "VisitPreference",
    "WaitlistEntry",
]

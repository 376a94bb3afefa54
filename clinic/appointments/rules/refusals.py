"""The ways in which the appointment book says no."""

from collections.abc import Collection
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from people.rules.refusal import Refused

CHANGED = _("Somebody else changed this visit first. Nothing was saved: look at it again.")


class SlotTaken(Refused):
    """Something the visit needs is held for another one.

    `kinds` says what: clinician, room, device, patient. `visits` are the ids of those that hold it.
    """

    def __init__(self, kinds: Collection[str] = (), *, visits: Collection[UUID] = ()) -> None:
        self.kinds = frozenset(kinds)
        self.visits = frozenset(visits)
        super().__init__(_PATIENT_BUSY if self.kinds == {"patient"} else _TAKEN)


_TAKEN = _("That time was booked by somebody else a moment ago. Nothing was saved. Your choices are still here.")
_PATIENT_BUSY = _("The patient already has a visit at that time. Nothing was saved.")


class OutsideHours(Refused):
    """Nobody works then, or somebody or something that is needed is away."""

    def __init__(self) -> None:
        super().__init__(_("The clinic does not offer that time: it is closed, or somebody is away. Choose another."))


class InThePast(Refused):
    def __init__(self) -> None:
        super().__init__(_("That time has already passed. Choose a later one."))


class TooFarAhead(Refused):
    def __init__(self) -> None:
        super().__init__(_("That is further ahead than the clinic books. Choose an earlier time."))


class TooSoon(Refused):
    """Less than the notice that the clinic asks for."""

    def __init__(self) -> None:
        super().__init__(_("That is too soon to be booked here. Choose a later time, or call the clinic."))


class DayIsFull(Refused):
    """The clinician has as many visits that day, or as many of this kind, as the clinic allows."""

    def __init__(self) -> None:
        super().__init__(_("The clinician has as many visits that day as the clinic allows. Choose another day."))


class NotForPatients(Refused):
    """The clinic wants to be asked before it gives this visit."""

    def __init__(self) -> None:
        super().__init__(_("This visit cannot be booked here. Please call the clinic."))


class OffTheGrid(Refused):
    def __init__(self) -> None:
        super().__init__(_("Visits start on the quarter hour. Choose a time such as 10:15."))


class NotOffered(Refused):
    """The service is switched off."""

    def __init__(self) -> None:
        super().__init__(_("The clinic does not offer this at the moment."))


class Unfit(Refused):
    """Wrong profession, wrong kind of room, another site, out of use, or a device is missing."""

    def __init__(self) -> None:
        super().__init__(_("This clinician, room or device cannot be used for this visit. Choose another time."))


class NotTreatedAnyMore(Refused):
    """The patient is archived or has died."""

    def __init__(self) -> None:
        super().__init__(_("This record is closed, so nothing can be booked for this patient."))


class AlreadyBooked(Refused):
    """The planned session has a visit."""

    def __init__(self) -> None:
        super().__init__(_("This session of the plan is already booked."))


class OfAnotherPlan(Refused):
    """The planned session is another patient's, or asks for another treatment."""

    def __init__(self) -> None:
        super().__init__(_("This session does not belong to this visit. Open the booking again."))


class UsedForAnother(Refused):
    """The same form was already used for a different booking."""

    def __init__(self) -> None:
        super().__init__(_("This form was already used for another booking. Open a new one."))


class CannotBecome(Refused):
    """No step leads from the present status to the one asked for."""

    def __init__(self) -> None:
        super().__init__(_("This is not possible for the visit as it stands now. Look at it again."))


class NotYet(Refused):
    def __init__(self) -> None:
        super().__init__(_("The visit has not begun yet, so nobody can have missed it."))


class TooLateToUndo(Refused):
    """The minutes are over, or the visit has changed since."""

    def __init__(self) -> None:
        super().__init__(
            _("It is too late to undo this: the message is on its way, or the visit has changed since. Look at it.")
        )


class IsHere(Refused):
    """Somebody who stands at the desk has not missed anything."""

    def __init__(self) -> None:
        super().__init__(_("The patient is here and waits for a clinician. Take that back first, or cancel the visit."))


class NotExpected(Refused):
    """Who has come, or does not come, is not running late."""

    def __init__(self) -> None:
        super().__init__(_("Nobody is waited for here any more, so nobody is late. Look at the visit again."))


class NothingChosen(Refused):
    """The form came back without a time."""

    def __init__(self) -> None:
        super().__init__(_("Choose a time first."))

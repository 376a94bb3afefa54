"""The ways in which the waitlist says no."""

from django.utils.translation import gettext_lazy as _

from people.rules.refusal import Refused


class AlreadyWaiting(Refused):
    """One wish for one kind of visit: two would be offered the same time twice."""

    def __init__(self) -> None:
        super().__init__(_("This patient already waits for that kind of visit. Change that wish instead."))


class DaysOutOfOrder(Refused):
    def __init__(self) -> None:
        super().__init__(_("The last day lies before the first. Change one of them."))


class HoursOutOfOrder(Refused):
    def __init__(self) -> None:
        super().__init__(_("The hours end before they begin. Change one of them."))


class AlreadyPassed(Refused):
    def __init__(self) -> None:
        super().__init__(_("The last day has already passed. Choose a later one."))


class NoLongerWaiting(Refused):
    """Booked, withdrawn or passed meanwhile."""

    def __init__(self) -> None:
        super().__init__(_("This patient is no longer on the waitlist. Look at it again."))


class NotTheirs(Refused):
    """The visit to give up is another patient's, is of another kind, or can no longer be moved."""

    def __init__(self) -> None:
        super().__init__(_("That visit cannot be given up for this one. Look at it again."))


class NobodyChosen(Refused):
    def __init__(self) -> None:
        super().__init__(_("Choose at least one person to offer the time to."))


class TooManyChosen(Refused):
    def __init__(self) -> None:
        super().__init__(_("That is more than 20 people at once. Choose fewer."))


class NotSooner(Refused):
    """The visit that would be given up is no later than the time offered."""

    def __init__(self) -> None:
        super().__init__(_("The visit you have is sooner than this time. You keep it."))


class NothingToFree(Refused):
    """Only the rest of a missed visit can be given to somebody else."""

    def __init__(self) -> None:
        super().__init__(_("Nothing of this visit's time is left to offer."))

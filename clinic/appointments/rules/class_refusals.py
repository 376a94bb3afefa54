"""The ways in which a class says no."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from people.rules.refusal import Refused


class NotAClass(Refused):
    """The service is given to one patient at a time."""

    def __init__(self) -> None:
        super().__init__(_("This is given to one patient at a time. Choose a class."))


class OnlyInAClass(Refused):
    """The service is given to several patients at a time: a place in a class is given, never a time of one's own."""

    def __init__(self) -> None:
        super().__init__(_("This is given in a class. Choose one of its meetings."))


class ClassFull(Refused):
    """Every place is taken. `places` says how many there are."""

    def __init__(self, places: int) -> None:
        super().__init__(
            ngettext_lazy(
                "The class is full: its %(n)s place is taken. Nothing was saved.",
                "The class is full: all %(n)s places are taken. Nothing was saved.",
                places,
            )
            % {"n": places}
        )


class SitsAlready(Refused):
    def __init__(self) -> None:
        super().__init__(_("This patient is in the class already."))


class ClassIsOver(Refused):
    """It has ended or was called off."""

    def __init__(self) -> None:
        super().__init__(_("This class is over or was cancelled. Choose another one."))


class ClassHasBegun(Refused):
    """Somebody is in it or has been."""

    def __init__(self) -> None:
        super().__init__(_("Somebody has come to this class already, so it can be neither moved nor cancelled."))


class TooFewPlaces(Refused):
    """More people are in it than it would have places."""

    def __init__(self, seated: int) -> None:
        super().__init__(
            ngettext_lazy(
                "%(n)s person is in the class. It cannot have fewer places.",
                "%(n)s people are in the class. It cannot have fewer places.",
                seated,
            )
            % {"n": seated}
        )


class ClassTimeTaken(Refused):
    """The clinician or the room is held. `day` says when in words: a series has many days."""

    def __init__(self, day: str) -> None:
        super().__init__(
            _("On %(day)s the clinician or the room is taken. Nothing was saved: choose another time or room.")
            % {"day": day}
        )


class ClassOutsideHours(Refused):
    """Nobody works then, or somebody or something is away. `day` says when in words."""

    def __init__(self, day: str) -> None:
        super().__init__(
            _("On %(day)s the clinic is closed, or somebody is away at that time. Nothing was saved.") % {"day": day}
        )


class SomebodyIsBusy(Refused):
    """`who` names those in the class who have another visit at the new time."""

    def __init__(self, who: str) -> None:
        super().__init__(_("At the new time these have another visit: %(who)s. Nothing was saved.") % {"who": who})

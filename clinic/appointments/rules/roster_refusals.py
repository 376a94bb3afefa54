"""The ways in which the roster says no."""

from django.utils.translation import gettext_lazy as _

from people.rules.refusal import ChangedMeanwhile, Refused


class WorksElsewhere(Refused):
    """Nobody works two shifts at once. `shift` says in words which one is in the way."""

    def __init__(self, shift: str) -> None:
        super().__init__(
            _("There are hours in that time already: %(shift)s. End those first, or choose others.") % {"shift": shift}
        )


class NeverHeld(Refused):
    """A shift that would end before it began."""

    def __init__(self) -> None:
        super().__init__(_("The last day lies before the first one."))


class EndsAlready(Refused):
    """Ending a shift must not make it longer."""

    def __init__(self) -> None:
        super().__init__(_("These hours end earlier than that already. To make them longer, add new ones."))


class AwayAlready(Refused):
    def __init__(self) -> None:
        super().__init__(_("There is leave or service in that time already. Change or remove that one first."))


class EndsBeforeItBegins(Refused):
    def __init__(self) -> None:
        super().__init__(_("The end must come after the beginning."))


class ClosedAlready(Refused):
    def __init__(self) -> None:
        super().__init__(_("That day is a closing day already."))


class NameTaken(Refused):
    """Two rooms of one name at one site would be mixed up."""

    def __init__(self) -> None:
        super().__init__(_("There is one with this name at that site already. Give it another name."))


class PieceChanged(ChangedMeanwhile):
    """Somebody else saved the room or device after this form was opened. `now` says what it is now."""

    def __init__(self, now: str) -> None:
        super().__init__(
            _("Somebody else changed it meanwhile. It is now: %(now)s. Save again to replace that by what stands here.")
            % {"now": now}
        )


class GoneAlready(Refused):
    def __init__(self) -> None:
        super().__init__(_("Somebody else has removed this meanwhile."))

"""The ways in which somebody who stands at the desk cannot be helped at once."""

from django.utils.translation import gettext_lazy as _

from people.rules.refusal import Refused


class NobodyIsFree(Refused):
    """There is no gap left today. `soonest` says in words when the next one is; empty: not within two weeks."""

    def __init__(self, soonest: str) -> None:
        told = _("Nobody is free today any more. The next free time is %(when)s.") % {"when": soonest}
        super().__init__(told if soonest else _("Nobody is free today any more, nor in the next two weeks."))


class NoRoomForTwo(Refused):
    """Not even by overbooking: there is no such room at the site, or a device it needs is taken."""

    def __init__(self) -> None:
        super().__init__(_("There is no room or device for it here now, even with two patients at a time."))


class ReasonMissing(Refused):
    def __init__(self) -> None:
        super().__init__(_("Say why two patients come at one time."))

"""The ways in which a package cannot be sold, used or closed."""

from django.utils.translation import gettext_lazy as _

from people.rules.refusal import Refused


class NotSoldInAdvance(Refused):
    def __init__(self) -> None:
        super().__init__(_("The clinic does not offer this at the moment, so it cannot be sold in advance."))


class PackageMakesNoSense(Refused):
    """No session, a price below zero, or a last day before the first."""

    def __init__(self) -> None:
        super().__init__(_("A package needs at least one session, a price of nothing or more, and a last day to come."))


class NoSessionLeft(Refused):
    def __init__(self) -> None:
        super().__init__(_("No prepaid session of this kind is left."))


class PaidForAlready(Refused):
    def __init__(self) -> None:
        super().__init__(_("A prepaid session was counted for this visit before."))


class ClosedAlready(Refused):
    def __init__(self) -> None:
        super().__init__(_("This package is closed already."))


class WhyClosed(Refused):
    def __init__(self) -> None:
        super().__init__(_("Say why the package is closed."))

"""Who may join the staff, as what, and who may decide it."""

from collections.abc import Collection
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from people.rules.permissions import STAFF_ROLES, Role
from people.rules.professions import professions
from people.rules.refusal import NotAllowed, Refused

INVITATION_LASTS = timedelta(days=7)


class AlreadyHasAccount(Refused):
    """Somebody signs in with this e-mail already."""


class NoSuchRole(Refused):
    """That is not something a member of staff can be."""


class ProfessionMissing(Refused):
    """A clinician is licensed as something, and that decides what they may do."""


class OnlyOwnersDecide(NotAllowed):
    """Owners are made, changed and let go by owners."""


class LastOwner(Refused):
    """A clinic without an owner could never appoint one again."""


class NotYourself(Refused):
    """Nobody locks themselves out by a slip."""


class InvitationClosed(Refused):
    """The invitation was used, withdrawn or is too old, or never existed."""


def refuse_unfit_role(role: str, profession: str) -> None:
    """Raises `NoSuchRole` or `ProfessionMissing` when the two do not go together."""
    if role not in STAFF_ROLES:
        raise NoSuchRole(_("Choose what this person does here."))
    if profession and profession not in professions():
        raise ProfessionMissing(_("Choose a profession from the list."))
    if role == Role.CLINICIAN and not profession:
        raise ProfessionMissing(_("A clinician needs a profession: it decides what they may do."))


def refuse_unless_owner(decider: str | None, *roles: str) -> None:
    """Raises `OnlyOwnersDecide` if any of the roles is owner and `decider` is not. None is the system itself."""
    if Role.OWNER in roles and decider not in {Role.OWNER, None}:
        raise OnlyOwnersDecide(_("Only an owner can decide about owners. Ask one of them."))


def refuse_to_lose_the_last_owner(leaving: object, owners: Collection[object]) -> None:
    """Raises `LastOwner` if nobody of `owners` would stay once `leaving` is gone."""
    if set(owners) <= {leaving}:
        raise LastOwner(_("This is the only owner. Make somebody else an owner first."))

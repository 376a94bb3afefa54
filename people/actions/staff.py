"""Who works here: inviting, joining, changing role, leaving."""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from people.actions import audit, sessions
from people.models import Clinic, Invitation, User
from people.rules import staff as rules
from people.rules.permissions import Role
from people.rules.refusal import ChangedMeanwhile


@transaction.atomic
def invite(
    email: str, *, name: str, role: str, profession: str = "", by: User | None, now: datetime
) -> tuple[Invitation, str]:
    """Ask somebody to join the staff. Returns the invitation and the token of its link, which is kept nowhere.

    An open invitation to the same e-mail is withdrawn: only the newest link works. `by` is None when
    the clinic is being started and there is nobody yet. Raises `NoSuchRole`, `ProfessionMissing`,
    `OnlyOwnersDecide`, `AlreadyHasAccount`, or `ChangedMeanwhile` when two people invite the same person at once.
    """
    email = email.strip().lower()
    rules.refuse_unfit_role(role, profession)
    earlier = Invitation.objects.filter(email=email, accepted_at=None, withdrawn_at=None)
    rules.refuse_unless_owner(by.role if by else None, role, *earlier.values_list("role", flat=True))
    if User.objects.with_email(email).exists():
        raise rules.AlreadyHasAccount(_("Somebody signs in here with this e-mail already. Use another one."))
    earlier.update(withdrawn_at=now)
    token = secrets.token_urlsafe(32)  # 256 bits
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                email=email,
                name=name.strip(),
                role=role,
                profession=profession,
                token_digest=digest(token),
                invited_by=by,
                invited_at=now,
                expires_at=now + rules.INVITATION_LASTS,
            )
    except IntegrityError as clash:
        raise ChangedMeanwhile(_("Somebody else has just invited this person.")) from clash
    audit.record(by, "staff.invited", invitation, role=role, profession=profession)
    return invitation, token


def invite_again(invitation: Invitation, *, by: User, now: datetime) -> tuple[Invitation, str]:
    """Send the same invitation with a new link. The old link stops working. Raises what `invite` raises."""
    return invite(
        invitation.email, name=invitation.name, role=invitation.role, profession=invitation.profession, by=by, now=now
    )


@transaction.atomic
def withdraw(invitation: Invitation, *, by: User, now: datetime) -> None:
    """Take an invitation back. Raises `InvitationClosed` if it was used or withdrawn before."""
    rules.refuse_unless_owner(by.role, invitation.role)
    still = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None)
    if not still.update(withdrawn_at=now):
        raise rules.InvitationClosed(_("This invitation was used or withdrawn before."))
    audit.record(by, "staff.invitation_withdrawn", invitation)


def invitation_of(token: str, *, now: datetime) -> Invitation | None:
    """The open invitation that this link stands for."""
    return Invitation.objects.open(now=now).filter(token_digest=digest(token)).first()


@transaction.atomic
def join(token: str, *, password: str | None, now: datetime) -> User:
    """Make the account that an invitation promises; the invitation cannot be used again.

    The invited person acts, so there is no `by`. Raises `InvitationClosed`, also for the slower one of
    two who use the link at once, and `AlreadyHasAccount`.
    """
    # The row is locked before it is looked at: whoever comes second sees that it has been accepted.
    invitation = Invitation.objects.select_for_update().filter(token_digest=digest(token)).first()
    if invitation is None or not Invitation.objects.open(now=now).filter(pk=invitation.pk).exists():
        raise rules.InvitationClosed(_("This link no longer works. Ask for a new invitation."))
    try:
        with transaction.atomic():
            user: User = User.objects.create_user(
                invitation.email,
                password,
                name=invitation.name,
                role=invitation.role,
                profession=invitation.profession,
            )
    except IntegrityError as clash:
        raise rules.AlreadyHasAccount(_("Somebody signs in here with this e-mail already.")) from clash
    Invitation.objects.filter(pk=invitation.pk).update(accepted_at=now)
    audit.record(user, "staff.joined", user, invitation=str(invitation.pk), role=user.role)
    return user


@transaction.atomic
def join_demo(token: str, *, like: User, now: datetime) -> User:
    """Join a demo clinic with the public password of `like`: hashing it once for everybody saves seconds.

    Raises `InvitationClosed` and `AlreadyHasAccount`, and `PermissionError` in a clinic that is none of made-up people.
    """
    if not Clinic.objects.filter(is_demo=True).exists():
        raise PermissionError("Only the people of a demo clinic share a password.")
    user = join(token, password=None, now=now)
    user.password = like.password
    user.save(update_fields=["password"])
    return user


@transaction.atomic
def change_role(user: User, *, role: str, profession: str, name: str = "", by: User) -> User:
    """Let a member of staff do other work from the next click on, and be called by another name, if one is given.

    Raises `NoSuchRole`, `ProfessionMissing`, `OnlyOwnersDecide` or `LastOwner`.
    """
    owners = _owners_locked()
    user = _member_locked(user)
    rules.refuse_unfit_role(role, profession)
    was, is_renamed = user.role, name.strip() not in {"", user.name}
    if role != user.role or is_renamed:
        rules.refuse_unless_owner(by.role, user.role, role)
    if role != Role.OWNER and user.pk in owners:
        rules.refuse_to_lose_the_last_owner(user.pk, owners)
    user.role, user.profession, user.name = role, profession, name.strip() or user.name
    user.save(update_fields=["role", "profession", "name"])
    audit.record(by, "staff.role_changed", user, was=was, role=role, profession=profession, is_renamed=is_renamed)
    return user


@transaction.atomic
def deactivate(user: User, *, by: User) -> None:
    """Let somebody go: they can no longer sign in, and what they have open is refused at the next click.

    Raises `NotYourself`, `OnlyOwnersDecide` or `LastOwner`.
    """
    if user.pk == by.pk:
        raise rules.NotYourself(_("You cannot take your own access away. Ask a colleague."))
    owners = _owners_locked()
    user = _member_locked(user)
    rules.refuse_unless_owner(by.role, user.role)
    if user.pk in owners:
        rules.refuse_to_lose_the_last_owner(user.pk, owners)
    user.is_active = False
    user.save(update_fields=["is_active"])
    sessions.end_sessions(user, by=by)
    audit.record(by, "staff.deactivated", user)


@transaction.atomic
def reactivate(user: User, *, by: User) -> None:
    """Let somebody back in, as what they were. Raises `OnlyOwnersDecide`."""
    user = _member_locked(user)
    rules.refuse_unless_owner(by.role, user.role)
    user.is_active = True
    user.save(update_fields=["is_active"])
    audit.record(by, "staff.reactivated", user)


def digest(token: str) -> str:
    """What is kept of a token. SHA-256 is enough: there is nothing to guess in 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def _owners_locked() -> list[UUID]:
    # All owners, in one order, before anything is decided: two owners who let each other go at the
    # same moment queue here, and the second finds that only one is left.
    owners = User.objects.filter(role=Role.OWNER, is_active=True).order_by("pk").select_for_update()
    return [owner.pk for owner in owners]


def _member_locked(user: User) -> User:
    member: User = User.objects.staff().select_for_update().get(pk=user.pk)
    return member

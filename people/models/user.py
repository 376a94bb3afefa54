"""Users sign in by e-mail. Staff and patients are the same kind of account with different roles."""

import uuid
from collections.abc import Iterable
from typing import Any, Final, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from people.rules import professions
from people.rules.permissions import STAFF_ROLES, Permission, Role, rights_of

TEXT_SIZES: Final = (100, 150, 200)  # per cent of what the browser would draw


class UserQuerySet(models.QuerySet["User"]):
    def staff(self) -> Self:
        return self.filter(role__in=STAFF_ROLES)

    def active(self) -> Self:
        return self.filter(is_active=True)

    def with_email(self, email: str) -> Self:
        return self.filter(email=email.strip().lower())


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A user whose e-mail is kept in lower case; no password means signing in by code or passkey only."""
        user: User = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """Somebody who signs in. Never deleted: the audit trail names them. Leavers are made inactive."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    profession = models.CharField(_("profession"), max_length=40, blank=True)
    is_active = models.BooleanField(_("may sign in"), default=True)
    joined_at = models.DateTimeField(auto_now_add=True)
    text_size = models.PositiveSmallIntegerField(
        _("text size"), default=TEXT_SIZES[0], choices=[(size, f"{size} %") for size in TEXT_SIZES]
    )

    objects = UserManager()

    EMAIL_FIELD = USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(name="email_is_in_lower_case", condition=models.Q(email=Lower("email"))),
            models.CheckConstraint(name="role_is_known", condition=models.Q(role__in=Role.values)),
            models.CheckConstraint(
                name="a_clinician_has_a_profession",
                condition=~models.Q(role=Role.CLINICIAN) | ~models.Q(profession=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_staff_member(self) -> bool:
        return self.role in STAFF_ROLES

    @property
    def is_patient(self) -> bool:
        return self.role == Role.PATIENT

    @property
    def rights(self) -> frozenset[Permission]:
        return rights_of(self.role, profession=self.profession) if self.is_active else frozenset()

    def may(self, permission: Permission) -> bool:
        return permission in self.rights

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        return perm in self.rights

    def has_perms(self, perm_list: Iterable[str], obj: object | None = None) -> bool:
        return all(perm in self.rights for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        return any(right.startswith(f"{app_label}.") for right in self.rights)

    @property
    def profession_label(self) -> str:
        known = professions.professions().get(self.profession)
        return known.label if known else ""

    @property
    def initials(self) -> str:
        words = self.name.split()
        return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()

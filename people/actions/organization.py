"""The clinic itself and its sites."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from people.actions import audit, staff
from people.models import Clinic, Invitation, Site, User
from people.rules.permissions import Role
from people.rules.refusal import Refused


class ClinicRuns(Refused):
    """There is a clinic already, and somebody owns it."""


class SiteNameTaken(Refused):
    """Two sites of one name would be mixed up on the phone."""


@dataclass(frozen=True, slots=True)
class Start:
    """A clinic that waits for its owner. The token is shown once and kept nowhere."""

    clinic: Clinic
    invitation: Invitation
    token: str


@transaction.atomic
def start_for_its_owner(*, owner_email: str, name: str, time_zone: str, now: datetime, is_demo: bool = False) -> Start:
    """Make the one clinic, empty, and invite its owner. The system acts: there is nobody yet.

    A clinic whose owner has not come yet gets a new invitation, so that a lost link is no dead end.
    Raises `ClinicRuns` once it has an owner, and `ValidationError` on an unknown time zone.
    """
    clinic = Clinic.objects.select_for_update().first()
    if clinic and User.objects.filter(role=Role.OWNER).exists():
        raise ClinicRuns(_("There is a clinic already, and it has an owner."))
    if clinic is None:
        clinic = Clinic(name=name, sender_name=name[:30], time_zone=time_zone, is_demo=is_demo)
        clinic.full_clean()
        clinic.save(force_insert=True)
        audit.record(None, "clinic.started", clinic)
    invitation, token = staff.invite(owner_email, name=owner_email, role=Role.OWNER, by=None, now=now)
    return Start(clinic, invitation, token)


@transaction.atomic
def change_clinic(*, by: User, **fields: Any) -> Clinic:
    """Change what the clinic is called and how it is reached. Raises `ValidationError` on an unknown time zone."""
    clinic = Clinic.objects.select_for_update().get()
    changed = _set(clinic, fields)
    clinic.full_clean()
    clinic.save()
    audit.record(by, "clinic.changed", clinic, changed=changed)
    return clinic


@transaction.atomic
def open_site(*, by: User, **fields: Any) -> Site:
    """Add a place where the clinic treats. Raises `SiteNameTaken`."""
    site = Site(**fields)
    _save_with_its_name(site)
    audit.record(by, "site.opened", site)
    return site


@transaction.atomic
def change_site(site: Site, *, by: User, **fields: Any) -> Site:
    """Change a site. Visits keep their instant when the time zone changes. Raises `SiteNameTaken`."""
    site = Site.objects.select_for_update().get(pk=site.pk)
    changed = _set(site, fields)
    _save_with_its_name(site)
    audit.record(by, "site.changed", site, changed=changed)
    return site


@transaction.atomic
def archive_site(site: Site, *, by: User) -> None:
    """Take a site out of use. Nothing is deleted: old visits still say where they were."""
    Site.objects.filter(pk=site.pk).update(is_active=False)
    audit.record(by, "site.archived", site)


@transaction.atomic
def reopen_site(site: Site, *, by: User) -> None:
    """Use an archived site again."""
    Site.objects.filter(pk=site.pk).update(is_active=True)
    audit.record(by, "site.reopened", site)


def _set(thing: Clinic | Site, fields: dict[str, Any]) -> list[str]:
    """Set what differs. Returns the names of those fields, for the audit line; values stay out of it."""
    changed = sorted(name for name, value in fields.items() if getattr(thing, name) != value)
    for name in changed:
        setattr(thing, name, fields[name])
    return changed


def _save_with_its_name(site: Site) -> None:
    try:
        with transaction.atomic():
            site.save()
    except IntegrityError as clash:
        raise SiteNameTaken(_("There is a site with this name already.")) from clash

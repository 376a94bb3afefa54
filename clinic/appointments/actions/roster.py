"""What the clinic has and when people work: rooms, devices, clinicians' hours, closed days, absences."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from clinic.appointments.models import Absence, Appointment, Closure, Resource, Shift
from people.actions import audit
from people.models import Site, User
from people.rules.refusal import Refused


class AwayAlready(Refused):
    """Two absences of one resource overlap."""


class ClosedAlready(Refused):
    """The site is closed on that day already."""


@transaction.atomic
def add_piece(kind: str, *, name: str, site: Site, offers: Sequence[str], by: User) -> Resource:
    """Add a room or a device. `offers` are its room kinds, or its one device code."""
    ordinal = Resource.objects.filter(kind=kind).count() + 1
    piece = Resource.objects.create(kind=kind, name=name, site=site, offers=list(offers), ordinal=ordinal)
    audit.record(by, f"{kind}.added", piece)
    return piece


@transaction.atomic
def change_piece(
    piece: Resource, *, name: str, site: Site, offers: Sequence[str], is_active: bool, by: User
) -> Resource:
    """Correct a room or a device, or take it out of use. Standing visits keep it: nothing is dropped silently."""
    found = Resource.objects.select_for_update().get(pk=piece.pk)
    found.name, found.site, found.offers, found.is_active = name, site, list(offers), is_active
    found.save(update_fields=["name", "site", "offers", "is_active"])
    audit.record(by, f"{found.kind}.changed", found, is_active=is_active)
    return found


@transaction.atomic
def sync_clinicians(*, by: User) -> list[Resource]:
    """Put everybody with a profession on the roster, with the name and profession they have today.

    Who left or treats no longer goes out of use; their visits stay until somebody moves them. Run twice it
    changes nothing.
    """
    known = {resource.user_id: resource for resource in Resource.objects.clinicians().select_for_update()}
    treating = User.objects.staff().active().exclude(profession="").order_by("name")
    changed = []
    for user in treating:
        resource = known.pop(user.pk, None) or Resource(kind=Resource.Kind.CLINICIAN, user=user, ordinal=len(known) + 1)
        if _fit(resource, name=user.name, offers=[user.profession], is_active=True):
            changed.append(resource)
    changed += [gone for gone in known.values() if _fit(gone, name=gone.name, offers=gone.offers, is_active=False)]
    for resource in changed:
        resource.save()
        audit.record(by, "clinician.on_roster" if resource.is_active else "clinician.off_roster", resource)
    return changed


def _fit(resource: Resource, *, name: str, offers: list[str], is_active: bool) -> bool:
    """Set these and say whether anything is new."""
    before = (resource._state.adding, resource.name, resource.offers, resource.is_active)
    resource.name, resource.offers, resource.is_active = name, offers, is_active
    return before != (False, name, offers, is_active)


@transaction.atomic
def add_shifts(
    clinician: Resource,
    *,
    site: Site,
    weekdays: Collection[int],
    hours: Collection[tuple[time, time]],
    valid_from: date,
    valid_until: date | None = None,
    by: User,
) -> list[Shift]:
    """Give a clinician the same hours on each of these weekdays (0 is Monday), on the site's own clock."""
    shifts = Shift.objects.bulk_create(
        Shift(
            resource=clinician,
            site=site,
            weekday=weekday,
            starts=starts,
            ends=ends,
            valid_from=valid_from,
            valid_until=valid_until,
        )
        for weekday in sorted(weekdays)
        for starts, ends in hours
    )
    audit.record(by, "shifts.added", clinician, count=len(shifts))
    return shifts


@transaction.atomic
def end_shift(shift: Shift, *, last_day: date, by: User) -> None:
    """End a weekly shift after `last_day`; one that has not begun by then is taken away."""
    found = Shift.objects.select_for_update().get(pk=shift.pk)
    audit.record(by, "shift.ended", found, last_day=last_day.isoformat())
    if last_day < found.valid_from:
        found.delete()
    else:
        found.valid_until = last_day
        found.save(update_fields=["valid_until"])


@transaction.atomic
def close(*, on: date, reason: str, site: Site | None, by: User) -> Closure:
    """Close a site, or every site, for a day. Raises `ClosedAlready`. Standing visits stay until moved."""
    try:
        with transaction.atomic():
            closure = Closure.objects.create(on=on, reason=reason, site=site)
    except IntegrityError as clash:
        raise ClosedAlready(_("That day is closed already.")) from clash
    audit.record(by, "site.closed", closure, on=on.isoformat())
    return closure


@transaction.atomic
def reopen(closure: Closure, *, by: User) -> None:
    """Take a closed day back."""
    audit.record(by, "site.reopened", closure, on=closure.on.isoformat())
    closure.delete()


@transaction.atomic
def add_absence(resource: Resource, *, starts_at: datetime, ends_at: datetime, reason: str, by: User) -> Absence:
    """Leave of a clinician, or service of a room or device. Raises `AwayAlready`.

    Visits that already stand in it are kept: `visits_in` lists them, for somebody to move.
    """
    if ends_at <= starts_at:
        raise Refused(_("The end must come after the beginning."))
    try:
        with transaction.atomic():
            absence = Absence.objects.create(
                resource=resource, during=DateTimeTZRange(starts_at, ends_at), reason=reason
            )
    except IntegrityError as clash:
        raise AwayAlready(_("There is an absence in that time already.")) from clash
    audit.record(by, "absence.added", absence, resource=str(resource.pk))
    return absence


@transaction.atomic
def remove_absence(absence: Absence, *, by: User) -> None:
    audit.record(by, "absence.removed", absence, resource=str(absence.resource_id))
    absence.delete()


def visits_in(absence: Absence) -> QuerySet[Appointment]:
    """The standing visits that need the resource while it is away."""
    return (
        Appointment.objects.standing()
        .filter(holds__resource=absence.resource_id, holds__during__overlap=absence.during)
        .select_related("patient", "site", "clinician")
        .order_by("starts_at")
    )

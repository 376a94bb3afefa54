"""Setting up who works when, with which rooms and devices, and when the clinic is closed.

A change of the roster never touches a visit: those that stand outside it afterwards are listed (`stranded`)
until somebody moves them or takes the change back.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time, timedelta

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from clinic.appointments.models import Absence, Closure, Resource, Shift
from clinic.appointments.rules.roster_refusals import (
    AwayAlready,
    ClosedAlready,
    EndsAlready,
    EndsBeforeItBegins,
    GoneAlready,
    NameTaken,
    NeverHeld,
    PieceChanged,
    WorksElsewhere,
)
from clinic.appointments.rules.shifts import clash
from people.actions import audit
from people.models import Site, User

# A shift begins and ends in the site's local time.
Hours = tuple[time, time]


def out_of_step() -> list[Resource]:
    """The clinicians as the staff list has them, where the roster says otherwise or nothing. Reads only."""
    known = {resource.user_id: resource for resource in Resource.objects.clinicians()}
    treating = User.objects.staff().active().exclude(profession="")
    people = (treating | User.objects.filter(pk__in=known)).order_by("name", "pk")
    return [changed for user in people if (changed := _in_step(user, known.get(user.pk), place=len(known) + 1))]


def _in_step(user: User, resource: Resource | None, *, place: int) -> Resource | None:
    """The roster's entry for `user` as it should be, or None where it already is."""
    is_treating = user.is_active and user.is_staff_member and bool(user.profession)
    wanted = (user.name, [user.profession] if user.profession else [], is_treating)
    if resource is None:
        resource = Resource(kind=Resource.Kind.CLINICIAN, user=user, ordinal=place)
    elif (resource.name, resource.offers, resource.is_active) == wanted:
        return None
    resource.name, resource.offers, resource.is_active = wanted
    return resource


@transaction.atomic
def sync_clinicians(*, by: User) -> list[Resource]:
    """Give everybody with a profession a place in the book, and take those out of use who left.

    Names and professions follow the staff list. Run twice it changes nothing. Returns what was changed.
    """
    # Whoever does the same at the same time waits here and then finds nothing left to do.
    list(User.objects.staff().order_by("pk").select_for_update(no_key=True).values_list("pk"))
    list(Resource.objects.clinicians().order_by("pk").select_for_update(no_key=True).values_list("pk"))
    changed = out_of_step()
    for resource in changed:
        deed = "resource.added" if resource._state.adding else "resource.changed"
        resource.save()
        audit.record(by, deed, resource, kind=resource.kind, is_active=resource.is_active)
    return changed


@transaction.atomic
def add_piece(kind: str, *, name: str, site: Site, offers: Collection[str], by: User) -> Resource:
    """A room, with the kinds it can serve as, or a device with its code. Raises `NameTaken`."""
    others = Resource.objects.filter(kind=kind)
    resource = Resource(kind=kind, name=name, site=site, offers=list(offers), ordinal=others.count() + 1)
    _refuse_taken_name(resource)
    resource.save(force_insert=True)
    audit.record(by, "resource.added", resource, kind=resource.kind, offers=resource.offers)
    return resource


@transaction.atomic
def change_piece(
    piece: Resource, *, name: str, site: Site, offers: Collection[str], by: User, seen: str | None = None
) -> Resource:
    """Rename a room or device, or change where it stands or what it can serve as.

    `seen` is what whoever changes it saw (`as_seen`). Raises `PieceChanged` if it is not so any more, and
    `NameTaken`.
    """
    resource = _fresh(piece)
    if seen is not None and seen != as_seen(resource):
        raise PieceChanged(f"{resource.name}, {resource.site}")
    resource.name, resource.site, resource.offers = name, site, list(offers)
    _refuse_taken_name(resource)
    resource.save(update_fields=["name", "site", "offers"])
    audit.record(by, "resource.changed", resource, offers=resource.offers)
    return resource


def as_seen(piece: Resource) -> str:
    """What a form shows of a room or device, in one line that it sends back."""
    return "|".join([piece.name, str(piece.site_id), *sorted(piece.offers)])


@transaction.atomic
def retire(resource: Resource, *, by: User) -> Resource:
    """Offer it no more. Visits that hold it stand until they are moved."""
    return _use(resource, is_active=False, deed="resource.retired", by=by)


@transaction.atomic
def bring_back(resource: Resource, *, by: User) -> Resource:
    """Offer it again. Raises `NameTaken` if another one has taken its name meanwhile."""
    return _use(resource, is_active=True, deed="resource.brought_back", by=by)


def _use(resource: Resource, *, is_active: bool, deed: str, by: User) -> Resource:
    piece = _fresh(resource)
    if piece.is_active == is_active:
        return piece  # pressed twice, or by two people
    piece.is_active = is_active
    if is_active:
        _refuse_taken_name(piece)
    piece.save(update_fields=["is_active"])
    audit.record(by, deed, piece)
    return piece


@transaction.atomic
def add_shifts(
    resource: Resource,
    *,
    site: Site,
    weekdays: Iterable[int],
    hours: Collection[Hours],
    valid_from: date,
    by: User,
    valid_until: date | None = None,
) -> list[Shift]:
    """The same hours on several weekdays (0 is Monday). All or none are added.

    Raises `WorksElsewhere` if one overlaps with hours at any site, and `NeverHeld`.
    """
    if valid_until and valid_until < valid_from:
        raise NeverHeld
    _fresh(resource)
    standing = list(resource.shifts.filter(_not_over_by(valid_from)).select_related("site"))
    shifts = [
        Shift(
            resource=resource,
            site=site,
            weekday=weekday,
            starts=starts,
            ends=ends,
            valid_from=valid_from,
            valid_until=valid_until,
        )
        for weekday in sorted(weekdays)
        for starts, ends in hours
    ]
    for shift in shifts:
        if shift.ends <= shift.starts:
            raise EndsBeforeItBegins
        _refuse_clash(shift, standing)
        standing.append(shift)
    Shift.objects.bulk_create(shifts)
    audit.record(by, "shifts.added", resource, count=len(shifts))
    return shifts


@transaction.atomic
def end_shift(shift: Shift, *, last_day: date, by: User) -> None:
    """Let the shift hold until `last_day`. One that would never have held is removed.

    Raises `EndsAlready` if it ends before that day anyway, and `GoneAlready`.
    """
    _fresh(shift.resource)
    found = Shift.objects.filter(pk=shift.pk).first()
    if found is None:
        raise GoneAlready
    if found.valid_until and found.valid_until < last_day:
        raise EndsAlready
    if last_day < found.valid_from:
        audit.record(by, "shift.removed", found)
        found.delete()
        return
    found.valid_until = last_day
    found.save(update_fields=["valid_until"])
    audit.record(by, "shift.ended", found, last_day=last_day.isoformat())


@transaction.atomic
def end_all_shifts(resource: Resource, *, last_day: date, by: User) -> int:
    """Let all weekly hours hold until `last_day` at the latest. Returns how many were ended or removed."""
    _fresh(resource)
    shifts = resource.shifts.filter(Q(valid_until=None) | Q(valid_until__gt=last_day))
    removed, _by_model = shifts.filter(valid_from__gt=last_day).delete()
    count = removed + shifts.update(valid_until=last_day)
    audit.record(by, "shifts.ended", resource, count=count, last_day=last_day.isoformat())
    return count


@transaction.atomic
def close(*, site: Site | None, on: date, reason: str, by: User) -> Closure:
    """Close a site for a day, or the whole clinic when `site` is None. Raises `ClosedAlready`."""
    if Closure.objects.filter(Q(site=site) | Q(site=None), on=on).exists():
        raise ClosedAlready
    try:
        closure = Closure.objects.create(site=site, on=on, reason=reason)
    except IntegrityError as error:
        raise ClosedAlready from error
    audit.record(by, "closure.added", closure, on=on.isoformat())
    return closure


@transaction.atomic
def close_all(days: Mapping[date, str], *, site: Site | None, by: User) -> list[Closure]:
    """Close on each of these days, for the reason beside it. What is closed then already stays as it is."""
    closed = set(Closure.objects.filter(Q(site=site) | Q(site=None), on__in=days).values_list("on", flat=True))
    return [close(site=site, on=on, reason=why, by=by) for on, why in sorted(days.items()) if on not in closed]


@transaction.atomic
def open_again(closure: Closure, *, by: User) -> None:
    """Take a closing day back. Raises `GoneAlready`."""
    found = Closure.objects.select_for_update().filter(pk=closure.pk).first()
    if found is None:
        raise GoneAlready
    audit.record(by, "closure.removed", found, on=found.on.isoformat())
    found.delete()


@transaction.atomic
def add_absence(resource: Resource, *, starts_at: datetime, ends_at: datetime, reason: str, by: User) -> Absence:
    """Leave of a clinician, or service of a room or device. Visits in that time stand and are listed.

    Raises `AwayAlready` if it overlaps with another absence, and `EndsBeforeItBegins`.
    """
    if ends_at <= starts_at:
        raise EndsBeforeItBegins
    _fresh(resource)  # whoever books meanwhile waits, and then sees it
    try:
        absence = Absence.objects.create(resource=resource, during=DateTimeTZRange(starts_at, ends_at), reason=reason)
    except IntegrityError as error:
        raise AwayAlready from error
    audit.record(by, "absence.added", absence, resource=str(resource.pk))
    return absence


@transaction.atomic
def remove_absence(absence: Absence, *, by: User) -> None:
    """Raises `GoneAlready`."""
    found = Absence.objects.select_for_update().filter(pk=absence.pk).first()
    if found is None:
        raise GoneAlready
    audit.record(by, "absence.removed", found, resource=str(found.resource_id))
    found.delete()


def _fresh(resource: Resource) -> Resource:
    """The row as it is now, kept from everybody who books or changes it until we are done."""
    return Resource.objects.select_for_update(no_key=True, of=("self",)).select_related("site").get(pk=resource.pk)


def _refuse_taken_name(piece: Resource) -> None:
    # Two people who add the same room at once come one after the other.
    list(Site.objects.filter(pk__in=[piece.site_id]).select_for_update(no_key=True))
    others = Resource.objects.in_use().filter(kind=piece.kind, site=piece.site, name__iexact=piece.name)
    if others.exclude(pk=piece.pk).exists():
        raise NameTaken


def _not_over_by(day: date) -> Q:
    # A day of slack: at a site beyond the date line it is still yesterday.
    return Q(valid_until=None) | Q(valid_until__gte=day - timedelta(days=1))


def _refuse_clash(shift: Shift, others: Iterable[Shift]) -> None:
    for other in others:
        if clash(shift, shift.site.zone, other, other.site.zone):
            raise WorksElsewhere(f"{other.get_weekday_display()} {other.starts:%H:%M}-{other.ends:%H:%M}, {other.site}")

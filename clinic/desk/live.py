"""Whether a day still looks as it did: asked every 1.5 seconds by every open board, so it has to be cheap."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db.models import BigIntegerField, Exists, F, Func, OuterRef, Q, QuerySet, Subquery, Sum, TextField, Value
from django.db.models.functions import Concat

from clinic.appointments.models import Absence, Appointment, Closure, Hold, Shift
from people.models import Site, User


def sites(user: User, day: date) -> list[Site]:
    """The sites in use, each with whether `user` works there and with a stamp of its day. One query.

    The stamp changes with every visit, class, kept time, shift, absence and closing day that the board shows.
    """
    shifts = Shift.objects.filter(site=OuterRef("pk"), resource__user=user)
    return list(_stamped(Site.objects.filter(is_active=True), day).annotate(is_own=Exists(shifts)))


def stamped(site_id: UUID, day: date) -> Site | None:
    """One site with its stamp, as `sites` has it."""
    return _stamped(Site.objects.filter(is_active=True, pk=site_id), day).first()


def chosen(found: Sequence[Site], asked: str) -> Site | None:
    """The site that was asked for, or the one where this person works, or the first."""
    own = next((site for site in found if getattr(site, "is_own", False)), next(iter(found), None))
    return next((site for site in found if str(site.pk) == asked), own)


def version(site: Site, now: datetime) -> str:
    """What a page sends back to ask whether it is still true. Waiting times are, for a minute."""
    words = f"{getattr(site, 'stamp', '')} {now:%Y-%m-%dT%H:%M}"
    return hashlib.blake2b(words.encode(), digest_size=12).hexdigest()


def _stamped(found: QuerySet[Site], day: date) -> QuerySet[Site]:
    # Wider than any zone's day: what changes next door redraws the board once more than it must.
    begins = datetime.combine(day, time.min, tzinfo=UTC) - timedelta(hours=14)
    ends = begins + timedelta(hours=52)
    site = OuterRef("pk")
    visits = Appointment.objects.filter(site=site, starts_at__gte=begins, starts_at__lt=ends)
    held = Hold.objects.filter(Q(resource__site=site) | Q(group__site=site), appointment=None)
    held = held.filter(starts_at__gte=begins, starts_at__lt=ends)
    shifts = Shift.objects.between(day, day).filter(site=site, weekday=day.weekday())
    absences = Absence.objects.filter(during__overlap=(begins, ends))
    closures = Closure.objects.filter(Q(site=site) | Q(site=None), on=day)
    parts = [
        _digest(visits, "pk", "revision", "status", "arrived_at", "expected_at", "clinician_id"),
        _digest(held, "pk", "during", "group__revision"),
        _digest(shifts, "pk", "starts", "ends", "resource_id"),
        _digest(absences, "pk", "during"),
        _digest(closures, "pk"),
    ]
    return found.annotate(stamp=Concat(*parts, output_field=TextField()))


def _digest(
    rows: QuerySet[Appointment] | QuerySet[Hold] | QuerySet[Shift] | QuerySet[Absence] | QuerySet[Closure], *fields: str
) -> Func:
    """The sum of a 64 bit hash of each row: the same in any order, and another with every change."""
    words = Func(Value("|"), *map(F, fields), function="concat_ws", output_field=TextField())
    each = Func(words, Value(0), function="hashtextextended", output_field=BigIntegerField())
    summed = rows.order_by().annotate(one=Value(1)).values("one").annotate(digest=Sum(each)).values("digest")
    return Func(Value("/"), Subquery(summed), function="concat", output_field=TextField())

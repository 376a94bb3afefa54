"""Whether this person may be reached by this way at this moment: asked with all else in the statement that lets go."""

from datetime import timedelta
from functools import lru_cache
from typing import Final

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Length, Right
from django.db.models.lookups import Exact, LessThan

from clinic.reminders.models import ContactPreference, Message, OptOut, PushSubscription, ReminderPolicy, SendingRule
from clinic.reminders.rules import schedule

Kind, Channel, State = Message.Kind, Message.Channel, Message.State
Conditions = dict[str, Q | Exists]

# What answers somebody's deed of a minute ago, or cannot wait, is not counted and keeps no hours.
AT_ANY_TIME: Final = (Kind.BOOKED, Kind.MOVED, Kind.CANCELLED, Kind.OFFER, Kind.MISSED, Kind.ALERT)
_COUNTED: Final = [kind for kind in Kind if kind not in AT_ANY_TIME]

_LIVES: Final[Conditions] = {
    "died": Q(patient__died_on__isnull=True),
    "archived": Q(patient__archived_at__isnull=True),
}
_SCREENS: Final = PushSubscription.objects.working().filter(user=OuterRef("patient__user"))
_BY: Final[dict[str, Conditions]] = {
    Channel.EMAIL: {"declined": Q(patient__may_be_mailed=True), "no_email": Q(patient__email__contains="@")},
    Channel.SMS: {"no_mobile": ~Q(patient__mobile="")},
    Channel.PUSH: {"no_push": Exists(_SCREENS)},
    Channel.LETTER: {"no_address": ~Q(patient__address="")},
}
_DOUBTFUL: Final = {Channel.EMAIL: "doubtful_email", Channel.SMS: "doubtful_mobile"}
# By the clinic or the patient, since this was planned. A rule of one reminder is about whose occasion ends with it.
_OFF: Final = SendingRule.objects.filter(
    Q(patient=OuterRef("patient")) | Q(patient=None),
    Exact(Right(OuterRef("occasion"), Length("which")), F("which")),
    kind=OuterRef("kind"),
    is_on=False,
)


@lru_cache
def of(kind: str, channel: str) -> Conditions:
    """What must hold, by the reason to give when it does not.

    Of the message's row it reads the digest of the address and the lease, which `outbox.claim` has written.
    """
    conditions = _LIVES | _BY[channel] | {"opted_out": Q(Exact(_has_said_stop(channel), Value(False)))}
    if field := _DOUBTFUL.get(Channel(channel)):
        doubted = ContactPreference.objects.filter(patient=OuterRef("patient"), **{field: OuterRef("address_digest")})
        conditions |= {"doubtful": Q(~Exists(doubted.exclude(**{field: ""})))}
    if kind not in schedule.ALWAYS:
        conditions |= {"switched_off": Q(~Exists(_OFF.filter(channel="")))}
        conditions |= {"not_this_way": Q(~Exists(_OFF.filter(channel=channel)))}
    return conditions | _CAPS if kind in _COUNTED else conditions


def _has_said_stop(channel: str) -> Coalesce:
    """The last word counts, whether the patient said it or somebody from that address."""
    of_address = Q(address_digest=OuterRef("address_digest")) & ~Q(address_digest="")
    said = OptOut.objects.filter(Q(patient=OuterRef("patient")) | of_address, channel=channel)
    return Coalesce(Subquery(said.order_by("-at", "-pk").values("is_out")[:1]), False)


def _fewer_than(most: str, *, days: int) -> Q:
    """Less than the clinic's `most` has left, or is about to, for the same patient in that many days."""
    # The lease was given a moment ago: the row itself says what time it is.
    since = OuterRef("lease_until") - timedelta(days=days)
    left = Q(state=State.SENT, sent_at__gt=since) | Q(state=State.UNKNOWN, due_at__gt=since) | Q(state=State.HANDING)
    others = Message.objects.filter(left, patient=OuterRef("patient"), kind__in=_COUNTED).exclude(pk=OuterRef("pk"))
    count = others.order_by().values("patient").annotate(n=Count("*")).values("n")
    default = getattr(ReminderPolicy(), most)
    allowed = Coalesce(Subquery(ReminderPolicy.objects.values(most)[:1]), default, output_field=IntegerField())
    return Q(LessThan(Coalesce(Subquery(count, output_field=IntegerField()), 0), allowed))


_CAPS: Final[Conditions] = {
    "enough_today": _fewer_than("most_per_day", days=1),
    "enough_this_week": _fewer_than("most_per_week", days=7),
}

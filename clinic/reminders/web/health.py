"""Do messages go out? By each way: what is late, what nobody knows, what came back, and who does not answer."""

from datetime import timedelta
from typing import Final

from django.db.models import Count, Min, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from clinic.reminders.models import LastLook, Message
from clinic.reminders.rules.wording import REASONS
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs

State, Channel = Message.State, Message.Channel
_SHOWN: Final = 20
_SOON: Final = timedelta(minutes=1)  # in which the next look comes
_WAITING: Final = ("quiet_hours", "may_be_undone")  # for their hour: nothing is wrong


@needs(Permission.MESSAGE_VIEW)
def health(request: SignedInRequest) -> HttpResponse:
    """For whoever is asked why somebody heard nothing. Five queries, however many messages there are."""
    now = timezone.now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    messages = Message.objects.visible_to(request.user)
    is_todays = Q(due_at__gte=midnight, due_at__lte=now)
    is_late = Q(state=State.READY, due_at__lt=now - _SOON) & ~Q(reason__in=_WAITING, not_before__gt=now)
    recent = messages.exclude(channel=Channel.LETTER).filter(is_todays | Q(state__in=[*Message.OPEN, State.UNKNOWN]))
    ways = recent.values("channel").annotate(
        oldest=Min("due_at", filter=is_late),
        late=Count("pk", filter=is_late),
        down=Count("pk", filter=Q(state=State.READY, reason="unreachable")),
        unknown=Count("pk", filter=Q(state=State.UNKNOWN)),
        failed=Count("pk", filter=is_todays & Q(state=State.FAILED)),
        sent=Count("pk", filter=is_todays & Q(state=State.SENT)),
    )
    reasons = messages.filter(is_todays, state__in=[State.SUPPRESSED, State.EXPIRED, State.FAILED])
    late = messages.overdue(now).filter(is_late).for_ledger().order_by("due_at")[:_SHOWN]
    context = {
        "active": "messages",
        "now": now,
        "nobody_since": LastLook.missed_since(now),
        "ways": [way | {"name": Channel(way["channel"]).label} for way in ways.order_by("channel")],
        "reasons": [
            (REASONS.get(reason, reason), count)
            for reason, count in reasons.order_by().values_list("reason").annotate(n=Count("pk")).order_by("-n")
        ],
        "rows": [*late, *messages.needing_a_person().for_ledger().order_by("-due_at")[:_SHOWN]],
        "back": request.get_full_path(),
    }
    return render(request, "reminders/health.html", context)

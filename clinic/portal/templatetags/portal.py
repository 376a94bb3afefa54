"""What the pages of the portal say to the script that keeps taps and pages on the phone."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.crypto import salted_hmac

from clinic.portal.door import is_open

register = template.Library()

TABS = ("portal:today", "portal:plan", "portal:visits", "portal:messages", "portal:settings")
SHARED = "is_shared_phone"  # in the session, put there at sign-in


@register.simple_tag(takes_context=True)
def kept_for(context: Mapping[str, Any]) -> str:
    """Whose taps and pages this phone may keep, as a word that says nothing to anybody else; "" if it keeps none.

    One word for each account and each record it opens: a mother's taps never end in her child's record.
    """
    request = context.get("request")
    record = getattr(request, "open_record_id", None)
    if request is None or record is None or request.session.get(SHARED):
        return ""
    return salted_hmac("portal.kept_for", f"{request.user.pk}:{record}", algorithm="sha256").hexdigest()[:32]


@register.simple_tag(takes_context=True)
def open_tabs(context: Mapping[str, Any]) -> frozenset[str]:
    """Which pages of the bar are open to whoever looks, such as "today"."""
    request = context.get("request")
    return frozenset(page.partition(":")[2] for page in TABS if request is not None and is_open(request, page))

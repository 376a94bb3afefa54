"""Booking at home what is due: the page of times, and a tap on one of them."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from factories import NOW
from portal_cast import Portal, it_is

from programs.models import PlannedSession

__all__ = ["BOOK", "POSTURE", "a_time", "sent", "session_of", "shown", "times"]

BOOK = "/me/visits/book/"
POSTURE = "posture_guidance"


def session_of(portal: Portal, modality: str = POSTURE) -> PlannedSession:
    return portal.plan.sessions.filter(modality=modality).order_by("due_on")[0]


def shown(portal: Portal, url: str = BOOK, **asked: Any) -> str:
    with it_is(NOW):
        return unescape(portal.client.get(url, asked).content.decode())


def times(html: str) -> list[str]:
    """The codes of the times on the page, in its order."""
    return [parse_qs(query)["offer"][0] for query in re.findall(r'href="\?([^"]*offer=[^"]*)"', html)]


def a_time(portal: Portal, what: str) -> str:
    return times(shown(portal, what=what))[0]


def sent(portal: Portal, what: str, offer: str, **more: Any) -> tuple[int, str]:
    with it_is(NOW):
        answer = portal.client.post(BOOK, {"what": what, "offer": offer, "request_key": str(uuid4())} | more)
    return answer.status_code, unescape(answer.content.decode())

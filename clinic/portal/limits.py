"""How often a stranger may try."""

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

HOUR = 60 * 60  # seconds
BIRTH_DATES_AN_HOUR = 5
LINKS_AN_HOUR = 120  # opened from one address: a family or a ward may share one


def is_too_often(what: str, *, times: int, seconds: int = HOUR) -> bool:
    """Count one try of `what`, and say whether it is one too many. Without the counter nobody gets in."""
    key = f"tries:{what}"
    cache.add(key, 0, seconds)
    try:
        return int(cache.incr(key)) > times
    except ValueError:  # the hour ended between the two: they begin anew
        return False


def is_flooding(request: HttpRequest) -> bool:
    return is_too_often(f"link:{get_adapter().get_client_ip(request)}", times=LINKS_AN_HOUR)


def asked_to_wait(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/wait.html", status=429)

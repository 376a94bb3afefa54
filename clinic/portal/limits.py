"""How often a stranger may try."""

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from people.web.tries import is_too_often

__all__ = ["asked_to_wait", "is_flooding", "is_too_often"]

BIRTH_DATES_AN_HOUR = 5
LINKS_AN_HOUR = 120  # opened from one address: a family or a ward may share one


def is_flooding(request: HttpRequest) -> bool:
    return is_too_often(f"link:{get_adapter().get_client_ip(request)}", times=LINKS_AN_HOUR)


def asked_to_wait(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/wait.html", status=429)

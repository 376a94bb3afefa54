"""No more mail, in one step and without signing in."""

from typing import Final

from allauth.account.adapter import get_adapter
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from clinic.reminders.actions import stop_links
from people.web.guards import public
from people.web.tries import is_too_often

_GUESSES_AN_HOUR: Final = 30


@public
@csrf_exempt  # mail programs press it without ever having opened a page (RFC 8058); who has the mail has the right
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """A GET asks, because scanners open every link; a POST stops."""
    message = stop_links.mail_behind(token)
    if message is None:
        who = get_adapter().get_client_ip(request)
        if is_too_often(f"stop-guess:{who}", times=_GUESSES_AN_HOUR):
            return HttpResponse(status=429)
        raise Http404
    if request.method == "POST":
        stop_links.stop_for(message, now=timezone.now())
    return render(request, "reminders/stop.html", {"hint": message.address_hint, "is_done": request.method == "POST"})

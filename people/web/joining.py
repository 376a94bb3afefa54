"""How an invited person becomes a user."""

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.core.internal import ratelimit
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters

from people.actions import staff
from people.rules.refusal import Refused
from people.web.forms import JoinForm
from people.web.guards import public

TRIES = {"join": "20/m/ip"}


@public
@sensitive_post_parameters("password", "again")
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show who is invited; make the account once they have chosen a password; sign them in."""
    if not ratelimit.consume(request, app="people", action="join", config=TRIES, limit_get=True):
        refused: HttpResponse = ratelimit.respond_429(request)
        return refused
    invitation = staff.invitation_of(token, now=timezone.now())
    if invitation is None:
        return render(request, "people/join_closed.html", status=404)
    form = JoinForm(request.POST or None, invitation=invitation)
    if form.is_valid():
        try:
            user = staff.join(token, password=form.cleaned_data["password"], now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            # They have just chosen their password: setting up the second factor need not ask for it again.
            record_authentication(request, user, method="password", email=user.email, reauthenticated=True)
            response: HttpResponse = perform_login(request, Login(user=user, email=user.email))
            return response
    return render(request, "people/join.html", {"form": form, "invitation": invitation})

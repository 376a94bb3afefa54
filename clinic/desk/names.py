"""The button that hides the names on the boards."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from clinic.appointments.web.names import KEY, are_hidden
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs


@needs(Permission.APPOINTMENT_VIEW)
@require_POST
def toggle(request: SignedInRequest) -> HttpResponse:
    """Hide the names on the boards, or show them again."""
    request.session[KEY] = not are_hidden(request)
    return redirect(back(request, reverse("desk:today")))


def back(request: SignedInRequest, otherwise: str) -> str:
    """The page on which the button stood. Never another server, whatever the form says."""
    asked = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if is_ours else otherwise

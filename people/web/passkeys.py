"""A patient's passkey: the next time her fingerprint, face or PIN is enough, and no code has to come by mail."""

import time
from typing import Any, Final

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import views as passkeys
from allauth.mfa.webauthn.internal import flows
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from people.web.forms import PasskeyForm
from people.web.guards import SignedInRequest, signed_in
from people.web.phones import is_shared

# Whoever finds a phone that was signed in last week must not make a key of their own to it.
RECENT_SECONDS: Final = 60 * 60


class AddOwn(passkeys.AddWebAuthnView):
    form_class = PasskeyForm
    template_name = "people/passkey.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mine = Authenticator.objects.filter(user=self.request.user, type=Authenticator.Type.WEBAUTHN)
        return {**super().get_context_data(), "mine": [it.wrap() for it in mine], "is_recent": is_recent(self.request)}

    def get_success_url(self) -> str:
        return reverse("people:passkey")


_add = AddOwn.as_view()


@signed_in
def passkey(request: SignedInRequest) -> HttpResponseBase:
    """Add one on this phone, or take one away. Staff have the pages of their second factor for that."""
    if not request.user.is_patient or is_shared(request):
        raise Http404
    if request.method == "POST" and "remove" in request.POST:
        return _removed(request)
    if request.method == "POST" and not is_recent(request):
        return redirect("people:passkey")
    response: HttpResponseBase = _add(request)
    return response


def _removed(request: SignedInRequest) -> HttpResponse:
    number = request.POST["remove"]
    mine = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.WEBAUTHN)
    found = mine.filter(pk=number).first() if number.isdecimal() else None
    if found is None:
        raise Http404
    flows.remove_authenticator(request, found)
    return redirect("people:passkey")


def is_recent(request: Any) -> bool:
    """Whether she showed who she is within the hour."""
    records = get_authentication_records(request, request.user)
    return bool(records) and time.time() - records[-1]["at"] < RECENT_SECONDS

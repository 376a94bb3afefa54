"""My own account: who I am here, and where I am signed in."""

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.http import HttpResponse
from django.shortcuts import render

from people.rules.devices import device_name
from people.web.guards import SignedInRequest, signed_in


@signed_in
def account(request: SignedInRequest) -> HttpResponse:
    kinds = list(Authenticator.objects.filter(user=request.user).values_list("type", flat=True))
    shown = {
        "has_app": Authenticator.Type.TOTP in kinds,
        "passkeys": kinds.count(Authenticator.Type.WEBAUTHN),
        "has_codes": Authenticator.Type.RECOVERY_CODES in kinds,
        "devices": [
            (device_name(device.user_agent), device, device.session_key == request.session.session_key)
            for device in UserSession.objects.filter(user=request.user).order_by("-created_at")
        ],
        "layout": "layouts/portal.html" if request.user.is_patient else "layouts/staff.html",
        "active": "account",
    }
    return render(request, "people/account.html", shown)

"""Where I am signed in, and ending it."""

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from people.actions import sessions
from people.rules.devices import device_name
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs


@needs(Permission.OWN_RECORD)
def devices(request: SignedInRequest) -> HttpResponse:
    """Of the account, whoever's record is open. A POST ends one, or all but this one."""
    mine = UserSession.objects.filter(user=request.user)
    here = request.session.session_key or ""
    if request.method == "POST":
        which = request.POST.get("device", "")
        others = mine.exclude(session_key=here)  # this one is left by signing out
        if which.isdecimal():
            others = others.filter(pk=int(which))
        elif which != "others":
            raise Http404
        ended = sessions.end_some(request.user, others, by=request.user)
        if ended:
            messages.success(request, _("Signed out there."))
        return redirect("portal:devices")
    rows = [(it, device_name(it.user_agent), it.session_key == here) for it in mine.order_by("-created_at")]
    context = {"active": "settings", "rows": rows, "others": sum(not is_here for *_rest, is_here in rows)}
    return render(request, "portal/devices.html", context)

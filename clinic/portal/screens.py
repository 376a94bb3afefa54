"""Messages on my phone's or computer's own screen: turned on there, and off from anywhere."""

from typing import Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from clinic.portal.door import own
from clinic.reminders.actions import screens as reached
from clinic.reminders.channels import push, sealing
from clinic.reminders.models import PushSubscription
from patients.models import Patient
from people.models import Clinic
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, public

# By its plain address: a worker whose address changed with each release would be another worker.
_WORKER: Final = "clinic/js/screen-worker.js"


class ScreenForm(forms.Form):
    """What the browser gives when somebody says yes to it; nobody types this."""

    endpoint = forms.CharField(max_length=1000)
    public_key = forms.CharField(max_length=120)
    auth_secret = forms.CharField(max_length=40)
    device = forms.CharField(max_length=80, required=False)

    def clean(self) -> None:
        """Two halves of a key that fit: with any other no message could be sealed."""
        keys = self.cleaned_data.get("public_key", ""), self.cleaned_data.get("auth_secret", "")
        if not sealing.is_browsers(*keys):
            raise forms.ValidationError(_("This browser cannot show our messages."))


@own
def screens(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """The phones and computers that are turned on; a POST turns this one on, or one of them off."""
    mine = PushSubscription.objects.visible_to(request.user).working()
    refusal = ""
    if request.method == "POST":
        refusal = _changed(request)
        if not refusal:
            return redirect("portal:screens")
    context = {
        "active": "settings",
        "patient": patient,
        "screens": mine,
        "key": sealing.public(push.own_key(settings.PUSH_KEY)) if push.is_on() else "",
        "worker": f"{settings.STATIC_URL}{_WORKER}",
        "refusal": refusal,
    }
    return render(request, "portal/screens.html", context)


def _changed(request: SignedInRequest) -> str:
    """Turn one on or off; why not, or ""."""
    now = timezone.now()
    if request.POST.get("do") == "off":
        which = request.POST.get("screen", "")
        screen = PushSubscription.objects.visible_to(request.user).filter(pk=which).first() if which.isdigit() else None
        if screen:
            reached.turn_off(screen, by=request.user, now=now)
        messages.success(request, _("Turned off. Messages come by another way from now on."))
        return ""
    form = ScreenForm(request.POST)
    if not push.is_on() or not form.is_valid():
        return _("This browser cannot show our messages.")
    try:
        reached.turn_on(reached.Screen(**form.cleaned_data), services=settings.PUSH_SERVICES, by=request.user, now=now)
    except Refused as refused:
        return str(refused)
    messages.success(request, _("Turned on."))
    return ""


@public
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """What an iPhone wants to know before it keeps the page on its home screen: only from there it shows messages."""
    clinic = Clinic.objects.first()
    name = clinic.sender_name if clinic else ""
    said = {
        "id": reverse("portal:today"),
        "name": name,
        "short_name": name,
        "description": _("Your visits, your plan and your exercises."),
        "lang": get_language(),
        "dir": "rtl" if get_language_bidi() else "ltr",
        "start_url": reverse("portal:today"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#F4F7F7",  # the canvas of tokens.css
        "theme_color": "#FFFFFF",
        "icons": [
            {"src": static("clinic/mark.svg"), "sizes": "any", "type": "image/svg+xml"},
            *({"src": static(f"clinic/icon-{n}.png"), "sizes": f"{n}x{n}", "type": "image/png"} for n in (192, 512)),
            # With room around it, for phones that cut icons into their own shape.
            {"src": static("clinic/icon-512.png"), "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
        ],
    }
    return JsonResponse(said, content_type="application/manifest+json")

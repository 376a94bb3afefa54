"""All doors. Ids in URLs are opaque; no name and no condition ever stands in one."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from clinic import front
from clinic.reminders.web import mailbox

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", front.health, name="health"),
    path("favicon.ico", front.icon, name="icon"),
    path("", front.home, name="home"),
    path("", include("people.web.urls")),
    path("", include("patients.web.urls")),
    path("", include("programs.web.urls")),
    path("", include("clinic.appointments.web.urls")),
    path("", include("clinic.reminders.web.urls")),
    path("", include("clinic.desk.urls")),
    path("", include("clinic.portal.urls")),
]
if settings.HAS_LOCAL_MAILBOX:
    urlpatterns += [
        path("mailbox/", mailbox.letters, name="mailbox"),
        path("mailbox/<str:letter>/", mailbox.letter, name="mailbox_letter"),
    ]

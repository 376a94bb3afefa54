"""Placeholder until the real views land."""
from django.urls import path
from django.http import HttpResponse
from people.web.guards import public

@public
def soon(request, **kw): return HttpResponse("soon")

app_name = "portal"
urlpatterns = [
    path("me/", soon, name="today"),
    path("me/plan/", soon, name="plan"),
    path("me/visits/", soon, name="visits"),
    path("me/settings/", soon, name="settings"),
    path("help/urgent/", soon, name="urgent"),
    path("a/<str:token>/", soon, name="link"),
    path("f/<str:token>/", soon, name="form"),
]

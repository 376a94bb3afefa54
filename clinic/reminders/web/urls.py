"""Placeholder until the real views land."""
from django.urls import path
from django.http import HttpResponse
from people.web.guards import public

@public
def soon(request, **kw): return HttpResponse("soon")

app_name = "reminders"
urlpatterns = [
    path("desk/messages/", soon, name="ledger"),
]

"""Placeholder until the real views land."""
from django.urls import path
from django.http import HttpResponse
from people.web.guards import public

@public
def soon(request, **kw): return HttpResponse("soon")

app_name = "appointments"
urlpatterns = [
    path("desk/book/", soon, name="book"),
    path("desk/visit/<uuid:visit_id>/", soon, name="visit"),
    path("desk/visit/<uuid:visit_id>/move/", soon, name="move"),
    path("desk/visit/<uuid:visit_id>/cancel/", soon, name="cancel"),
    path("setup/roster/", soon, name="roster"),
]

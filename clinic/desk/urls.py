"""Placeholder until the real views land."""
from django.urls import include, path
from django.http import HttpResponse
from people.web.guards import public

@public
def soon(request, **kw): return HttpResponse("soon")

app_name = "desk"
urlpatterns = [
    path("desk/", soon, name="today"),
    path("desk/day/<str:day>/", soon, name="day"),
    path("desk/list/<str:day>/", soon, name="list"),
    path("", include("clinic.desk.clinician_urls")),
]

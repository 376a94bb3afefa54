"""Placeholder until the real views land."""
from django.urls import path
from django.http import HttpResponse
from people.web.guards import public

@public
def soon(request, **kw): return HttpResponse("soon")

app_name = "programs"
urlpatterns = [
    path("library/", soon, name="library"),
    path("patients/<uuid:patient_id>/plan/", soon, name="plan"),
    path("patients/<uuid:patient_id>/plan/start/", soon, name="start"),
]

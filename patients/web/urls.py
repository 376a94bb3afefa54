"""Placeholder until the real views land."""
from django.urls import path
from django.http import HttpResponse
from people.web.guards import public

@public
def soon(request, **kw): return HttpResponse("soon")

app_name = "patients"
urlpatterns = [
    path("patients/", soon, name="list"),
    path("patients/new/", soon, name="register"),
    path("patients/<uuid:patient_id>/", soon, name="patient"),
    path("patients/<uuid:patient_id>/edit/", soon, name="edit"),
    path("patients/<uuid:patient_id>/record/", soon, name="record"),
    path("me/forms/", soon, name="forms"),
]

"""The clinical part of a patient's record: forms, assessments, warning signs."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from people.web.guards import public


@public
def soon(request: HttpRequest, **keys: object) -> HttpResponse:
    return HttpResponse("soon")


urlpatterns: list[URLPattern] = [
    path("patients/<uuid:patient_id>/record/", soon, name="record"),
    path("me/forms/", soon, name="forms"),
]

"""Doors to the short screen and to the form on paper."""

from django.urls import URLPattern, path

from patients.web import intake_paper, intake_screen

urlpatterns: list[URLPattern] = [
    path("me/check/", intake_screen.check, name="check"),
    path("me/flare/", intake_screen.flare, name="flare"),
    path("clinic/paper-form/", intake_paper.paper, name="paper_form"),
    path("clinic/flares/", intake_screen.flares, name="flares"),
]

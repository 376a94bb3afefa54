"""Doors to the patients. The clinical ones stand in clinical_urls."""

from django.urls import URLPattern, URLResolver, include, path

from patients.web import patient_page, views

app_name = "patients"
urlpatterns: list[URLPattern | URLResolver] = [
    path("patients/", views.patients, name="list"),
    path("patients/new/", views.register, name="register"),
    path("patients/new/matches/", views.matches, name="matches"),
    path("patients/<uuid:patient_id>/", patient_page.patient, name="patient"),
    path("patients/<uuid:patient_id>/edit/", patient_page.edit, name="edit"),
    path("patients/<uuid:patient_id>/archive/", patient_page.archive, name="archive"),
    path("patients/<uuid:patient_id>/restore/", patient_page.restore, name="restore"),
    path("patients/<uuid:patient_id>/death/", patient_page.death, name="death"),
    path("patients/<uuid:patient_id>/portal/", patient_page.portal_access, name="portal_access"),
    path("", include("patients.web.clinical_urls")),
    path("", include("patients.web.intake_urls")),
]

"""Doors of the clinicians; clinic/desk/urls.py opens them in its namespace."""

from django.urls import URLPattern, path

from clinic.desk import clinician_day, clinician_next, clinician_paper, clinician_visit, clinician_visit_open

urlpatterns: list[URLPattern] = [
    path("clinic/", clinician_day.my_day, name="my_day"),
    path("clinic/alerts/", clinician_day.alerts, name="alerts"),
    path("clinic/visit/<uuid:visit_id>/", clinician_visit.clinic_visit, name="clinic_visit"),
    path("clinic/draft/<uuid:assessment_id>/", clinician_visit.draft_visit, name="draft_visit"),
    path("clinic/visit/<uuid:visit_id>/draft/", clinician_visit_open.draft, name="visit_draft"),
    path("clinic/visit/<uuid:visit_id>/countersign/", clinician_visit.countersign, name="countersign"),
    path("clinic/visit/<uuid:visit_id>/print/", clinician_visit.printed, name="visit_print"),
    path("clinic/visit/<uuid:visit_id>/note.pdf", clinician_paper.note_pdf, name="note_pdf"),
    path("clinic/sign/", clinician_next.to_sign, name="to_sign"),
]

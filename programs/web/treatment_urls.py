"""Doors to what was given, what followed from it, and who was given what is called back."""

from django.urls import URLPattern, path

from programs.web import adverse_pages, recall_pages, treatment_pages

urlpatterns: list[URLPattern] = [
    path("patients/<uuid:patient_id>/treatments/", treatment_pages.of_patient, name="treatments"),
    path("patients/<uuid:patient_id>/treatments/plan/", treatment_pages.of_plan, name="treatments_of_plan"),
    path(
        "patients/<uuid:patient_id>/assessments/<uuid:assessment_id>/treatments/",
        treatment_pages.of_visit,
        name="treatments_of_visit",
    ),
    path("patients/<uuid:patient_id>/adverse/", adverse_pages.mark, name="adverse_mark"),
    path("treatments/<uuid:treatment_id>/adverse/", adverse_pages.record, name="adverse_record"),
    path("clinic/adverse-events/", adverse_pages.events, name="adverse_events"),
    path("clinic/adverse-events/mine/", adverse_pages.mine, name="adverse_mine"),
    path("adverse-events/<uuid:event_id>/seen-to/", adverse_pages.see_to, name="adverse_see_to"),
    path("clinic/recall/", recall_pages.recall, name="recall"),
]

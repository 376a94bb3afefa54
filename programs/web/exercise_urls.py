"""Doors to the exercises, the posture and the worklist; programs/web/urls.py opens them in its namespace."""

from django.urls import URLPattern, path

from programs.web import exercise_pages, exercise_prescribe, exercise_sheet, posture_pages, worklist_pages

urlpatterns: list[URLPattern] = [
    path("patients/<uuid:patient_id>/exercises/", exercise_pages.exercises, name="exercises"),
    path("patients/<uuid:patient_id>/exercises/days/", exercise_pages.days, name="exercise_days"),
    path("patients/<uuid:patient_id>/exercises/prescribe/", exercise_prescribe.prescribe, name="prescribe"),
    path("patients/<uuid:patient_id>/exercises/sheet.pdf", exercise_sheet.sheet, name="exercise_sheet"),
    path("patients/<uuid:patient_id>/exercises/<uuid:exercise_id>/dose/", exercise_pages.dose, name="dose"),
    path("patients/<uuid:patient_id>/posture/", posture_pages.posture, name="posture"),
    path("clinic/worklist/", worklist_pages.worklist, name="worklist"),
    path("clinic/worklist/<uuid:patient_id>/", worklist_pages.act, name="worklist_act"),
]

"""Doors to the life of a plan, and to the programs a clinic writes itself."""

from django.urls import URLPattern, path

from programs.web import own_programs, plan_changes, plan_life

urlpatterns: list[URLPattern] = [
    path("patients/<uuid:patient_id>/plan/change/", plan_changes.revise, name="revise"),
    path("patients/<uuid:patient_id>/plan/pause/", plan_life.pause, name="pause"),
    path("patients/<uuid:patient_id>/plan/resume/", plan_life.resume, name="resume"),
    path("patients/<uuid:patient_id>/plan/look/", plan_life.look, name="look"),
    path("patients/<uuid:patient_id>/plan/summary/", plan_life.summary, name="plan_summary"),
    path("clinic/programs/", own_programs.programs, name="own_programs"),
    path("clinic/programs/new/", own_programs.new, name="own_program_new"),
    path("clinic/programs/<int:template_id>/", own_programs.change, name="own_program"),
    path("clinic/programs/<int:template_id>/retire/", own_programs.retire, name="own_program_retire"),
]

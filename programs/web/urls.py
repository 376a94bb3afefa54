"""Doors to the library and to a patient's plan."""

from django.urls import URLPattern, path

from programs.web import (
    consent_needed,
    exercise_urls,
    library,
    plan_urls,
    plans,
    rule_pages,
    safety_pages,
    starting,
    treatment_urls,
)

app_name = "programs"
urlpatterns: list[URLPattern] = [
    path("library/", library.library, name="library"),
    path("library/changes/", rule_pages.changed_rules, name="rule_changes"),
    path("library/<slug:kind>/", library.shelf, name="shelf"),
    path("library/<slug:kind>/<slug:code>/", library.entry, name="entry"),
    path("library/<slug:kind>/<slug:code>/change/", rule_pages.change, name="rule_change"),
    path("library/<slug:kind>/<slug:code>/withdraw/", rule_pages.withdraw, name="rule_withdraw"),
    path("patients/<uuid:patient_id>/plan/", plans.plan, name="plan"),
    path("patients/<uuid:patient_id>/plan/start/", starting.start, name="start"),
    path("patients/<uuid:patient_id>/plan/stop/", plans.stop, name="stop"),
    path("patients/<uuid:patient_id>/safety/", safety_pages.page, name="safety"),
    path("patients/<uuid:patient_id>/safety/answers/", safety_pages.answer, name="safety_answers"),
    path("patients/<uuid:patient_id>/safety/unlock/", safety_pages.unlock, name="unlock"),
    path("patients/<uuid:patient_id>/consents/needed/", consent_needed.visit_consents, name="visit_consents"),
    path("clinic/unlocked/", safety_pages.unlocked_list, name="unlocked"),
    path("overrides/<uuid:override_id>/lock/", safety_pages.lock, name="lock"),
    *exercise_urls.urlpatterns,
    *plan_urls.urlpatterns,
    *treatment_urls.urlpatterns,
]

"""Doors to the clinical part of a patient's record: forms, assessments, warning signs."""

from django.urls import URLPattern, path

from patients.web import (
    assessment_pages,
    assessment_results,
    consent_pages,
    consent_tablet,
    flag_pages,
    intake_own,
    intake_staff,
)

urlpatterns: list[URLPattern] = [
    path("me/forms/", intake_own.forms, name="forms"),
    path("me/forms/start/", intake_own.start, name="form_start"),
    path("me/forms/<uuid:intake_id>/check/", intake_own.check, name="form_check"),
    path("me/forms/<uuid:intake_id>/sent/", intake_own.sent, name="form_sent"),
    path("me/forms/<uuid:intake_id>/urgent/", intake_own.urgent, name="form_urgent"),
    path("me/forms/<uuid:intake_id>/<str:part>/", intake_own.part, name="form_part"),
    path("patients/<uuid:patient_id>/record/", assessment_pages.record, name="record"),
    path("patients/<uuid:patient_id>/results/", assessment_results.results, name="results"),
    path(
        "patients/<uuid:patient_id>/assessments/<uuid:assessment_id>/", assessment_pages.assessment, name="assessment"
    ),
    path(
        "patients/<uuid:patient_id>/assessments/<uuid:assessment_id>/addendum/",
        assessment_pages.addendum,
        name="addendum",
    ),
    path("patients/<uuid:patient_id>/consents/", consent_pages.consent_list, name="consents"),
    path("patients/<uuid:patient_id>/consents/hand-over/", consent_pages.hand_over, name="consent_hand_over"),
    path("patients/<uuid:patient_id>/consents/decline/", consent_pages.decline, name="consent_decline"),
    path("patients/<uuid:patient_id>/consents/<uuid:consent_id>/", consent_pages.copy, name="consent_copy"),
    path(
        "patients/<uuid:patient_id>/consents/<uuid:consent_id>/withdraw/",
        consent_pages.withdraw,
        name="consent_withdraw",
    ),
    path("t/back/", consent_tablet.back, name="tablet_back"),
    path("t/<str:token>/", consent_tablet.tablet, name="tablet"),
    path("patients/<uuid:patient_id>/flags/<uuid:flag_id>/", flag_pages.clear, name="flag_clear"),
    path("patients/<uuid:patient_id>/forms/start/", intake_staff.start, name="staff_form_start"),
    path("patients/<uuid:patient_id>/forms/<uuid:intake_id>/check/", intake_staff.check, name="staff_form_check"),
    path("patients/<uuid:patient_id>/forms/<uuid:intake_id>/sent/", intake_staff.sent, name="staff_form_sent"),
    path("patients/<uuid:patient_id>/forms/<uuid:intake_id>/urgent/", intake_staff.urgent, name="staff_form_urgent"),
    path("patients/<uuid:patient_id>/forms/<uuid:intake_id>/<str:part>/", intake_staff.part, name="staff_form_part"),
]

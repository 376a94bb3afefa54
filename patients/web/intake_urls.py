"""Doors to the short screen and to the form on paper."""

from django.urls import URLPattern, path

from patients.web import intake_paper, intake_screen, intake_tablet

urlpatterns: list[URLPattern] = [
    path("me/check/", intake_screen.check, name="check"),
    path("me/flare/", intake_screen.flare, name="flare"),
    path("patients/<uuid:patient_id>/forms/hand-over/", intake_tablet.hand_over, name="form_hand_over"),
    path("t/<str:token>/form/check/", intake_tablet.check, name="tablet_form_check"),
    path("t/<str:token>/form/sent/", intake_tablet.sent, name="tablet_form_sent"),
    path("t/<str:token>/form/urgent/", intake_tablet.urgent, name="tablet_form_urgent"),
    path("t/<str:token>/form/end/", intake_tablet.end, name="tablet_form_end"),
    path("t/<str:token>/form/<str:part>/", intake_tablet.part, name="tablet_form_part"),
    path("clinic/paper-form/", intake_paper.paper, name="paper_form"),
    path("clinic/flares/", intake_screen.flares, name="flares"),
]

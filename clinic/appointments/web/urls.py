"""Doors of the appointment book. Setting up who works when stands in roster_urls."""

from django.urls import URLPattern, URLResolver, include, path

from clinic.appointments.web import (
    book,
    newcomer,
    of_patient,
    of_treatment,
    package_pages,
    plan_visits,
    series_mend,
    series_pages,
    undo,
    visit,
)

app_name = "appointments"
urlpatterns: list[URLPattern | URLResolver] = [
    path("desk/book/", book.book, name="book"),
    path("desk/book/new/", newcomer.new, name="book_new"),
    path("desk/book/new/matches/", newcomer.matches, name="book_matches"),
    path("desk/visit/<uuid:visit_id>/", visit.visit, name="visit"),
    path("desk/visit/<uuid:visit_id>/status/", visit.status, name="status"),
    path("desk/visit/<uuid:visit_id>/late/", visit.late, name="late"),
    path("desk/visit/<uuid:visit_id>/here/", visit.here, name="here"),
    path("desk/visit/<uuid:visit_id>/undo/", undo.answer, name="undo_visit"),
    path("desk/undo/", undo.pending, name="undo"),
    path("desk/visit/<uuid:visit_id>/move/", visit.move, name="move"),
    path("desk/visit/<uuid:visit_id>/cancel/", visit.cancel, name="cancel"),
    path("desk/patients/<uuid:patient_id>/visits/", of_patient.patient_visits, name="patient_visits"),
    path("desk/patients/<uuid:patient_id>/packages/", package_pages.patient_packages, name="packages"),
    path("desk/treatments/<slug:code>/visits/", of_treatment.visits_of_treatment, name="visits_of_treatment"),
    path(
        "desk/patients/<uuid:patient_id>/packages/<uuid:package_id>/close/",
        package_pages.package_close,
        name="package_close",
    ),
    path(
        "desk/patients/<uuid:patient_id>/packages/visits/<uuid:visit_id>/",
        package_pages.package_count,
        name="package_count",
    ),
    path("desk/plans/<uuid:plan_id>/book/", series_pages.plan_book, name="plan_book"),
    path("desk/plans/<uuid:plan_id>/undo/", series_pages.plan_undo, name="plan_undo"),
    path("desk/plans/<uuid:plan_id>/mend/", series_mend.mend_hint, name="mend_hint"),
    path("desk/mend/", series_mend.mend, name="mend"),
    path("patients/<uuid:patient_id>/plan/visits/", plan_visits.plan_visits, name="plan_visits"),
    path("desk/plans/", plan_visits.plan_unsettled, name="plan_unsettled"),
    path("desk/waitlist/", include("clinic.appointments.web.waitlist_urls")),
    path("setup/roster/", include("clinic.appointments.web.roster_urls")),
    path("", include("clinic.appointments.web.offering_urls")),
]

"""The patient's doors. One address for one thing: a GET shows it, a POST changes it."""

from django.urls import URLPattern, path

from clinic.portal import (
    at_home,
    calendar,
    consents,
    contact,
    form_link,
    link,
    offer,
    plan,
    preferences,
    ready,
    screens,
    today,
    urgent,
    visits,
    who,
    wish,
)

app_name = "portal"
urlpatterns: list[URLPattern] = [
    path("me/", today.today, name="today"),
    path("me/who/", who.who, name="who"),
    path("me/plan/", plan.plan, name="plan"),
    path("me/exercises/", at_home.exercises, name="exercises"),
    path("me/exercises/sheet.pdf", at_home.sheet, name="exercise_sheet"),
    path("me/posture/", at_home.posture, name="posture"),
    path("me/posture/print/", at_home.print_posture, name="posture_print"),
    path("me/breaks/", at_home.breaks, name="breaks"),
    path("me/breaks/taken/", at_home.break_taken, name="break_taken"),
    path("me/exercises/<uuid:exercise_id>/", today.exercise, name="exercise"),
    path("me/visits/", visits.visits, name="visits"),
    path("me/visits/wish/", wish.wish, name="wish"),
    path("me/visits/<uuid:visit_id>/ready/", ready.ready, name="visit_ready"),
    path("me/visits/<uuid:visit_id>/", visits.change, name="visit_change"),
    path("me/calendar/", calendar.calendar, name="calendar"),
    path("me/calendar/visits.ics", calendar.visits_file, name="visits_file"),
    path("me/visits/<uuid:visit_id>/visit.ics", calendar.visit_file, name="visit_file"),
    path("me/screens/", screens.screens, name="screens"),
    path("me/screens/app.webmanifest", screens.manifest, name="manifest"),
    path("me/contact/", contact.contact, name="contact"),
    path("me/settings/", preferences.settings, name="settings"),
    path("me/consents/", consents.mine, name="consents"),
    path("me/consents/read/<uuid:document_id>/", consents.sign, name="consent_sign"),
    path("me/consents/<uuid:consent_id>/", consents.copy, name="consent_copy"),
    path("help/urgent/", urgent.urgent, name="urgent"),
    path("a/<str:token>/", link.link, name="link"),
    path("o/<str:token>/", offer.offer, name="offer"),
    path("f/<str:token>/", form_link.form_link, name="form"),
]

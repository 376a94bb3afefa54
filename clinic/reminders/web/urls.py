"""What was said to whom: the doors of the outbox."""

from django.urls import path

from clinic.reminders.web import (
    answers,
    contact,
    feed,
    health,
    ledger,
    mail_hooks,
    printing,
    setup_pages,
    stop,
    webhooks,
)

app_name = "reminders"
urlpatterns = [
    path("hooks/twilio/report/<str:reference>/", webhooks.report, name="text_report"),
    path("hooks/twilio/text/", webhooks.text, name="text_received"),
    path("hooks/mail/", mail_hooks.report, name="mail_report"),
    path("stop/<str:token>/", stop.stop, name="stop_mail"),
    path("calendar/<str:token>.ics", feed.calendar, name="calendar"),
    path("setup/messages/", setup_pages.message_rules, name="message_rules"),
    path("setup/messages/words/", setup_pages.all_words, name="all_words"),
    path("setup/messages/words/<str:kind>/", setup_pages.words, name="words"),
    path("desk/answers/", answers.to_look_at, name="answers"),
    path("desk/answers/<uuid:text_id>/", answers.dealt_with, name="dealt_with"),
    path("desk/patients/<uuid:patient_id>/address/", answers.is_right, name="is_right"),
    path("desk/messages/", ledger.ledger, name="ledger"),
    path("desk/messages/health/", health.health, name="health"),
    path("desk/letters/", printing.to_print, name="to_print"),
    path("desk/letters/<uuid:run_id>/", printing.printed, name="printed"),
    path("desk/messages/<uuid:message_id>/called/", ledger.called, name="called"),
    path("desk/messages/<uuid:message_id>/resend/", ledger.resend, name="resend"),
    path("desk/messages/<uuid:message_id>/stop/", ledger.stop, name="stop"),
    path("desk/patients/<uuid:patient_id>/messages/", ledger.patient_messages, name="patient_messages"),
    path("desk/patients/<uuid:patient_id>/contact/", contact.reached, name="reached"),
    path("desk/visit/<uuid:visit_id>/messages/", ledger.visit_messages, name="visit_messages"),
]

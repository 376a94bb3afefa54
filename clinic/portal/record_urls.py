"""Doors to messages, to what is held about a patient, and to who may help."""

from django.urls import URLPattern, path

from clinic.portal import corrections, devices, forget, helping, messages, my_data, seen_by

urlpatterns: list[URLPattern] = [
    path("me/messages/", messages.inbox, name="messages"),
    path("me/messages/new/", messages.new, name="message_new"),
    path("me/messages/<uuid:thread_id>/", messages.thread, name="thread"),
    path("me/messages/file/<uuid:attachment_id>/", messages.attachment, name="attachment"),
    path("me/data/", my_data.overview, name="my_data"),
    path("me/data/record.pdf", my_data.as_paper, name="my_data_pdf"),
    path("me/data/record.json", my_data.as_fhir, name="my_data_fhir"),
    path("me/data/seen/", seen_by.who_looked, name="who_looked"),
    path("me/data/corrections/", corrections.corrections, name="corrections"),
    path("me/data/corrections/<uuid:correction_id>/", corrections.correction, name="correction"),
    path("me/data/forget/", forget.forget, name="forget"),
    path("me/helpers/", helping.helpers, name="helpers"),
    path("me/helpers/new/", helping.new, name="helper_new"),
    path("me/devices/", devices.devices, name="devices"),
]

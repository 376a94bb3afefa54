"""Doors to what patients write and ask."""

from django.urls import path

from clinic.desk import inbox, inbox_requests

urlpatterns = [
    path("desk/inbox/", inbox.inbox, name="messages"),
    path("desk/inbox/<uuid:thread_id>/", inbox.thread, name="thread"),
    path("desk/inbox/to/<uuid:patient_id>/", inbox.begin, name="thread_new"),
    path("desk/inbox/file/<uuid:attachment_id>/", inbox.attachment, name="attachment"),
    path("desk/requests/", inbox_requests.requests, name="requests"),
    path("desk/requests/<uuid:correction_id>/", inbox_requests.request_of, name="request"),
    path("desk/requests/forget/<uuid:erasure_id>/", inbox_requests.forgotten, name="forgotten"),
    path("setup/records/", inbox_requests.policy, name="record_policy"),
]

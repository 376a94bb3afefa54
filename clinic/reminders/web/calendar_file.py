"""Answering with a calendar file."""

import hashlib
from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

from clinic.reminders.rules import calendar_file
from clinic.reminders.rules.calendar_file import Entry
from people.models import Clinic

_TYPE = "text/calendar; charset=utf-8"


def answer(request: HttpRequest, entries: Iterable[Entry], clinic: Clinic) -> HttpResponse:
    """The file; nothing but "as before" to a program that has it already."""
    file = calendar_file.written(entries, name=clinic.sender_name)
    tag = f'"{hashlib.sha256(file).hexdigest()[:32]}"'
    response: HttpResponse
    if request.headers.get("If-None-Match") == tag:
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(file, content_type=_TYPE)
        response["Content-Disposition"] = 'attachment; filename="visits.ics"'
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    response["X-Robots-Tag"] = "noindex"
    return response

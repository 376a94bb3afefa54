"""The clinic's front door: where everybody is sent on from, and whether the server is well."""

from pathlib import Path

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from clinic.portal import reading
from people.web.guards import SignedInRequest, public, signed_in

MARK = Path(__file__).parent / "static" / "clinic" / "mark.svg"


@public
def health(request: HttpRequest) -> HttpResponse:
    """200 when the web server answers and reaches its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")


@public
def icon(request: HttpRequest) -> HttpResponse:
    """The clinic's mark where browsers look for it beside a PDF or a calendar, which cannot say where it is."""
    headers = {"Cache-Control": "public, max-age=86400"}
    return HttpResponse(MARK.read_bytes(), content_type="image/svg+xml", headers=headers)


@signed_in
def home(request: SignedInRequest) -> HttpResponse:
    """To where this person's day begins."""
    if request.user.is_patient:
        return reading.in_own_language(request.user, request, redirect("portal:today"))
    return redirect("desk:my_day" if request.user.profession else "desk:today")

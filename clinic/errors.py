"""What people see when something went wrong."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A page left open over a sign-out: say so, instead of a bare 403."""
    return render(request, "errors/stale.html", status=403)

"""What the keys do: a sheet over every staff page, and a page of its own where no script runs."""

from django.http import HttpResponse
from django.shortcuts import render

from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs


@needs(Permission.APPOINTMENT_VIEW)
def page(request: SignedInRequest) -> HttpResponse:
    return render(request, "desk/keys.html", {"active": ""})

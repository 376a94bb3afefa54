"""The portal's own door: a patient, and which of their records the page is about."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.gzip import gzip_page

from patients.models import Patient
from patients.rules import helping
from patients.web.own import CHOSEN, ClosedToHelpers, opened, own_patient
from patients.web.records import open_record
from people.rules.permissions import Permission
from people.web.guards import Guarded, SignedInRequest, needs

P = ParamSpec("P")
OwnView = Callable[Concatenate[SignedInRequest, Patient, P], HttpResponseBase]


def own(view: OwnView[P]) -> Guarded[P]:
    """The view gets the patient whose record is open. Who has not said which one yet is asked first.

    Looking at a page leaves a line in the audit trail; what a page changes leaves its own.
    """

    @wraps(view)
    def enter(request: SignedInRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if needs_choice(request):
            return redirect("portal:who")
        try:
            patient = own_patient(request)
        except ClosedToHelpers as closed:
            # Today is where everybody lands; any other page that is closed to a helper is not there at all.
            if request.path != reverse("portal:today") or request.method != "GET" or not closed.first:
                raise
            return redirect(closed.first)
        if request.method == "GET":
            patient = open_record(request, patient.pk)
        return view(request, patient, *args, **kwargs)

    # Packed on its way: a phone on a bad connection waits for every kilobyte.
    return needs(Permission.OWN_RECORD)(gzip_page(enter))


def is_open(request: HttpRequest, page: str) -> bool:
    """Whether a page is open to whoever looks: a helper is shown only what the patient lets them do."""
    helper = getattr(request, "helping", None)
    return helper is None or helping.may_enter(page, helper.may, changes=False)


def needs_choice(request: SignedInRequest) -> bool:
    """Whether "Who is this for?" must be asked: several records and none chosen, or none confirmed yet."""
    records = opened(request.user)
    known = {str(it.patient.pk) for it in records if it.is_known}
    if len(records) == 1:
        return not known
    return bool(records) and request.session.get(CHOSEN) not in known


def records_of(request: SignedInRequest) -> QuerySet[Patient]:
    """Every record this account may open, as its own or as a helper, known or not."""
    return Patient.objects.opened_by(request.user).order_by("given_name", "birth_date")

"""The portal's own door: a patient, and which of their records the page is about."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import redirect

from patients.models import Patient
from patients.web.own import CHOSEN, own_patient
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
        patient = own_patient(request)
        if request.method == "GET":
            patient = open_record(request, patient.pk)
        return view(request, patient, *args, **kwargs)

    return needs(Permission.OWN_RECORD)(enter)


def needs_choice(request: SignedInRequest) -> bool:
    """Whether "Who is this for?" must be asked: several records and none chosen, or none confirmed yet."""
    records = dict(records_of(request).values_list("pk", "portal_confirmed_at"))
    confirmed = {str(pk) for pk, at in records.items() if at is not None}
    if len(records) == 1:
        return not confirmed
    return bool(records) and request.session.get(CHOSEN) not in confirmed


def records_of(request: SignedInRequest) -> QuerySet[Patient]:
    """Every record this account may open, confirmed or not."""
    return Patient.objects.visible_to(request.user).filter(user=request.user).order_by("given_name", "birth_date")

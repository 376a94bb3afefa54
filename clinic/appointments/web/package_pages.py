"""What a patient has paid in advance, what is left of it, and for which visits it was used."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.appointments.actions import packages
from clinic.appointments.models import Appointment, Package, PackageUse
from clinic.appointments.rules.status import Status
from clinic.appointments.web.package_forms import CloseForm, SellForm
from clinic.appointments.web.series_query import as_id
from patients.models import Patient
from patients.web.records import open_record
from people.models import Clinic
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs

MISSED_SHOWN = 10  # visits


@needs(Permission.APPOINTMENT_VIEW)
def patient_packages(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """A page of its own, and a part of the patient's page. Selling needs a right of its own."""
    patient = open_record(request, patient_id)
    now = timezone.now()
    form = SellForm(request.POST or None, on=Clinic.day_of(now))
    if request.method == "POST" and not request.user.may(Permission.PACKAGE_SELL):
        raise PermissionDenied
    if form.is_valid():
        try:
            key = as_id(request.POST.get("request_key"))
            packages.sell(patient, key=key, by=request.user, now=now, **form.sale)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Sold. Each visit that is done uses one session."))
            return redirect("appointments:packages", patient.pk)
    return _page(request, patient, form)


@needs(Permission.PACKAGE_SELL)
@require_POST
def package_close(request: SignedInRequest, patient_id: UUID, package_id: UUID) -> HttpResponse:
    patient = open_record(request, patient_id)
    package = get_object_or_404(_of(request, patient), pk=package_id)
    form = CloseForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(it) for errors in form.errors.values() for it in errors))
        return redirect("appointments:packages", patient.pk)
    try:
        packages.close(package, **form.cleaned_data, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Closed. Nothing can be used from it any more."))
    return redirect("appointments:packages", patient.pk)


@needs(Permission.PACKAGE_SELL)
@require_POST
def package_count(request: SignedInRequest, patient_id: UUID, visit_id: UUID) -> HttpResponse:
    """Count a session for a visit that was missed, or give back the one that was counted."""
    patient = open_record(request, patient_id)
    visit = get_object_or_404(Appointment.objects.visible_to(request.user), pk=visit_id, patient=patient)
    try:
        if request.POST.get("do") == "give_back":
            packages.give_back(visit, by=request.user, now=timezone.now())
        else:
            packages.use(visit, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("appointments:packages", patient.pk)


def _of(request: SignedInRequest, patient: Patient) -> QuerySet[Package]:
    return Package.objects.visible_to(request.user).filter(patient=patient)


def _page(request: SignedInRequest, patient: Patient, form: SellForm) -> HttpResponse:
    uses = PackageUse.objects.filter(returned_at=None).select_related("appointment__site")
    bought = list(_of(request, patient).prefetch_related(Prefetch("uses", uses)))
    usable = {it.service for it in bought if it.left and not it.closed_at}
    missed = Appointment.objects.visible_to(request.user).filter(
        patient=patient, status=Status.MISSED, service_code__in=usable
    )
    paid_for = PackageUse.objects.filter(returned_at=None).values("appointment")
    context = {
        "active": "patients",
        "patient": patient,
        "packages": bought,
        "missed": missed.exclude(pk__in=paid_for).select_related("site").order_by("-starts_at")[:MISSED_SHOWN],
        "form": form,
        "request_key": as_id(request.POST.get("request_key")) or uuid4(),
        "today": timezone.localdate(),
        "currency": Clinic.objects.values_list("currency", flat=True).get(),
        "may_sell": request.user.may(Permission.PACKAGE_SELL) and not (patient.is_dead or patient.is_archived),
    }
    part = "#packages" if request.headers.get("HX-Request") else ""
    return render(request, f"appointments/packages.html{part}", context)

"""The page of one patient for the desk: who they are, how to reach them, and the way to everything else."""

from typing import Any, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from patients.actions import registration
from patients.models import Helper, Patient
from patients.web.forms import DeathForm, DetailsForm
from patients.web.records import banner, open_record
from people.models import User
from people.rules.permissions import Permission
from people.rules.refusal import ChangedMeanwhile, Refused
from people.web.guards import SignedInRequest, needs


class Difference(NamedTuple):
    label: str
    theirs: object
    yours: object


@needs(Permission.CONTACT_VIEW)
def patient(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Contact, household, portal; visits, messages and the record come from their own houses."""
    return _page(request, open_record(request, patient_id))


@needs(Permission.CONTACT_EDIT)
def edit(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Correct a patient. Somebody else's change in the meantime is shown beside one's own; nothing is lost."""
    patient = open_record(request, patient_id)
    form = DetailsForm(request.POST or None, instance=Patient.objects.get(pk=patient.pk))
    # A mistyped field keeps what was on the screen at first; only a change by somebody else, now shown, renews it.
    seen = request.POST.get("seen") or registration.fingerprint(patient)
    differences: list[Difference] = []
    if form.is_valid():
        try:
            saved = registration.correct(patient, by=request.user, now=timezone.now(), seen=seen, **form.cleaned_data)
        except ChangedMeanwhile as refusal:
            form.add_error(None, str(refusal))
            differences = _differences(patient, form)
            seen = registration.fingerprint(patient)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("patients:patient", saved.pk)
    context = {"form": form, "seen": seen, "differences": differences}
    return render(request, "patients/edit.html", context | _about(request, patient))


@needs(Permission.CONTACT_EDIT)
@require_POST
def archive(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    patient = registration.archive(open_record(request, patient_id), by=request.user, now=timezone.now())
    messages.success(request, _("%(name)s is archived.") % {"name": patient.full_name})
    return redirect("patients:patient", patient.pk)


@needs(Permission.CONTACT_EDIT)
@require_POST
def restore(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    patient = registration.restore(open_record(request, patient_id), by=request.user, now=timezone.now())
    messages.success(request, _("%(name)s is back in the list.") % {"name": patient.full_name})
    return redirect("patients:patient", patient.pk)


@needs(Permission.CONTACT_EDIT)
@require_POST
def death(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Record a death, or take back one recorded by mistake (the field `alive`)."""
    patient = open_record(request, patient_id)
    form = DeathForm(request.POST)
    is_mistake = "alive" in request.POST
    if not is_mistake and not form.is_valid():
        return _page(request, patient, form=form)
    try:
        registration.record_death(
            patient,
            died_on=None if is_mistake else form.cleaned_data["died_on"],
            by=request.user,
            now=timezone.now(),
        )
    except Refused as refusal:
        form.add_error("died_on", str(refusal))
        return _page(request, patient, form=form)
    messages.success(request, _("Saved."))
    return redirect("patients:patient", patient.pk)


@needs(Permission.CONTACT_EDIT)
@require_POST
def portal_access(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Let the owner of the e-mail in, for patients who came from an import."""
    account = registration.link_account(open_record(request, patient_id), by=request.user, now=timezone.now())
    if account is None:
        messages.warning(request, _("This e-mail cannot open the portal. See below."))
    else:
        messages.success(request, _("The portal is open to this e-mail once the birth date is given there."))
    return redirect("patients:patient", patient_id)


def _page(request: SignedInRequest, patient: Patient, form: DeathForm | None = None) -> HttpResponse:
    household = Patient.objects.visible_to(request.user).current().household_of(patient).by_name()
    context = {
        "form": form or DeathForm(),
        "household": household[:20],
        "helpers": Helper.objects.visible_to(request.user).working().filter(patient=patient).select_related("user"),
        "email_is_staffs": patient.user is None and User.objects.staff().with_email(patient.email).exists(),
    }
    return render(request, "patients/patient.html", context | _about(request, patient))


def _about(request: SignedInRequest, patient: Patient) -> dict[str, Any]:
    return {"active": "patients", **banner(patient, request.user, timezone.localdate())}


def _differences(patient: Patient, form: DetailsForm) -> list[Difference]:
    return [
        Difference(str(field.label), _shown(patient, field.name), _shown(form.instance, field.name))
        for field in form
        if _shown(patient, field.name) != _shown(form.instance, field.name)
    ]


def _shown(patient: Patient, name: str) -> object:
    shown = getattr(patient, f"get_{name}_display", None)
    value = shown() if shown else getattr(patient, name)
    return value if value not in (None, "") else _("empty")

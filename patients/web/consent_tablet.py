"""The tablet in the patient's hands: one sheet after the other, and no way to anything else.

Handing it over signs the clinician out. What is to be signed waits in a new session that belongs to nobody, and opens
only with the address made for it, on this device, for a quarter of an hour, until it is signed.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth import logout
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.cache import cache_control

from patients.actions import consents
from patients.models import Patient
from patients.rules.consent_texts import read_in, wording
from patients.rules.entries import Consent as Document
from patients.rules.rulebook import rulebook
from patients.web.consent_forms import SignForm
from people.models import Clinic, User
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, public

HANDED = "handed_over"  # in the session of nobody
SALT = "consent.tablet"
LASTS_SECONDS = 15 * 60


def lock(
    request: SignedInRequest, patient: Patient, documents: list[Document], said: Mapping[str, Any]
) -> HttpResponse:
    """Sign the clinician out and leave only these sheets on the tablet."""
    slip, by = uuid4(), request.user
    logout(request)
    request.session[HANDED] = {
        "slip": slip.hex,
        "patient": str(patient.pk),
        "by": str(by.pk),
        "codes": [it.code for it in documents],
        "language": said["language"],
        "interpreter": said["interpreter"],
        "area": said["area"],
        "witness": said.get("witness", ""),
        "name": "",
    }
    return redirect("patients:tablet", TimestampSigner(salt=SALT).sign(slip.hex))


@public
@cache_control(no_store=True, private=True)
def tablet(request: HttpRequest, token: str) -> HttpResponse:
    """The sheet that is to be signed next."""
    handed = _handed(request, token)
    if handed is None:
        return _stopped(request)
    patient = Patient.objects.filter(pk=handed["patient"]).first()
    by = User.objects.filter(pk=handed["by"], is_active=True).first()
    if patient is None or by is None:
        return _stopped(request)
    with translation.override(read_in(handed["language"])):  # the patient's, whatever the tablet's browser speaks
        return _sheet(request, token, handed, patient, by)


def _sheet(request: HttpRequest, token: str, handed: dict[str, Any], patient: Patient, by: User) -> HttpResponse:
    code, clinic = handed["codes"][0], Clinic.objects.first()
    words = wording(
        rulebook().consents[code], clinic=clinic.name if clinic else "", area=handed["area"], rulebook=rulebook()
    )
    age = patient.age_on(timezone.localdate())
    form = SignForm(words, patient, age, request.POST or None, initial={"signed_name": handed["name"]})
    if request.method == "POST" and _is_done(request, patient, form, handed, by):
        return _onward(request, token, handed)
    context: dict[str, Any] = {"words": words, "form": form, "patient": patient, "left": len(handed["codes"])}
    return render(request, "patients/consent_tablet.html", context)


@public
@cache_control(no_store=True, private=True)
def back(request: HttpRequest) -> HttpResponse:
    """Give the tablet back. Only a password leads on from here."""
    return render(request, "patients/consent_back.html", {"sign_in": reverse("account_login")})


def _is_done(request: HttpRequest, patient: Patient, form: SignForm, handed: dict[str, Any], by: User) -> bool:
    """Whether the sheet was signed or declined; what stands in the way is said in the form."""
    code = handed["codes"][0]
    if "decline" in request.POST:
        consents.decline(patient, code, by=by, now=timezone.now())
        return True
    if not form.is_valid():
        return False
    told = {key: handed[key] for key in ("language", "interpreter", "area", "witness")}
    try:
        consents.sign(patient, code, form.signature(**told), slip=UUID(handed["slip"]), by=by, now=timezone.now())
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return False
    handed["name"] = form.cleaned_data["signed_name"]
    return True


def _onward(request: HttpRequest, token: str, handed: dict[str, Any]) -> HttpResponse:
    rest = handed["codes"][1:]
    if not rest:
        # Used up: the address opens nothing any more, not even for whoever has it in the history.
        request.session.flush()
        return redirect("patients:tablet_back")
    request.session[HANDED] = handed | {"codes": rest}
    return redirect("patients:tablet", token)


def _handed(request: HttpRequest, token: str) -> dict[str, Any] | None:
    handed: dict[str, Any] | None = request.session.get(HANDED)
    if handed is None or request.user.is_authenticated:
        return None
    try:
        slip = TimestampSigner(salt=SALT).unsign(token, max_age=LASTS_SECONDS)
    except BadSignature:  # also what is too old
        return None
    return handed if slip == handed["slip"] else None


def _stopped(request: HttpRequest) -> HttpResponse:
    context = {"has_stopped": True, "sign_in": reverse("account_login")}
    return render(request, "patients/consent_back.html", context, status=404)

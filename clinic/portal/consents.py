"""My consents: what I signed, what there is to read and sign at home, and taking it back."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from clinic.portal.door import own
from clinic.portal.home import active_plan
from patients.actions import consents, facts
from patients.models import Consent, Patient
from patients.rules.consent_texts import document_ids, id_of, wording
from patients.rules.rulebook import rulebook
from patients.web.consent_forms import LanguageForm, SignForm
from patients.web.consent_pages import signed
from people.models import User
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest
from programs.rules.rulebook import rulebook as programs_rulebook

GENERAL = "consent_general"
SHOWN = 50  # signatures of many years; older ones are asked for at the desk


@own
def mine(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """What my treatments still need, then everything I signed, newest first."""
    today = timezone.localdate()
    missing = consents.missing_of(patient, _needed(patient, request.user), on=today)
    waiting = Consent.objects.visible_to(request.user).filter(patient=patient, withdrawn_at=None, valid_from__gt=today)
    signed_already = set(waiting.values_list("code", flat=True))  # its days of thinking again are running
    declined = facts.declined(patient)
    rows = Consent.objects.visible_to(request.user).filter(patient=patient)[:SHOWN]
    context = {
        "active": "settings",
        "patient": patient,
        "to_sign": [(it, id_of(it), declined.get(it.code)) for it in missing if it.code not in signed_already],
        "signed": [signed(it, today) for it in rows],
    }
    return render(request, "portal/consents.html", context)


@own
def sign(request: SignedInRequest, patient: Patient, document_id: UUID) -> HttpResponse:
    """Read one document and sign it. One that needs a witness is signed at the clinic."""
    document = document_ids(rulebook()).get(document_id)
    if document is None:
        raise Http404
    words = wording(document, clinic=request.clinic.name, area="", rulebook=rulebook())
    sent = request.POST if request.method == "POST" else None
    if sent is not None and "decline" in sent:
        consents.decline(patient, document.code, by=request.user, now=timezone.now())
        messages.success(request, _("We have written down that you do not want this. You can sign later."))
        return redirect("portal:consents")
    form = SignForm(words, patient, patient.age_on(timezone.localdate()), sent)
    spoken = LanguageForm(sent, initial={"language": get_language()})
    if sent is not None and not document.witness_required and form.is_valid() and spoken.is_valid():
        signature = form.signature(**spoken.cleaned_data)
        try:
            consents.sign(patient, document.code, signature, slip=_slip(request), by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Signed. Thank you."))
            return redirect("portal:consents")
    context: dict[str, Any] = {
        "active": "settings",
        "patient": patient,
        "document": document,
        "words": words,
        "form": form,
        "spoken": spoken,
        "slip": _slip(request),
    }
    return render(request, "portal/consent_sign.html", context)


@own
def copy(request: SignedInRequest, patient: Patient, consent_id: UUID) -> HttpResponse:
    """The exact words I signed. A POST takes the consent back."""
    rows = Consent.objects.visible_to(request.user).filter(patient=patient)
    found = rows.select_related("patient", "taken_by", "withdrawn_by").filter(pk=consent_id).first()
    if found is None:
        raise Http404
    if request.method == "POST":
        consents.withdraw(found, by=request.user, now=timezone.now())
        messages.success(request, _("Taken back. It counts no more from now on."))
        return redirect("portal:consents")
    context = {"active": "settings", "patient": patient, "it": signed(found, timezone.localdate())}
    return render(request, "portal/consent_copy.html", context)


def _needed(patient: Patient, user: User) -> list[str]:
    """The documents of the treatments in her plan, and the one that everybody signs."""
    plan = active_plan(patient, user)
    modalities = set(plan.sessions.values_list("modality", flat=True)) if plan else set()
    treatments = programs_rulebook().modalities
    return [GENERAL, *(code for it in sorted(modalities & treatments.keys()) for code in treatments[it].consents)]


def _slip(request: SignedInRequest) -> UUID:
    """What makes two taps one signature."""
    try:
        return UUID(request.POST.get("slip", ""))
    except ValueError:
        return uuid4()

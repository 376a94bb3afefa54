"""Consents of one patient: what was signed, the copy, withdrawing it, and handing over the tablet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from patients.actions import consents, facts
from patients.models import Consent, Patient
from patients.rules.consent_texts import Passage, document_ids, id_of, passages, read_in, with_required, wording
from patients.rules.entries import Consent as Document
from patients.rules.rulebook import rulebook
from patients.web import consent_tablet
from patients.web.assessment_pages import about
from patients.web.consent_forms import HandOverForm, languages
from patients.web.records import open_record
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs

SIGNED_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature as the list shows it, and how it stands today."""

    consent: Consent
    title: str
    state: str  # in_force, waiting, ended or withdrawn
    triggers: tuple[str, ...]

    @property
    def counts(self) -> bool:
        return self.state in {"in_force", "waiting"}

    @property
    def passages(self) -> list[Passage]:
        return passages(self.consent.text)

    @property
    def read_in(self) -> str:
        """The language of the words, which is not always the one that was spoken."""
        return read_in(self.consent.language)

    @property
    def language(self) -> str:
        return dict(languages()).get(self.consent.language, self.consent.language)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A document that may be signed. `declined_on` if she did not want to, and has not signed since."""

    document: Document
    id: UUID
    is_given: bool
    declined_on: date | None = None


def signed(consent: Consent, today: date) -> Signed:
    document = rulebook().consents.get(consent.code)
    if consent.withdrawn_at is not None:
        state = "withdrawn"
    elif consent.valid_until < today:
        state = "ended"
    else:
        state = "waiting" if consent.valid_from > today else "in_force"
    # A document that a newer rulebook no longer has keeps the title it was signed under.
    title = _(document.title) if document else consent.text.partition("\n")[0]
    return Signed(consent, title, state, document.reconsent_triggers if document else ())


def sheets(given: set[str], declined: Mapping[str, date]) -> list[Sheet]:
    """Every document there is, in the rulebook's order."""
    return [Sheet(it, id_of(it), it.code in given, declined.get(it.code)) for it in rulebook().consents.values()]


@needs(Permission.RECORD_VIEW)
def consent_list(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """What she signed, when it must be signed again, and every document that can be."""
    patient, today = open_record(request, patient_id), timezone.localdate()
    rows = Consent.objects.visible_to(request.user).filter(patient=patient).select_related("taken_by", "withdrawn_by")
    page = Paginator(rows, SIGNED_A_PAGE).get_page(request.GET.get("page"))
    given = set(rows.in_force(today).values_list("code", flat=True))
    context = {
        "page": page,
        "signed": [signed(it, today) for it in page],
        "sheets": sheets(given, facts.declined(patient)),
    }
    return render(request, "patients/consent_list.html", context | about(request, patient))


@needs(Permission.RECORD_VIEW)
def copy(request: SignedInRequest, patient_id: UUID, consent_id: UUID) -> HttpResponse:
    """The exact words with the signature under them, to read or to print."""
    patient = open_record(request, patient_id)
    context = {"it": signed(_of(request, patient, consent_id), timezone.localdate())}
    return render(request, "patients/consent_copy.html", context | about(request, patient))


@needs(Permission.RECORD_EDIT)
@require_POST
def withdraw(request: SignedInRequest, patient_id: UUID, consent_id: UUID) -> HttpResponse:
    patient = open_record(request, patient_id)
    consents.withdraw(_of(request, patient, consent_id), by=request.user, now=timezone.now())
    messages.success(request, _("Withdrawn. It counts no more from now on."))
    return redirect("patients:consents", patient.pk)


@needs(Permission.RECORD_EDIT)
@require_POST
def decline(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """She said no, at the desk or in the room. `document` by its id."""
    patient = open_record(request, patient_id)
    document = next((it for it in rulebook().consents.values() if str(id_of(it)) == request.POST.get("document")), None)
    if document is None:
        raise Http404
    consents.decline(patient, document.code, by=request.user, now=timezone.now())
    messages.success(request, _("Written down. The treatments that need it are held until it is signed."))
    return redirect("patients:consents", patient.pk)


@needs(Permission.RECORD_EDIT)
def hand_over(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """`?document=` (once or more, by its id): the last look before the tablet changes hands. The POST locks it."""
    patient = open_record(request, patient_id)
    documents = _asked_for(request, patient)
    form = HandOverForm(documents, request.POST or None)
    if form.is_valid():
        return consent_tablet.lock(request, patient, documents, form.cleaned_data)
    words = [wording(it, clinic=request.clinic.name, area="", rulebook=rulebook()) for it in documents]
    context: dict[str, Any] = {"form": form, "words": words, "documents": [(it, id_of(it)) for it in documents]}
    return render(request, "patients/consent_hand_over.html", context | about(request, patient))


def _asked_for(request: SignedInRequest, patient: Patient) -> list[Document]:
    """The documents of the address and those they rest on, without what is in force already."""
    known = {str(key): it.code for key, it in document_ids(rulebook()).items()}
    codes = [known[key] for key in request.GET.getlist("document") if key in known]
    if not codes:
        raise Http404
    today = timezone.localdate()
    lacking = consents.missing_of(patient, codes, on=today)
    # Asked for by name although it is in force: it is signed anew, as after a change of treatment.
    every = with_required(codes, age_years=patient.age_on(today), rulebook=rulebook())
    return [it for it in every if it in lacking or it.code in codes]


def _of(request: SignedInRequest, patient: Patient, consent_id: UUID) -> Consent:
    rows = Consent.objects.visible_to(request.user).filter(patient=patient)
    found = rows.select_related("patient", "taken_by", "withdrawn_by").filter(pk=consent_id).first()
    if found is None:
        raise Http404
    return found

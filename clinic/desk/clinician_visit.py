"""One visit as the clinician sees it: what she said, what it means, and the page to write on. All on one page."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.appointments.models import Appointment
from clinic.desk import clinician_safety, clinician_visit_open
from clinic.desk.clinician_draft import of
from patients.actions import assessments, signatures
from patients.models import Assessment, Patient, RedFlag
from patients.rules.rulebook import rulebook as patients_rulebook
from patients.web import assessment_glance, triage_words
from patients.web.assessment_pages import about, said, signed_words
from patients.web.records import open_record
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import treatments
from programs.models import Plan, TreatmentGiven
from programs.web import given_words

TYPED = ("findings", "impression", "next_steps", "note")


@needs(Permission.RECORD_VIEW)
def clinic_visit(request: SignedInRequest, visit_id: UUID) -> HttpResponse:
    """The visit. A POST keeps the assessment, and signs it when that was pressed."""
    visit, patient = _open(request, visit_id)
    is_signed = visit.assessment is not None and visit.assessment.is_signed
    if not is_signed and (visit.assessment is not None or visit.is_standing):
        return clinician_visit_open.page(request, visit)
    context: dict[str, Any] = {}
    if request.method == "POST":
        # Signed, or cancelled, while the form stood open in another window.
        context = {"refusal": _too_late(visit), "typed_words": _typed(request)}
    return render(request, "desk/clinician_visit.html", context | _shown(request, visit, patient))


@needs(Permission.RECORD_EDIT)
def draft_visit(request: SignedInRequest, assessment_id: UUID) -> HttpResponse:
    """An unsigned assessment is gone on with at its visit."""
    found = Assessment.objects.visible_to(request.user).filter(pk=assessment_id).first()
    if found is None:
        raise Http404
    visit = Appointment.objects.visible_to(request.user).filter(assessment=found).first()
    if visit is None:
        return redirect("patients:record", found.patient_id)
    return redirect("desk:clinic_visit", visit.pk)


@needs(Permission.RECORD_EDIT)
@require_POST
def countersign(request: SignedInRequest, visit_id: UUID) -> HttpResponse:
    """The second signature, of a colleague."""
    visit, patient = _open(request, visit_id)
    if visit.assessment is None:
        raise Http404
    try:
        signatures.countersign(visit.assessment, by=request.user, now=timezone.now())
    except Refused as refusal:
        context = {"refusal": str(refusal), **_shown(request, visit, patient)}
        return render(request, "desk/clinician_visit.html", context)
    return redirect("desk:clinic_visit", visit.pk)


@needs(Permission.RECORD_VIEW)
def printed(request: SignedInRequest, visit_id: UUID) -> HttpResponse:
    """The signed note on A4: the text, the scores, the treatments, both signatures, the digest, the addenda."""
    visit, patient = _open(request, visit_id)
    if visit.assessment is None or not visit.assessment.is_signed:
        raise Http404
    given = TreatmentGiven.objects.visible_to(request.user).filter(assessment=visit.assessment)
    rows = given_words.rows(given.select_related("session").order_by("at", "modality"))
    return render(request, "desk/clinician_print.html", _shown(request, visit, patient) | {"given": rows})


def _open(request: SignedInRequest, visit_id: UUID) -> tuple[Appointment, Patient]:
    visit = of(request, visit_id)
    patient = open_record(request, visit.patient_id)
    visit.patient = patient
    if visit.assessment is not None:
        visit.assessment.patient = patient
    return visit, patient


def _shown(request: SignedInRequest, visit: Appointment, patient: Patient) -> dict[str, Any]:
    assessment = visit.assessment
    intake = assessment.intake if assessment and assessment.is_signed else assessments.latest_form(patient)
    result = clinician_safety.judged(assessment, intake)
    flags = RedFlag.objects.visible_to(request.user).open().filter(patient=patient)
    open_flags = triage_words.flag_lines(flags)
    causes = patients_rulebook().causes
    named = intake.answers.get("story", {}).get("causes", ()) if intake else ()
    return {
        **about(request, patient),
        "active": "my_day",
        "visit": visit,
        "said": said(intake) if intake else None,
        "said_causes": ", ".join(causes[code].label for code in named if code in causes),
        "is_begun": patient.intakes.open().exists(),
        "panel": triage_words.panel(result) if result else None,
        "blocked": clinician_safety.names(result) if result else [],
        "open_flags": open_flags,
        "must_say_next": any(line.is_grave for line in open_flags),
        "back": request.path,
        "has_plan": Plan.objects.visible_to(request.user).filter(patient=patient).exists(),
        "lines": assessment_glance.lines(patient, request.user),
        "matters": assessment_glance.matters(patient, intake, on=timezone.localdate()),
        **_signed(request, assessment),
    }


def _signed(request: SignedInRequest, assessment: Assessment | None) -> dict[str, Any]:
    if assessment is None or not assessment.is_signed:
        return {"signed": None}
    needs_second = signatures.needs_countersign(assessment)
    return {
        "signed": signed_words(assessment),
        "is_follow_up": assessment.kind == Assessment.Kind.FOLLOW_UP,
        "is_as_signed": signatures.is_as_signed(assessment, treatments.as_signed(assessment)),
        "needs_countersign": needs_second,
        "may_countersign": needs_second and signatures.may_countersign(assessment, request.user),
    }


def _typed(request: SignedInRequest) -> list[str]:
    """What somebody typed on a page that can no longer be saved, to be copied into an addendum."""
    return [words for name in TYPED if (words := request.POST.get(name, "").strip())]


def _too_late(visit: Appointment) -> str:
    return str(assessments.SIGNED_ALREADY) if visit.assessment else _("This visit was cancelled.")

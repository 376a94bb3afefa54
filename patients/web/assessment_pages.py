"""The clinical record of a patient: what she told us, what was found, and the warning signs."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from patients.actions import assessments
from patients.models import Assessment, Intake, Patient, RedFlag
from patients.rules.movement import readings
from patients.rules.rulebook import rulebook
from patients.rules.screen import BLOOD_PRESSURE
from patients.web import intake_words, triage_words
from patients.web.assessment_decided import decision_words
from patients.web.records import banner, open_record
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs

SIGNED_A_PAGE = 20
LATEST_FORMS = 10
LATEST_FLAGS = 50


@needs(Permission.RECORD_VIEW)
def record(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Everything clinical about one patient on one page, newest first."""
    patient = open_record(request, patient_id)
    rows = Assessment.objects.visible_to(request.user).filter(patient=patient)
    written = rows.select_related("author", "signed_by").prefetch_related("addenda__author")
    page = Paginator(written, SIGNED_A_PAGE).get_page(request.GET.get("page"))
    intakes = Intake.objects.visible_to(request.user).filter(patient=patient).screens().order_by("-submitted_at")
    flags = RedFlag.objects.visible_to(request.user).filter(patient=patient).select_related("cleared_by")
    context = {
        "page": page,
        "assessments": [signed_words(it) for it in page],
        "forms": [said(it) for it in intakes[:LATEST_FORMS]],
        "open_flags": triage_words.flag_lines(flags.open()),
        "closed_flags": triage_words.flag_lines(flags.exclude(cleared_at=None)[:LATEST_FLAGS]),
    }
    return render(request, "patients/record.html", context | about(request, patient))


@needs(Permission.RECORD_EDIT)
def assessment(request: SignedInRequest, patient_id: UUID, assessment_id: UUID) -> HttpResponse:
    """One signed assessment, to read and to add to. A draft is written on at its visit."""
    patient = open_record(request, patient_id)
    found = _of(request, patient, assessment_id)
    if not found.is_signed:
        return redirect("desk:draft_visit", found.pk)
    return render(
        request, "patients/record_assessment.html", {"signed": signed_words(found), **about(request, patient)}
    )


@needs(Permission.RECORD_EDIT)
@require_POST
def addendum(request: SignedInRequest, patient_id: UUID, assessment_id: UUID) -> HttpResponse:
    patient = open_record(request, patient_id)
    found = _of(request, patient, assessment_id)
    text = request.POST.get("text", "")
    try:
        assessments.add_addendum(found, text=text, by=request.user, now=timezone.now())
    except Refused as refusal:
        context = {"refusal": str(refusal), "addendum_text": text, **about(request, patient)}
        context["signed"] = signed_words(found)
        return render(request, "patients/record_assessment.html", context)
    messages.success(request, _("The addendum was added."))
    return redirect("patients:assessment", patient.pk, found.pk)


def _of(request: SignedInRequest, patient: Patient, assessment_id: UUID) -> Assessment:
    rows = Assessment.objects.visible_to(request.user).filter(patient=patient)
    related = rows.select_related("patient", "intake", "author", "signed_by").prefetch_related("addenda__author")
    found = related.filter(pk=assessment_id).first()
    if found is None:
        raise Http404
    return found


def about(request: SignedInRequest, patient: Patient) -> dict[str, Any]:
    return {"active": "patients", **banner(patient, request.user, timezone.localdate())}


def said(intake: Intake) -> dict[str, Any]:
    """One sent form in her words, and who may be told which safety answers she gave."""
    answers = intake.answers
    book = rulebook()
    told = answers.get("red_flags", {})
    return {
        "intake": intake,
        "told": [it for it in intake_words.told(answers) if it.words],
        "yes": [book.red_flags[code].patient_question for code, yes in told.items() if yes and code in book.red_flags],
        "no": sum(not yes for yes in told.values()),
        "not_sure": [intake_words.question_words(code) for code in answers.get("not_sure", ())],
        "urgency": book.urgencies.get(intake.urgency),
    }


def signed_words(assessment: Assessment) -> dict[str, Any]:
    """An assessment as it is read: everything that was written, and nothing that was not."""
    causes = rulebook().causes
    measured = assessment.examined
    pressure = [str(measured[code]) for code in BLOOD_PRESSURE if code in measured]
    written = [
        (_("Causes"), ", ".join(causes[code].label if code in causes else code for code in assessment.causes)),
        (_("Findings"), assessment.findings),
        (_("Impression"), assessment.impression),
        (_("Decision about the warning sign"), decision_words(assessment.told)),
        (_("What happens next"), assessment.next_steps),
    ]
    lines = [
        (_("Note"), assessment.note),
        (_("Pain now"), _("%(n)d of 10") % {"n": assessment.pain_now} if assessment.pain_now is not None else ""),
        (_("Turns left"), _degrees(assessment.rotation_left_degrees)),
        (_("Turns right"), _degrees(assessment.rotation_right_degrees)),
        *((str(it.movement.label), _degrees(it.now)) for it in readings(assessment.moves, {})),
        (_("Blood pressure"), _("%(reading)s mm Hg") % {"reading": "/".join(pressure)} if pressure else ""),
        *_answers(measured),
        *written,
    ]
    if assessment.is_signed and assessment.note:
        # The note says the rest in words; written by hand it may leave out what was also written in a field.
        lines = [lines[0], *(it for it in written if it[1].casefold() not in assessment.note.casefold())]
    return {"assessment": assessment, "lines": [line for line in lines if line[1]]}


def _answers(measured: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each yes and each examination in words; the rest of the safety questions counted."""
    book = rulebook()
    asked = {code: it for code, it in measured.items() if code not in BLOOD_PRESSURE}
    plain_no = [
        code for code, it in asked.items() if not it and code in book.red_flags
        and book.red_flags[code].asked_of != "clinician"
    ]  # fmt: skip
    told = [
        (intake_words.question_words(code), _("Yes") if it else _("No"))
        for code, it in asked.items()
        if code not in plain_no
    ]
    return [*told, *([(_("Safety questions answered no"), str(len(plain_no)))] if plain_no else [])]


def _degrees(value: int | None) -> str:
    return "" if value is None else f"{value}°"

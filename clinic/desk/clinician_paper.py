"""A signed note as a file to send on: a tagged PDF, made on this machine from the template beside this file."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import typst
from django.conf import settings
from django.http import Http404, HttpResponse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.appointments.models import Appointment
from clinic.desk.clinician_draft import of
from patients.actions import signatures
from patients.models import Assessment, Patient
from patients.web.assessment_pages import signed_words
from patients.web.records import open_record
from people.actions import audit
from people.models import Clinic, User
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs
from programs.actions import treatments
from programs.models import TreatmentGiven
from programs.web import given_words
from programs.web.exercise_sheet import FONTS, PAPERS, size_of

TEMPLATE = Path(__file__).with_name("clinician_paper.typ")


@needs(Permission.RECORD_VIEW)
def note_pdf(request: SignedInRequest, visit_id: UUID) -> HttpResponse:
    """The signed note of a visit, with a line in the audit trail. `?size=a4|letter` chooses the paper."""
    visit = of(request, visit_id)
    if visit.assessment is None or not visit.assessment.is_signed:
        raise Http404
    patient = open_record(request, visit.patient_id)
    visit.assessment.patient = patient
    size = size_of(request.GET.get("size", ""), request.clinic)
    data = told(visit, visit.assessment, patient, request.clinic, request.user) | {"paper": PAPERS[size]}
    answer = HttpResponse(pdf(data), content_type="application/pdf")
    audit.record(request.user, "assessment.downloaded", visit.assessment, size=size)
    # No name in it: the file lies in a folder that others open.
    answer["Content-Disposition"] = 'inline; filename="note.pdf"'
    answer["Cache-Control"] = "no-store"
    return answer


def pdf(data: dict[str, Any]) -> bytes:
    """A tagged PDF (PDF/UA-1) in the language of the page."""
    made: Any = typst.compile(
        str(TEMPLATE),
        format="pdf",
        font_paths=[str(FONTS)] if FONTS.is_dir() else [],
        sys_inputs={"data": json.dumps(data)},
        pdf_standards=["ua-1"],
    )
    return bytes(made)


def told(visit: Appointment, assessment: Assessment, patient: Patient, clinic: Clinic, user: User) -> dict[str, Any]:
    """What the paper says, in the order of its parts."""
    language = translation.get_language() or settings.LANGUAGE_CODE
    phone = clinic.phone.as_international if clinic.phone else ""
    start = visit.local_start
    given = TreatmentGiven.objects.visible_to(user).filter(assessment=assessment).select_related("session", "by")
    is_whole = signatures.is_as_signed(assessment, treatments.as_signed(assessment))
    return {
        "lang": language.split("-")[0],
        "is_rtl": translation.get_language_bidi(),
        "title": _("Note of a visit"),
        "clinic": clinic.name,
        "place": ", ".join(it for it in (visit.site.name, phone) if it),
        "patient": patient.banner_name,
        "born": _("born %(day)s") % {"day": date_format(patient.birth_date, "d-M-Y")} if patient.birth_date else "",
        "number": _("Clinic No. %(number)s") % {"number": patient.clinic_number},
        "visit": f"{visit.service.name}, {date_format(start, 'j F Y, H:i')}, {visit.clinician.name}",
        "parts": [
            {"label": str(label), "lines": said.splitlines()} for label, said in signed_words(assessment)["lines"]
        ],
        "treatments": [_treatment(row) for row in given_words.rows(given.order_by("at", "modality"))],
        "addenda": [
            {"label": _by(_("Addendum by %(name)s, %(when)s"), it.author, it.written_at), "lines": it.text.splitlines()}
            for it in assessment.addenda.select_related("author")
        ],
        "signatures": _signatures(assessment),
        "digest": assessment.digest,
        "state": _("As it was signed") if is_whole else _("Not what was signed"),
        "words": {"given": _("Treatment given"), "signatures": _("Signatures")},
    }


def _treatment(row: given_words.Row) -> str:
    return ", ".join(it for it in (row.name, row.done, *row.details) if it)


def _signatures(assessment: Assessment) -> list[str]:
    found = [_by(_("Signed by %(name)s, %(when)s"), assessment.signed_by, assessment.signed_at)]
    if assessment.countersigned_at:
        second = _("Second signature by %(name)s, %(when)s")
        found.append(_by(second, assessment.countersigned_by, assessment.countersigned_at))
    elif signatures.needs_countersign(assessment):
        found.append(_("Second signature missing"))
    return found


def _by(words: str, who: User | None, at: datetime | None) -> str:
    when = date_format(timezone.localtime(at), "d-M-Y H:i") if at else ""
    return words % {"name": who.name if who else "", "when": when}

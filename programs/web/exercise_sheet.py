"""The exercises on paper: a tagged PDF, made on this machine from the template beside this file."""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import typst
from django.conf import settings
from django.http import Http404, HttpResponse
from django.utils import timezone, translation
from django.utils.formats import date_format

from patients.models import Patient
from patients.web.records import open_record
from people.actions import audit
from people.models import Clinic
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs
from programs.models import PlanExercise
from programs.rules.entries import Exercise
from programs.rules.rulebook import rulebook
from programs.rules.sheet_words import SheetWords, sheet_words
from programs.rules.usual import dosage_of
from programs.web import pictures
from programs.web.exercise_pages import newest

TEMPLATE = Path(__file__).with_name("exercise_sheet.typ")
# Latin, Greek, Cyrillic, Arabic, Hebrew and more; what it lacks comes from the fonts of the machine, if it has any.
FONTS = settings.BASE_DIR / "node_modules" / "dejavu-fonts-ttf" / "ttf"
PAPERS = {"letter": "us-letter", "a4": "a4"}
ON_LETTER = ("America/", "US/", "Canada/")  # time zones of clinics that print on Letter
WEEKS = 3


@needs(Permission.RECORD_VIEW)
def sheet(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """The sheet of the patient's exercises of today.

    `?size=a4|letter` and `?print=large` choose the paper, `?lang=es` the language.
    """
    return made(request, open_record(request, patient_id))


def made(request: SignedInRequest, patient: Patient, *, usual: str = "") -> HttpResponse:
    """The sheet as an answer, with a line in the audit trail; for staff and for the patient's own pages.

    `usual` is the language unless another one is asked for.
    """
    plan = newest(patient, request.user)
    today = timezone.localdate()
    # What a plan asked for that is paused or has ended must not be done any more.
    phase = plan.phases.filter(ends_on__gte=today).order_by("ordinal").first() if plan and plan.is_active else None
    rows = list(PlanExercise.objects.filter(plan=plan, phase=phase).standing()) if phase else []
    if plan is None or not rows:
        raise Http404
    is_large = request.GET.get("print") == "large"
    size = size_of(request.GET.get("size", ""), request.clinic)
    words = sheet_words(request.GET.get("lang") or usual or translation.get_language() or "")
    answer = HttpResponse(
        pdf(patient, rows, request.clinic, words=words, size=size, is_large=is_large, today=today),
        content_type="application/pdf",
    )
    audit.record(request.user, "exercise.sheet_printed", plan, size=size, is_large=is_large, language=words.language)
    # No name in it: the file lies in a folder that others open.
    answer["Content-Disposition"] = 'inline; filename="exercises.pdf"'
    answer["Cache-Control"] = "no-store"
    return answer


def pdf(
    patient: Patient,
    rows: Sequence[PlanExercise],
    clinic: Clinic,
    *,
    words: SheetWords,
    size: str,
    is_large: bool,
    today: date,
) -> bytes:
    """A tagged PDF (PDF/UA-1) in the language of the words."""
    with translation.override(words.language):  # for the names of days and months
        told = _told(patient, rows, clinic, words, today) | {"paper": PAPERS[size], "is_large": is_large}
    found: Any = typst.compile(
        str(TEMPLATE),
        format="pdf",
        font_paths=[str(FONTS)] if FONTS.is_dir() else [],
        sys_inputs={"data": json.dumps(told)},
        pdf_standards=["ua-1"],
    )
    return bytes(found)


def size_of(asked: str, clinic: Clinic) -> str:
    """The paper that was asked for, else the one of the country."""
    if asked in PAPERS:
        return asked
    return "letter" if clinic.time_zone.startswith(ON_LETTER) else "a4"


def _told(
    patient: Patient, rows: Sequence[PlanExercise], clinic: Clinic, words: SheetWords, today: date
) -> dict[str, Any]:
    book = rulebook()
    known = [(it, book.exercises[it.code]) for it in rows if it.code in book.exercises]
    stops = dict.fromkeys(code for _it, exercise in known for code in exercise.stop_rules)
    monday, says = today - timedelta(days=today.weekday()), words.says
    number = clinic.emergency_number
    return {
        "lang": words.language,
        "is_rtl": translation.get_language_bidi(),
        "title": says["title"],
        "clinic": clinic.sender_name,
        "phone": clinic.phone.as_international if clinic.phone else "",
        "patient": f"{patient.given_name} {patient.family_name}".strip(),
        "day": date_format(today, says["day"]),
        "intro": says["intro"],
        "words": says,
        "exercises": [_exercise(it, exercise, words) for it, exercise in known],
        "weekdays": [date_format(monday + timedelta(days=n), "D") for n in range(7)],
        "weeks": [date_format(monday + timedelta(weeks=n), says["week_day"]) for n in range(WEEKS)],
        "stop": [
            *(words.stop(book.stop_rules[code]).replace("911", number) for code in stops),
            says["emergency"].format(number=number),
        ],
    }


def _exercise(it: PlanExercise, known: Exercise, words: SheetWords) -> dict[str, Any]:
    dosage = dosage_of(it.code, it.dosage)
    return {
        "name": words.name(known),
        "dose": words.dose(dosage),
        "frequency": words.frequency(dosage),
        "steps": words.steps(known),
        "needs": words.needs(known),
        "drawing": pictures.svg_of(it.code, words.language),
        "alt": words.says["drawing"].format(name=words.name(known)),
    }

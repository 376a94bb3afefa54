"""Everything held about a patient as a tagged PDF that anybody can read or print."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import typst
from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.portal.held.tables import tables
from clinic.portal.held.telling import told
from patients.models import Patient
from people.models import Clinic
from programs.web.exercise_sheet import FONTS, PAPERS, size_of

TEMPLATE = Path(__file__).with_name("paper.typ")


def pdf(patient: Patient, clinic: Clinic, *, at: datetime) -> bytes:
    """A tagged PDF (PDF/UA-1) in the language of the page."""
    made: Any = typst.compile(
        str(TEMPLATE),
        format="pdf",
        font_paths=[str(FONTS)] if FONTS.is_dir() else [],
        sys_inputs={"data": json.dumps(contents(patient, clinic, at=at))},
        pdf_standards=["ua-1"],
    )
    return bytes(made)


def contents(patient: Patient, clinic: Clinic, *, at: datetime) -> dict[str, Any]:
    """What the paper says, part by part. One query a table."""
    language = translation.get_language() or settings.LANGUAGE_CODE
    parts = [(str(table.title), [list(told(table, row)) for row in table.rows(patient)]) for table in tables()]
    return {
        "lang": language.split("-")[0],
        "is_rtl": translation.get_language_bidi(),
        "paper": PAPERS[size_of("", clinic)],
        "title": _("Everything we hold about you"),
        "clinic": clinic.name,
        "patient": patient.banner_name,
        "number": _("Clinic No. %(number)s") % {"number": patient.clinic_number},
        "made": _("Made on %(day)s") % {"day": date_format(timezone.localtime(at), "j F Y, H:i")},
        "parts": [{"title": title, "rows": rows} for title, rows in parts if any(rows)],
        "nothing": _("Nothing is held under: %(titles)s.")
        % {"titles": ", ".join(title for title, rows in parts if not any(rows))},
        "more": _("The file for another clinic also holds ids, versions, and how our rules came to what they said."),
    }

"""A list of patients from another system. Everybody in here is made up."""

import io
from pathlib import Path
from typing import Protocol

from django.core.management import call_command

from patients.models import Patient

PLAIN = "First Name,Last Name,Date of Birth,Phone"


class WriteFile(Protocol):
    def __call__(self, *lines: str, encoding: str = "utf-8", name: str = "list.csv") -> Path: ...


def bring_in(path: Path, *options: str) -> str:
    """What the command said."""
    out = io.StringIO()
    call_command("import_patients", str(path), *options, stdout=out)
    return out.getvalue()


def names() -> set[str]:
    return {patient.full_name for patient in Patient.objects.all()}

"""The form of a patient on her phone: its pages, and what is ticked on them. Everybody in here is made up."""

import re
from typing import Any

from django.test import Client
from django.urls import reverse
from visit_cast import words

from patients.models import Intake, Patient
from patients.rules.intake_parts import pages

SAFETY = [page for page in pages(48) if page.is_safety]


def signed_in(patient: Patient) -> Client:
    assert patient.user
    client = Client()
    client.force_login(patient.user)
    return client


def part(form: Intake, key: str) -> str:
    return reverse("patients:form_part", args=[form.pk, key])


def checked(answer: Any) -> set[tuple[str, str]]:
    inputs = re.findall(r"<input[^>]*>", words(answer))
    ticked = [it for it in inputs if " checked" in it]
    return {(re.search(r'name="([^"]+)', it)[1], re.search(r'value="([^"]+)', it)[1]) for it in ticked}  # type: ignore[index]


def said(page: Any, answer: str = "no", **others: str) -> dict[str, str]:
    return {it.code: others.get(it.code, answer) for it in page.questions}

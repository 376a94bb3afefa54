"""A visit after the first, with its clinician, its plan and what the page sends. Everybody in here is made up."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from factories import NOW, a_clinician, a_portal_patient, a_site, consents_signed, the_clinic

from clinic.appointments.actions import assessing
from clinic.appointments.models import Appointment, Resource
from patients.actions import assessments, facts, intake
from patients.models import Assessment, Consent, Patient
from people.models import User
from programs.actions import treatments
from programs.actions.treatments import Given
from programs.rules.rulebook import rulebook

TEN = NOW + timedelta(hours=6, minutes=30)  # 10:00 in New York
NEEDLES = "dry_needling"
LEFT_OUT = {f"t_{NEEDLES}_skipped": "1", f"t_{NEEDLES}_why": "no_time"}
SUPERFICIAL, DEEP = "dn_superficial", "dn_deep"


def the_cast(profession: str = "licensed_acupuncturist") -> tuple[Patient, Resource]:
    """Linh has signed for her needles."""
    the_clinic()
    linh = consents_signed(a_portal_patient(given_name="Linh", family_name="Nguyen"), NEEDLES)
    return linh, a_clinician("Sara Haddad", profession=profession)


def a_follow_up(patient: Patient, clinician: Resource, *, at: datetime = TEN, **fields: Any) -> Appointment:
    fields.setdefault("service_code", NEEDLES)
    return Appointment.objects.create(
        patient=patient, clinician=clinician, site=a_site(), starts_at=at, ends_at=at + timedelta(minutes=30),
        booked_at=NOW, timed_at=NOW, **fields,
    )  # fmt: skip


def by(clinician: Resource) -> User:
    assert clinician.user
    return clinician.user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(visit: Appointment) -> str:
    return reverse("desk:clinic_visit", args=[visit.pk])


def sent(visit: Appointment, **typed: Any) -> dict[str, Any]:
    """What the page posts: the revision it shows, the treatment it shows, and what was tapped."""
    visit.refresh_from_db()
    modality = visit.service.modality
    revision = visit.assessment.revision if visit.assessment else 0
    return {"revision": str(revision), "treatments": [modality] if modality else [], **typed}


def a_signed_follow_up(
    visit: Appointment, clinician: Resource, *, at: datetime = NOW, given: tuple[Given, ...] = (), **fields: Any
) -> Assessment:
    user = by(clinician)
    for it in given:
        _agreed(visit.patient, it.modality)
    draft = assessing.open_assessment(visit, by=user, now=at)
    draft = assessments.save(
        draft, revision=draft.revision, by=user, now=at, **({"told": {"worst": 5}, "moves": {"turn_left": 62}} | fields)
    )
    draft = assessments.ask_again(draft, revision=draft.revision, by=user, now=at)
    return treatments.sign_visit(draft, given, note="Said: Worst pain 5.", by=user, now=at)


def _agreed(patient: Patient, modality: str) -> None:
    """Unless she has, or has not, by what the test itself says."""
    own = rulebook().modalities[modality].consents[0]
    if not Consent.objects.filter(patient=patient, code=own).exists():
        consents_signed(patient, modality)


def on_apixaban(patient: Patient, user: User) -> None:
    facts.state(patient, {"anticoagulant_use": True}, by=user, now=NOW)


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def kept(visit: Appointment) -> Assessment:
    visit.refresh_from_db()
    assert visit.assessment
    return visit.assessment


def post(screen: Client, visit: Appointment, **typed: Any) -> Any:
    return screen.post(page_of(visit), sent(visit, **typed))


def a_first_visit(patient: Patient, clinician: Resource, *, starts_at: datetime = TEN, **fields: Any) -> Appointment:
    return Appointment.objects.create(
        patient=patient, clinician=clinician, site=a_site(), service_code="first_assessment", starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=45), booked_at=NOW, timed_at=NOW, **fields,
    )  # fmt: skip


def a_sent_form(patient: Patient, story: str = "Stiff since the move", **answers: bool) -> None:
    assert patient.user
    form = intake.start(patient, by=patient.user, now=NOW)
    intake.save_part(form, "story", {"text": story, "causes": ["stress"]}, by=patient.user, now=NOW)
    intake.save_part(form, "pain", {"now": 6}, by=patient.user, now=NOW)
    intake.save_part(form, "safety-1", answers, by=patient.user, now=NOW)
    intake.submit(form, by=patient.user, now=NOW)


def begun(visit: Appointment, clinician: Resource) -> Assessment:
    return assessing.open_assessment(visit, by=by(clinician), now=NOW)

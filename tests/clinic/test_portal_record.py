"""My data: all of it and nobody else's, who looked, corrections, being forgotten, devices."""

import base64
import json
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import models
from django.utils import timezone
from factories import NOW, a_patient, a_portal_patient, a_user, the_clinic
from files_cast import a_png
from portal_cast import Portal, a_portal, signed_in
from record_cast import a_rich_record

from clinic.portal.held import fhir, paper
from clinic.portal.held.labels import FOR_PROGRAMS, LABELS
from clinic.portal.held.tables import NOT_TOLD, tables
from clinic.portal.seen_by import DEEDS, words
from clinic.reminders.models import CalendarFeed
from patients.actions import threads
from patients.actions.threads import Written
from patients.models import Patient
from people.models import AuditEvent
from people.rules.permissions import Role

pytestmark = pytest.mark.django_db
HOUSES = {"people", "patients", "programs", "appointments", "reminders", "clinic"}
# R4: what a resource of the type must have besides its id and whose it is.
REQUIRED = {
    "Appointment": {"status", "participant"}, "AuditEvent": {"type", "recorded", "agent", "source"}, "Basic": {"code"},
    "CarePlan": {"status", "intent"}, "ClinicalImpression": {"status"}, "Communication": {"status"},
    "Consent": {"status", "scope", "category"}, "DocumentReference": {"status", "content"}, "Flag": {"status", "code"},
    "MedicationStatement": {"status", "medicationCodeableConcept"}, "Observation": {"status", "code"},
    "Procedure": {"status"}, "QuestionnaireResponse": {"status"}, "AdverseEvent": {"actuality"},
    "AllergyIntolerance": set(), "Condition": set(), "Patient": {"name"}, "RelatedPerson": {"active"},
}  # fmt: skip


@pytest.fixture
def portal() -> Portal:
    return a_portal()


def leads_to_a_patient(model: type[models.Model], seen: tuple[type[models.Model], ...] = ()) -> bool:
    if model is Patient or model._meta.label == "appointments.Resource":
        # A resource that is a patient only keeps them out of two places: rooms and shifts are nobody's.
        return model is Patient or not seen
    links = [it for it in model._meta.concrete_fields if it.is_relation and it.related_model not in (*seen, model)]
    return any(leads_to_a_patient(it.related_model, (*seen, model)) for it in links)  # type: ignore[arg-type]


def test_no_table_about_a_patient_is_forgotten() -> None:
    told = {table.model for table in tables()}
    found = {it for it in apps.get_models() if it._meta.app_label in HOUSES and leads_to_a_patient(it)}
    found |= {it for it in apps.get_models() if any(field.name == "patient_id" for field in it._meta.concrete_fields)}

    assert {it._meta.label for it in found - told} == set(NOT_TOLD)


def test_every_column_has_a_name_or_is_for_programs() -> None:
    nameless = {
        f"{table.model._meta.label}.{field.name}"
        for table in tables()
        for field in table.fields()
        if field.name not in LABELS and field.name not in FOR_PROGRAMS
    }

    assert nameless == set()


def test_the_copy_holds_every_row_of_every_table_and_nobody_elses(portal: Portal) -> None:
    other = a_portal_patient(given_name="Zebedee", family_name="Quillfeather")
    assert other.user
    threads.begin(other, "bill", Written(text="Quills?", key=uuid4()), by=other.user, now=timezone.now())
    a_rich_record(portal)

    answer = portal.client.get("/me/data/record.json")

    bundle = json.loads(answer.content)
    kinds = Counter(entry["resource"]["meta"]["tag"][0]["code"] for entry in bundle["entry"])
    oracle = {
        table.model._meta.label_lower: table.model._default_manager.filter(
            **{table.path: portal.leila.pk if table.path in {"pk", "patient_id"} else portal.leila}
        ).count()
        for table in tables()
    }
    # The copy was made before its own line in the trail was written.
    oracle["people.auditevent"] -= 1
    assert dict(kinds) == {label: n for label, n in oracle.items() if n}
    assert len(kinds) >= 20
    assert "total" not in bundle  # of searches and histories only (bdl-1)
    assert answer["Content-Disposition"] == 'attachment; filename="record.json"'
    assert "no-store" in answer["Cache-Control"]
    for foreign in ("Zebedee", "Quillfeather", "Quills?", str(other.pk), str(other.user.pk)):
        assert foreign not in answer.content.decode()


def test_every_resource_is_whole_and_says_whose_it_is(portal: Portal) -> None:
    a_rich_record(portal)

    entries = fhir.bundle(portal.leila, at=NOW)["entry"]

    whose = {"reference": f"urn:uuid:{portal.leila.pk}"}
    assert len({entry["fullUrl"] for entry in entries}) == len(entries)
    for entry in entries:
        it = entry["resource"]
        kind = it["resourceType"]
        assert REQUIRED[kind] <= set(it), kind
        if kind not in {"Patient", "Appointment", "AuditEvent"}:
            assert whose in (it.get("subject"), it.get("patient")), kind
        assert all(len(extension) == 2 for extension in it["extension"])
    (picture,) = [it["resource"] for it in entries if it["resource"]["resourceType"] == "DocumentReference"]
    assert base64.b64decode(picture["content"][0]["attachment"]["data"]) == a_png()
    assert {"Patient", "Appointment", "CarePlan", "Observation", "Communication", "RelatedPerson"} <= {
        entry["resource"]["resourceType"] for entry in entries
    }


def test_no_secret_leaves_with_the_copy(portal: Portal) -> None:
    a_rich_record(portal)
    client = portal.client
    client.get("/me/")

    copy = client.get("/me/data/record.json").content.decode()

    assert portal.leila.user
    for secret in (
        portal.leila.user.password,
        CalendarFeed.objects.get().token_digest,
        client.session.session_key or "",
    ):
        assert secret
        assert secret not in copy


def test_the_paper_says_it_in_words(portal: Portal) -> None:
    a_rich_record(portal)

    told = paper.contents(portal.leila, the_clinic(), at=NOW)
    answer = portal.client.get("/me/data/record.pdf")

    said = {part["title"]: [dict(row) for row in part["rows"]] for part in told["parts"]}
    assert said["Messages between you and us"][0]["Text"] == "My arm is numb."
    assert said["Who helps you"][0]["Name"] == "Omid"
    assert "Visits" in said
    assert "Treatments" in told["nothing"]
    assert answer.content.startswith(b"%PDF-")
    assert AuditEvent.objects.filter(deed="record.exported", patient_id=portal.leila.pk).count() == 1


def test_a_record_is_not_copied_for_ever(portal: Portal) -> None:
    client = portal.client

    answers = [client.get("/me/data/record.json").status_code for _ in range(11)]

    assert answers == [200] * 10 + [429]


def test_who_looked_is_told_by_name_role_and_deed(portal: Portal) -> None:
    signed_in(portal.rosa).get(f"/patients/{portal.leila.pk}/")
    signed_in(portal.rosa).get(f"/patients/{portal.leila.pk}/")
    home = portal.client

    others = home.get("/me/data/seen/").content.decode().split("<main", 1)[1]
    everybody = home.get("/me/data/seen/?all=1").content.decode().split("<main", 1)[1]

    assert portal.rosa.name in others
    assert "Front desk" in others
    assert "looked at your record" in others
    assert "2 times" in others
    assert "<bdi>You</bdi>" not in others
    assert "<bdi>You</bdi>" in everybody


def test_another_patients_trail_is_not_shown(portal: Portal) -> None:
    other = a_portal_patient()
    signed_in(a_user(Role.FRONT_DESK, name="Nina Nosy")).get(f"/patients/{other.pk}/")

    assert "Nina Nosy" not in portal.client.get("/me/data/seen/?all=1").content.decode()


def test_every_deed_has_words() -> None:
    assert words("patient.opened") == "looked at your record"
    assert words("thread.read") == "read messages"
    assert words("unheard.of") == "changed something in your record"
    assert all(deed.count(".") == 1 for deed in DEEDS)


def test_a_long_trail_goes_on_from_its_last_line(portal: Portal) -> None:
    for nth in range(205):
        AuditEvent.objects.create(
            by=portal.rosa, role="front_desk", deed="patient.opened", object_type="x", object_id=str(nth),
            patient_id=portal.leila.pk,
        )  # fmt: skip

    html = portal.client.get("/me/data/seen/").content.decode()

    assert "before=" in html


def test_a_record_that_nobody_opened_has_a_copy_too(django_assert_max_num_queries: Any) -> None:
    the_clinic()
    patient = a_patient()

    with django_assert_max_num_queries(len(tables())):
        assert len(fhir.bundle(patient, at=NOW)["entry"]) == 1

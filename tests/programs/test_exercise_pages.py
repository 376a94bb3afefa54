"""The clinician's pages: prescribing, the next dose, the calendar, the printed sheet, posture."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import translation
from factories import MONDAY, NOW, a_patient, a_user
from plan_cast import a_plan

from patients.actions import facts
from people.models import AuditEvent, Clinic, User
from people.rules.permissions import Role
from programs.actions import exercises
from programs.models import DoseChange, Plan, PlanVersion, PostureCheck
from programs.rules.rulebook import rulebook
from programs.rules.sheet_words import sheet_words
from programs.web import exercise_sheet

pytestmark = pytest.mark.django_db
SET = ["ex_diaphragm_breathing", "ex_shoulder_rolls", "ex_rotation_arom"]


@pytest.fixture
def plan() -> Plan:
    return a_plan()


@pytest.fixture(autouse=True)
def _morning() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def door(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def page(plan: Plan, name: str, query: str = "", **post: Any) -> str:
    url = reverse(f"programs:{name}", args=[plan.patient_id]) + query
    client = door(plan.started_by)
    answer = client.post(url, post, follow=True) if post else client.get(url)
    return answer.content.decode()


def posted(plan: Plan, do: str = "look", **more: Any) -> dict[str, Any]:
    return {"version": plan.version, "shown": SET, "give": SET, "do": do} | more


def test_a_set_comes_with_what_nothing_speaks_against_already_chosen(plan: Plan) -> None:
    facts.state(plan.patient, {"dizziness": True}, by=plan.started_by, now=NOW)

    said = page(plan, "prescribe", "?set=1-1")

    chosen = re.findall(r'name="give" value="(\w+)" id="[\w-]+" checked', said)
    assert "ex_rotation_arom" not in chosen
    assert 2 <= len(chosen) <= 4
    assert "Look first" in said


def test_a_stepper_changes_the_dose_without_a_script_and_keeps_the_rest(plan: Plan) -> None:
    said = page(plan, "prescribe", **posted(plan, step="ex_shoulder_rolls.reps.up", **{"ex_rotation_arom.reps": 7}))

    assert re.search(r'name="ex_shoulder_rolls.reps" type="number"[^>]*value="12"', said)
    assert re.search(r'name="ex_rotation_arom.reps" type="number"[^>]*value="7"', said)
    assert "12 times. Do 2 sets." in said
    assert not PlanVersion.objects.filter(plan=plan, number=2).exists()


def test_a_set_is_sent_to_the_patient(plan: Plan) -> None:
    said = page(plan, "prescribe", **posted(plan, "send", **{"ex_shoulder_rolls.reps": 8}))

    assert "Sent: the patient sees the new exercises now." in said
    on_monday = plan.exercises.on(MONDAY)
    assert [it.code for it in on_monday] == SET
    assert on_monday.get(code="ex_shoulder_rolls").dosage["reps"] == 8


def test_sending_with_a_script_goes_to_the_exercises_and_printing_to_the_sheet(plan: Plan) -> None:
    url = reverse("programs:prescribe", args=[plan.patient_id])

    answer = door(plan.started_by).post(url, posted(plan, "print"), headers={"HX-Request": "true"})

    assert answer["HX-Redirect"] == reverse("programs:exercise_sheet", args=[plan.patient_id])


def test_a_number_that_is_none_changes_nothing(plan: Plan) -> None:
    odd = {"ex_shoulder_rolls.reps": "²", "ex_rotation_arom.reps": "9" * 5000, "version": "٣"}

    said = page(plan, "prescribe", **posted(plan) | odd)

    assert re.search(r'name="ex_shoulder_rolls.reps" type="number"[^>]*value="10"', said)
    assert re.search(r'name="ex_rotation_arom.reps" type="number"[^>]*value="10"', said)


def test_what_was_chosen_stays_on_the_page_when_it_is_refused(plan: Plan) -> None:
    said = page(plan, "prescribe", **posted(plan, "send", give=SET[:1]))

    assert "Choose 2 to 4 exercises" in said
    assert re.findall(r'name="give" value="(\w+)" id="[\w-]+" checked', said) == SET[:1]


def test_an_exercise_that_a_rule_forbids_cannot_be_chosen(plan: Plan) -> None:
    facts.state(plan.patient, {"bp_systolic": 190}, by=plan.started_by, now=NOW)

    said = page(plan, "prescribe", "?set=1-2")

    assert re.search(r'value="ex_isometric_flexion" id="[\w-]+" disabled', said)
    assert "Held" in said


def test_a_next_dose_is_confirmed_on_the_page(plan: Plan) -> None:
    rolls = plan.exercises.on(MONDAY).get(code="ex_shoulder_rolls")
    exercises.tick(rolls, on=MONDAY, by=plan.started_by, now=NOW, pain=8)
    assert "Pain went above 5 of 10" in page(plan, "exercises")
    url = reverse("programs:dose", args=[plan.patient_id, rolls.pk])
    client = door(plan.started_by)

    said = client.post(url, {"do": "confirm"}, follow=True).content.decode()
    again = client.post(url, {"do": "decline"}).content.decode()

    assert "The next dose counts from now on." in said
    assert "This has been decided already" in again
    assert plan.exercises.on(MONDAY).get(code="ex_shoulder_rolls").dosage["reps"] == 6
    assert DoseChange.objects.get().is_accepted


def test_the_calendar_counts_what_was_done_and_has_a_table_beside_it(plan: Plan) -> None:
    for it in plan.exercises.on(MONDAY):
        exercises.tick(it, on=MONDAY, by=plan.started_by, now=NOW)

    said = page(plan, "exercise_days", "?month=2026-09")

    assert "100.0 % of what was asked for this month" in said or "100 % of what was asked for this month" in said
    assert "5 / 5" in said
    for nonsense in ("nonsense", "9999-12", "0001-01"):
        assert "No plan yet" not in page(plan, "exercise_days", f"?month={nonsense}")


def test_a_patient_without_a_plan_is_offered_one(plan: Plan) -> None:
    other = a_patient()
    client = door(plan.started_by)

    for name in ("exercises", "prescribe", "exercise_days"):
        assert "No plan" in client.get(reverse(f"programs:{name}", args=[other.pk])).content.decode(), name
    assert client.get(reverse("programs:exercise_sheet", args=[other.pk])).status_code == 404


@pytest.mark.parametrize(("query", "width"), [("", b"612"), ("?size=a4&print=large", b"595")])
def test_the_sheet_is_a_tagged_pdf_with_a_line_in_the_audit_trail(plan: Plan, query: str, width: bytes) -> None:
    url = reverse("programs:exercise_sheet", args=[plan.patient_id]) + query

    answer = door(plan.started_by).get(url)

    assert answer["Content-Type"] == "application/pdf"
    assert str(plan.patient.family_name) not in answer["Content-Disposition"]
    for mark in (b"/MarkInfo", b"/StructTreeRoot", b"/Lang", b"pdfuaid", width):
        assert mark in answer.content, mark
    assert AuditEvent.objects.get(deed="exercise.sheet_printed").object_id == str(plan.pk)


def test_the_sheet_holds_the_words_and_the_names_of_other_scripts(plan: Plan) -> None:
    patient = plan.patient
    patient.given_name, patient.family_name = "Ελένη", "Иванова"

    rows, clinic, words = list(plan.exercises.on(MONDAY)), Clinic.objects.get(), sheet_words("en")
    told = exercise_sheet._told(patient, rows, clinic, words, MONDAY)
    made = exercise_sheet.pdf(patient, rows, clinic, words=words, size="letter", is_large=False, today=MONDAY)

    assert told["patient"] == "Ελένη Иванова"
    assert told["exercises"][0]["steps"][0].startswith("Lie or sit supported")
    assert any("911" in it for it in told["stop"])
    assert made.startswith(b"%PDF")


def test_the_sheet_speaks_spanish_down_to_the_days(plan: Plan) -> None:
    clinic = Clinic.objects.get()
    clinic.emergency_number = "112"

    with translation.override("es"):
        told = exercise_sheet._told(plan.patient, list(plan.exercises.on(MONDAY)), clinic, sheet_words("es"), MONDAY)
    answer = door(plan.started_by).get(reverse("programs:exercise_sheet", args=[plan.patient_id]) + "?lang=es")

    assert told["title"] == "Sus ejercicios"
    assert told["exercises"][0]["steps"][0].startswith("Túmbese o siéntese")
    assert told["exercises"][0]["frequency"] == "2 veces al día, todos los días."
    assert told["weekdays"][0] == "lun"
    assert any("112" in it for it in told["stop"])
    assert not any("911" in it for it in told["stop"])
    assert re.search(rb"/Lang ?\(es\)", answer.content)
    assert AuditEvent.objects.get(deed="exercise.sheet_printed").detail["language"] == "es"


def test_every_exercise_stop_rule_and_thing_has_its_spanish_words() -> None:
    words, book = sheet_words("es"), rulebook()

    assert words.exercises.keys() == book.exercises.keys()
    assert words.stop_rules.keys() == book.stop_rules.keys()
    for it in book.exercises.values():
        assert len(words.steps(it)) == len(it.steps), it.code
        assert words.needs(it).count(", ") >= len(it.equipment) - 1
        # The same numbers, whatever the words.
        for said, spoken in ((it.name, words.name(it)), *zip(it.steps, words.steps(it), strict=True)):
            assert sorted(re.findall(r"\d+", said)) == sorted(re.findall(r"\d+", spoken)), it.code
    assert {code for it in book.exercises.values() for code in it.equipment} == words.equipment.keys()
    assert words.says.keys() == sheet_words("en").says.keys()
    assert words.equipment.keys() == sheet_words("en").equipment.keys()
    assert sheet_words("fa").language == "en"


def test_posture_is_checked_and_what_is_better_is_shown(plan: Plan) -> None:
    page(plan, "posture", **{"ps.ps_monitor_height": "not_met", "ps.ps_chair_height": "met"})
    said = page(plan, "posture", **{"ps.ps_monitor_height": "met", "ps.ps_chair_height": "not_met", "ps.x": "met"})

    assert "Better since the check before" in said
    assert "Was so before, and is not now" in said
    assert PostureCheck.objects.count() == 2
    assert "Answer at least one line." in page(plan, "posture", nothing="1")


def test_the_front_desk_opens_none_of_it(plan: Plan) -> None:
    client = door(a_user(Role.FRONT_DESK))

    for name in ("exercises", "exercise_days", "prescribe", "exercise_sheet", "posture"):
        assert client.get(reverse(f"programs:{name}", args=[plan.patient_id])).status_code == 404, name
    assert client.get(reverse("programs:worklist")).status_code == 404


def test_the_page_costs_the_same_for_one_day_and_for_many(plan: Plan, django_assert_max_num_queries: Any) -> None:
    client, url = door(plan.started_by), reverse("programs:exercises", args=[plan.patient_id])
    client.get(url)

    with django_assert_max_num_queries(30) as one:
        client.get(url)
    for n in range(3):
        now = NOW + timedelta(hours=n)
        for it in plan.exercises.on(MONDAY):
            exercises.tick(it, on=MONDAY, by=plan.started_by, now=now, feeling="easier")
    with django_assert_max_num_queries(30) as many:
        client.get(url)

    assert len(many) == len(one)

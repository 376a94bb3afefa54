"""The library and the pages of a plan, as a clinician sees them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from factories import a_patient, a_user, the_clinic
from plan_cast import ACUTE, a_plan, a_therapist, an_open_flag
from pytest_django import DjangoAssertNumQueries

from patients.rules.rulebook import rulebook as patients_rulebook
from people.models import User
from people.rules.permissions import Role
from programs.actions import plans
from programs.models import Plan
from programs.rules.rulebook import rulebook
from programs.web import wording
from programs.web.library import SHELVES


def door(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def therapist(db: None) -> User:
    return a_therapist()


ENTRIES = [(kind, code) for kind, shelf in SHELVES.items() for code in shelf.entries()]


@pytest.mark.parametrize("kind", SHELVES)
def test_every_entry_of_the_library_can_be_read_with_its_source(kind: str, therapist: User) -> None:
    client = door(therapist)
    assert client.get(reverse("programs:shelf", args=[kind])).status_code == 200

    for code in SHELVES[kind].entries():
        page = client.get(reverse("programs:entry", args=[kind, code])).content.decode()
        assert "Not yet confirmed by a clinician" in page, code
        assert rulebook().version in page


def test_the_library_says_how_much_nobody_has_confirmed(therapist: User) -> None:
    page = door(therapist).get(reverse("programs:library")).content.decode()

    assert f"{len(rulebook().exercises)} not yet confirmed by a clinician" in page
    assert patients_rulebook().version in page


@pytest.mark.parametrize("path", ["/library/spells/", "/library/exercises/ex_unheard_of/"])
def test_what_is_not_in_the_library_is_not_found(path: str, therapist: User) -> None:
    assert door(therapist).get(path).status_code == 404


@pytest.mark.django_db
def test_the_front_desk_has_no_library_and_no_plans() -> None:
    the_clinic()
    client, patient = door(a_user(Role.FRONT_DESK)), a_plan().patient

    for name, args in [
        ("library", []),
        ("shelf", ["exercises"]),
        ("plan", [patient.pk]),
        ("start", [patient.pk]),
        ("stop", [patient.pk]),
    ]:
        assert client.get(reverse(f"programs:{name}", args=args)).status_code == 404, name


def test_every_criterion_of_every_program_reads_as_words() -> None:
    said = {wording.criterion_in_words(it) for template in rulebook().templates.values() for it in template.criteria()}

    assert "Days since this episode began: at most 42" in said
    assert not [words for words in said if "_" in words or "{" in words]


def test_a_clinician_sees_what_a_program_makes_before_starting_it(therapist: User) -> None:
    patient, client = a_patient(), door(therapist)
    url = reverse("programs:start", args=[patient.pk])

    choice = client.get(url).content.decode()
    preview = client.get(url + "?template=1").content.decode()

    assert all(template.name in choice for template in rulebook().templates.values() if template.enabled_by_default)
    assert "Calm and protect" in preview
    assert "Laser 1 of" in preview
    assert not Plan.objects.exists()


def test_a_clinician_starts_a_plan(therapist: User) -> None:
    patient, client = a_patient(), door(therapist)
    today = timezone.localdate()
    typed = {"template_code": ACUTE, "starts_on": today.isoformat(), "remind": "on", "remind_at": "08:15"}

    answer = client.post(reverse("programs:start", args=[patient.pk]), typed, follow=True)

    plan = Plan.objects.get()
    assert (plan.patient, plan.starts_on, plan.remind_at.isoformat()) == (patient, today, "08:15:00")
    assert "week 1 of 3" in answer.content.decode()


def test_a_refused_start_keeps_what_was_typed(therapist: User) -> None:
    patient, client = a_patient(), door(therapist)
    an_open_flag(patient)
    typed = {"template_code": ACUTE, "starts_on": timezone.localdate().isoformat(), "remind": "", "remind_at": "08:15"}

    page = client.post(reverse("programs:start", args=[patient.pk]), typed).content.decode()

    assert "Clear the red flag first" in page
    assert "08:15" in page
    assert not Plan.objects.exists()


@pytest.mark.parametrize("place", ["0", "99", "x"])
def test_a_place_that_no_program_has_is_not_found(place: str, therapist: User) -> None:
    url = reverse("programs:start", args=[a_patient().pk])

    assert door(therapist).get(f"{url}?template={place}").status_code == 404


def test_a_clinician_stops_a_plan_with_a_reason(therapist: User) -> None:
    patient, client = a_patient(), door(therapist)
    now = timezone.now()
    a_plan(patient, by=therapist, starts_on=now.date(), now=now)
    url = reverse("programs:stop", args=[patient.pk])

    without = client.post(url, {})
    with_reason = client.post(url, {"reason": "not_helping"}, follow=True)

    assert "This field is required" in without.content.decode()
    assert "Stopped" in with_reason.content.decode()
    assert Plan.objects.get().end_reason == "not_helping"
    assert client.get(url).status_code == 302, "it has ended already: back to the plan"


def test_a_patient_without_a_plan_is_offered_one(therapist: User) -> None:
    page = door(therapist).get(reverse("programs:plan", args=[a_patient().pk])).content.decode()

    assert "No plan yet" in page


@pytest.mark.parametrize("code", ["tpl_acute_spasm_conservative", "tpl_chronic_prp_series"])
def test_a_long_plan_costs_as_many_queries_as_a_short_one(
    code: str, therapist: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    patient, client, now = a_patient(), door(therapist), timezone.now()
    plan = a_plan(patient, template_code=code, by=therapist, starts_on=now.date(), now=now)
    client.get(reverse("programs:plan", args=[patient.pk]))

    with django_assert_num_queries(PLAN_QUERIES):
        page = client.get(reverse("programs:plan", args=[patient.pk])).content.decode()

    assert plan.name in page
    assert f"of {plan.weeks}" in page


PLAN_QUERIES = 22


def test_the_last_plan_stays_readable_when_it_has_ended(therapist: User) -> None:
    patient, client, now = a_patient(), door(therapist), timezone.now()
    plan = a_plan(patient, by=therapist, starts_on=now.date() - timedelta(days=3), now=now)
    plans.stop(plan, by=therapist, now=now, reason="safety")

    page = client.get(reverse("programs:plan", args=[patient.pk])).content.decode()

    assert "it is no longer safe" in page
    assert "Start another plan" in page

"""One thing goes wrong and many plans no longer hold: all of them are mended together, each patient as a whole."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from booking_cast import Cast
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from factories import NOW, a_clinician, a_patient, a_room, a_user
from office_cast import as_user, said
from series_cast import a_cast_for_plans, a_plan, booked_whole

from clinic.appointments.actions import booking, series, series_affected
from clinic.appointments.actions.series_problem import Asked, tasks
from clinic.appointments.models import Absence, Appointment, Resource
from clinic.appointments.rules.series.answer import Proposal
from patients.actions import facts
from people.models import User
from people.rules.permissions import Role
from programs.models import Plan

MEND = "/desk/mend/"


@pytest.fixture(autouse=True)
def _a_monday(db: None) -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast() -> Cast:
    found = a_cast_for_plans()
    for name in ("Mei Tanaka", "Omar Said"):
        other = a_clinician(name, site=found.site)
        Resource.objects.filter(pk=other.pk).update(offers=found.sara.offers)
        kinds = Resource.objects.get(name="Everything").offers
        a_room(f"Room of {name}", *kinds, site=found.site)
    return found


@pytest.fixture
def plans(cast: Cast) -> list[Plan]:
    doctor = a_user(Role.CLINICIAN)
    found = [a_plan(a_patient(), doctor=doctor) for _ in range(3)]
    for plan in found:
        booked_whole(plan, by=cast.rosa)
    return found


def at_work(user: User) -> Any:
    return as_user(user)


def ill(cast: Cast, plans: list[Plan], *, days: int = 2) -> Resource:
    """Whoever has the first visit is away from then on."""
    first = Appointment.objects.filter(session__plan__in=plans).order_by("starts_at")[0]
    during = (first.starts_at - timedelta(hours=1), first.starts_at + timedelta(days=days))
    Absence.objects.create(resource=first.clinician, during=during)
    return first.clinician


def ticked(answer: Any) -> dict[str, Any]:
    text = answer.content.decode()
    sealed = dict(re.findall(r'name="(proposal\.[^"]+)" value="([^"]+)"', text))
    (key,) = re.findall(r'name="request_key" value="([^"]+)"', text)
    return {**sealed, "request_key": key, "plan": re.findall(r'name="plan" value="([^"]+)"', text)}


def test_everybody_of_an_ill_clinician_is_mended_with_one_button_and_nothing_is_given_twice(
    cast: Cast, plans: list[Plan]
) -> None:
    desk, who = at_work(cast.rosa), ill(cast, plans)
    held = Appointment.objects.filter(clinician=who, starts_at__lt=NOW + timedelta(days=3))
    count = held.count()
    assert count

    answer = desk.get(MEND)
    report = desk.post(MEND, ticked(answer))

    assert "cannot take place where it stands" in said(answer)
    assert "What was done" in said(report)
    assert "Every plan holds as it is booked" in said(report)
    assert series_affected.affected(cast.rosa, now=NOW) == []


def test_who_is_not_ticked_stays_and_what_fails_for_one_is_done_for_the_others(cast: Cast, plans: list[Plan]) -> None:
    ill(cast, plans)
    desk = at_work(cast.rosa)
    form = ticked(desk.get(MEND))
    assert len(form["plan"]) >= 2
    meant, other = form["plan"][:2]
    visit = Appointment.objects.filter(session__plan=meant).order_by("-starts_at")[0]
    booking.cancel(visit, reason="", by=cast.rosa, now=NOW)  # not as it was on the screen any more

    report = desk.post(MEND, form | {"plan": [meant, other]})

    assert "Nothing was changed: Somebody else changed this visit first" in said(report)
    still = {str(it.plan.pk) for it in series_affected.affected(cast.rosa, now=NOW)}
    assert meant in still
    assert other not in still


def test_a_plan_that_cannot_be_mended_says_that_somebody_must_decide(cast: Cast, plans: list[Plan]) -> None:
    patient = plans[0].patient
    facts.state(patient, {"cancer_at_treatment_site": True}, by=plans[0].started_by, now=NOW)

    words = said(at_work(cast.rosa).get(MEND))

    assert "Laser 1: a clinician must check first" in words
    assert "This needs somebody to decide" in words
    assert "cancer" not in words.lower()


def test_the_page_of_a_visit_and_of_a_patient_lead_to_mending(cast: Cast, plans: list[Plan]) -> None:
    visit = Appointment.objects.filter(session__plan=plans[0]).order_by("starts_at")[0]
    desk = at_work(cast.rosa)
    hint = reverse("appointments:mend_hint", args=[plans[0].pk])
    assert "The plan holds" in said(desk.get(hint))
    assert desk.get(hint, headers={"HX-Request": "true"}).content.strip() == b""

    booking.cancel(visit, reason="", by=cast.rosa, now=NOW)

    assert "did not take place" in desk.get(hint, headers={"HX-Request": "true"}).content.decode()
    assert hint in desk.get(reverse("appointments:visit", args=[visit.pk])).content.decode()
    assert hint in desk.get(reverse("appointments:patient_visits", args=[visit.patient_id])).content.decode()


def test_only_who_books_may_mend(cast: Cast, plans: list[Plan]) -> None:
    for role in (Role.PATIENT,):
        assert at_work(a_user(role)).get(MEND).status_code == 404
        assert at_work(a_user(role)).post(MEND, {"plan": str(plans[0].pk)}).status_code == 404


def test_many_plans_cost_as_many_queries_as_one(cast: Cast, plans: list[Plan]) -> None:
    def cost(some: list[Plan]) -> int:
        with CaptureQueriesContext(connection) as seen:
            series_affected.of_plans(some, now=NOW)
            tasks(some, Asked(), now=NOW)
        return len(seen)

    assert cost(plans[:1]) == cost(plans) <= 29


def test_two_plans_never_get_the_same_time(cast: Cast, plans: list[Plan]) -> None:
    ill(cast, plans, days=5)
    found = tasks(plans, Asked(), now=NOW)

    answers = series.propose_all(found)

    taken: list[tuple[Any, int, int]] = []
    for answer in answers:
        assert isinstance(answer, Proposal)
        taken += [(it.visit.clinician_id, it.visit.starts, it.visit.ends) for it in answer.placed]
    for n, (who, starts, ends) in enumerate(taken):
        assert not any(who == other and starts < until and begins < ends for other, begins, until in taken[:n])

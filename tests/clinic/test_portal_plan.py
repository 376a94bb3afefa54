"""My plan on my phone: how it goes, how to get ready, and what changed."""

from datetime import datetime, timedelta

import pytest
from factories import MONDAY, NOW, a_portal_patient, the_clinic
from plan_cast import a_plan
from portal_cast import Portal, a_portal, it_is, signed_in

from patients.actions import outcomes
from patients.models import Patient
from people.models import AuditEvent
from programs.actions import prescribing
from programs.actions.prescribing import Given

pytestmark = pytest.mark.django_db
PLAN = "/me/plan/"


def page(patient: Patient, moment: datetime = NOW) -> str:
    with it_is(moment):
        return signed_in(patient.user).get(PLAN).content.decode()


def has_an_injection_planned() -> Patient:
    the_clinic()
    somebody = a_portal_patient()
    a_plan(somebody, template_code="tpl_chronic_prp_series")
    return somebody


def test_what_to_leave_off_before_an_injection_is_told_with_its_day() -> None:
    somebody = has_an_injection_planned()
    plan = somebody.plans.get()
    first = plan.sessions.filter(modality="prp").order_by("due_on")[0]

    said = page(somebody, NOW)
    late = page(somebody, datetime.combine(first.due_from - timedelta(days=1), NOW.timetz()))

    assert "How to get ready" in said
    day = first.due_from - timedelta(days=7)
    assert f"1: no ibuprofen or the like from {day.day} {day:%B}." in said
    assert "1: no ibuprofen or the like from now until then." in late
    assert "Do not stop it on your own." in said


def test_a_plan_without_anything_to_leave_off_says_nothing_of_it() -> None:
    the_clinic()
    somebody = a_portal_patient()
    a_plan(somebody)

    assert "How to get ready" not in page(somebody)


@pytest.mark.parametrize(
    ("worst", "said"),
    [
        ((7,), "It was 7 of 10."),
        ((7, 6), "It goes up and down from day to day."),
        ((7, 3), "That is clearly less."),
        ((3, 7), "That is clearly more."),
    ],
)
def test_how_it_goes_is_told_in_plain_words_and_as_a_table(worst: tuple[int, ...], said: str) -> None:
    portal = a_portal()
    for nth, value in enumerate(worst):
        answers = {"current": 1, "worst_24h": value}
        on = MONDAY - timedelta(days=7 - nth)
        outcomes.record(portal.leila, "nprs", answers, on=on, by=portal.plan.started_by, now=NOW)

    html = page(portal.leila)

    assert said in html
    assert "Show as a table" in html
    assert f"<td>{worst[-1]}</td>" in html
    assert not [word for word in ("NPRS", "NDI", "Numeric Pain") if word in html]


def test_what_changed_is_shown_until_it_was_seen(portal: Portal) -> None:
    given = [Given("ex_shoulder_rolls", {}), Given("ex_diaphragm_breathing", {})]
    prescribing.prescribe(
        portal.plan, given, acknowledged=(), version=portal.plan.version, by=portal.plan.started_by, now=NOW
    )

    before = page(portal.leila)
    with it_is(NOW):
        portal.client.post(PLAN)
        portal.client.post(PLAN)

    assert "What changed since last time" in before
    assert "What changed since last time" not in page(portal.leila)
    assert AuditEvent.objects.filter(deed="plan.changes_seen").count() == 1


@pytest.fixture
def portal() -> Portal:
    return a_portal()

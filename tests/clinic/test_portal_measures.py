"""The questions that are due with a look at the plan: answered at home, one a page."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from factories import NOW, a_portal_patient
from portal_cast import Portal, a_portal, it_is, signed_in

from patients.actions import outcomes
from patients.models import Outcome

pytestmark = pytest.mark.django_db
PAIN = "/me/measures/nprs/"


@pytest.fixture
def portal() -> Portal:
    portal = a_portal()
    checkpoint = portal.plan.checkpoints.order_by("due_on").last()
    assert checkpoint
    portal.plan.checkpoints.exclude(pk=checkpoint.pk).delete()
    checkpoint.measures = ["nprs", "ndi", "psfs", "groc"]
    checkpoint.save()
    return portal


def near(portal: Portal) -> datetime:
    checkpoint = portal.plan.checkpoints.get()
    return NOW + (checkpoint.due_on - NOW.date()) - timedelta(days=2)


def asked(portal: Portal) -> list[str]:
    with it_is(near(portal)):
        return [code for code, *_rest in portal.client.get("/me/measures/").context["due"]]


def test_only_what_can_be_answered_at_home_is_asked_and_only_near_the_day(portal: Portal) -> None:
    assert asked(portal) == ["nprs", "groc"]
    with it_is(near(portal) - timedelta(days=9)):
        assert portal.client.get("/me/measures/").context["due"] == []
        assert portal.client.get(PAIN).status_code == 404


def test_each_answer_is_kept_then_checked_then_sent(portal: Portal) -> None:
    client: Any = portal.client
    with it_is(near(portal)):
        first = client.get(PAIN)
        assert first.url == f"{PAIN}?q=current"
        assert client.post(first.url, {"answer": "6"}).url == f"{PAIN}?q=best_24h"
        assert client.get(PAIN).url == f"{PAIN}?q=best_24h"  # where she stopped
        client.post(f"{PAIN}?q=best_24h", {"answer": "3"})
        assert client.post(f"{PAIN}?q=worst_24h", {"answer": "8"}).url == f"{PAIN}?q=check"
        check = client.get(f"{PAIN}?q=check").content.decode()
        client.post(f"{PAIN}?q=check")
        again = client.get(f"{PAIN}?q=current").status_code

    kept = Outcome.objects.get()
    assert "<dd>6</dd>" in check
    assert (kept.measure, kept.answers, kept.by) == (
        "nprs",
        {"current": 6, "best_24h": 3, "worst_24h": 8},
        portal.leila.user,
    )
    assert again == 404
    assert asked(portal) == ["groc"]


def test_no_answer_and_one_that_there_is_not_are_said_and_not_kept(portal: Portal) -> None:
    with it_is(near(portal)):
        for typed in ({}, {"answer": "11"}, {"answer": "x"}):
            assert "Choose a number." in portal.client.post(f"{PAIN}?q=current", typed).content.decode()


def test_the_same_activities_are_rated_again(portal: Portal) -> None:
    before = {"activities": [3, 5], "names": ["Reading", "Driving"]}
    outcomes.record(portal.leila, "psfs", before, on=NOW.date() - timedelta(days=30), by=portal.sara.user, now=NOW)
    client: Any = portal.client
    with it_is(near(portal)):
        page = client.get("/me/measures/psfs/?q=0").content.decode()
        for nth, answer in enumerate((6, 7)):
            client.post(f"/me/measures/psfs/?q={nth}", {"answer": str(answer)})
        client.post("/me/measures/psfs/?q=check")

    assert "Reading" in page
    kept = Outcome.objects.filter(measure="psfs").order_by("on").last()
    assert kept
    assert kept.answers == {"activities": [6, 7], "names": ["Reading", "Driving"]}


def test_nobody_answers_for_somebody_without_a_plan(portal: Portal) -> None:
    with it_is(near(portal)):
        assert signed_in(a_portal_patient(family_name="Other").user).get(PAIN).status_code == 404

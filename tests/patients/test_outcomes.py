"""Keeping what a patient answered on a scale."""

import pytest
from factories import MONDAY, NOW, a_patient, a_portal_patient, a_user, the_clinic

from patients.actions import outcomes
from patients.actions.outcomes import NotScorable
from patients.models import Outcome
from people.models import AuditEvent
from people.rules.permissions import Role
from people.rules.refusal import NotAllowed

pytestmark = pytest.mark.django_db


def test_a_scale_is_kept_with_its_score_and_leaves_a_line_without_answers() -> None:
    the_clinic()
    leila, sara = a_portal_patient(), a_user(Role.CLINICIAN)

    kept = outcomes.record(
        leila, "psfs", {"activities": [3, 4, 2], "names": ["a", "b", "c"]}, on=MONDAY, by=sara, now=NOW
    )

    assert (kept.values["mean"], kept.answered, kept.asked, kept.band) == (3.0, 3, 3, "severe_limitation")
    assert AuditEvent.objects.get(deed="outcome.recorded").detail == {"measure": "psfs", "answered": 3}


def test_a_patient_fills_in_her_own_scale_and_nobody_elses() -> None:
    the_clinic()
    leila = a_portal_patient()
    assert leila.user

    outcomes.record(leila, "groc", {"value": 4}, on=MONDAY, by=leila.user, now=NOW)

    for person in (leila.user, a_user(Role.FRONT_DESK)):
        with pytest.raises(NotAllowed):
            outcomes.record(a_patient(), "groc", {"value": 4}, on=MONDAY, by=person, now=NOW)
    assert Outcome.objects.count() == 1


def test_an_answer_that_the_scale_does_not_have_is_refused() -> None:
    the_clinic()

    with pytest.raises(NotScorable, match="Neck Disability Index"):
        outcomes.record(a_patient(), "ndi", {"work": 9}, on=MONDAY, by=a_user(Role.CLINICIAN), now=NOW)
    assert not Outcome.objects.exists()

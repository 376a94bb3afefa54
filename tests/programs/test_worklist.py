"""Whom a clinician should look at: the ranking, what puts somebody on the list and back on it, and its cost."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from factories import MONDAY, NOW, a_patient, a_user
from plan_cast import a_plan, an_open_flag

from patients.actions import intake as intakes
from patients.models import Assessment, Outcome, Patient
from patients.rules.screen import Occasion
from people.models import AuditEvent, User
from people.rules.permissions import Role
from programs.actions import exercises
from programs.models import Checkpoint, Phase, Plan, PlanExercise, TreatmentGiven, WorklistAction
from programs.rules.worklist import Answer, Kind, Reason, ranked

TODAY = date(2026, 9, 14)
ANN, BEA, CAY = UUID(int=1), UUID(int=2), UUID(int=3)


def reason(patient: UUID, kind: Kind, occasion: str = "x", weight: float = 0, since: date = TODAY) -> Reason:
    return Reason(patient=patient, kind=kind, occasion=occasion, words="", since=since, weight=weight)


def order(*reasons: Reason, **answers: Any) -> list[UUID]:
    return [line.patient for line in ranked(reasons, answers.get("answers", {}), on=answers.get("on", TODAY))]


def test_the_gravest_reason_decides_who_comes_first() -> None:
    found = order(
        reason(ANN, Kind.NOT_DOING, weight=90),
        reason(ANN, Kind.DUE),
        reason(BEA, Kind.RED_FLAG, weight=1),
        reason(CAY, Kind.FLARE, weight=3),
    )

    assert found == [BEA, CAY, ANN]


def test_of_the_same_kind_the_worse_comes_first_and_then_who_waits_longer() -> None:
    found = order(
        reason(ANN, Kind.WORSE, weight=0.1),
        reason(BEA, Kind.WORSE, weight=0.4),
        reason(CAY, Kind.WORSE, weight=0.1, since=TODAY - timedelta(days=3)),
    )

    assert found == [BEA, CAY, ANN]


def test_the_order_does_not_depend_on_the_order_of_reading() -> None:
    reasons = [reason(it, kind, weight=n) for n, it in enumerate((ANN, BEA, CAY)) for kind in Kind]

    assert order(*reasons) == order(*reversed(reasons))


@pytest.mark.parametrize(
    ("again", "on", "is_listed"),
    [
        (None, TODAY + timedelta(days=99), False),
        (TODAY + timedelta(days=7), TODAY + timedelta(days=6), False),
        (TODAY + timedelta(days=7), TODAY + timedelta(days=7), True),
    ],
)
def test_somebody_who_was_answered_comes_back_on_the_day(again: date | None, on: date, is_listed: bool) -> None:
    done = {(ANN, Kind.WORSE): [Answer("x", again, 1)]}

    assert bool(order(reason(ANN, Kind.WORSE), answers=done, on=on)) is is_listed


def test_another_occasion_brings_somebody_back_at_once() -> None:
    done = {(ANN, Kind.WORSE): [Answer("x", None, 1)]}

    assert order(reason(ANN, Kind.WORSE, "another"), answers=done) == [ANN]


def test_the_last_answer_counts() -> None:
    later = TODAY + timedelta(days=7)

    assert order(reason(ANN, Kind.DUE), answers={(ANN, Kind.DUE): [Answer("x", None, 1), Answer("x", TODAY, 2)]})
    assert not order(reason(ANN, Kind.DUE), answers={(ANN, Kind.DUE): [Answer("x", TODAY, 1), Answer("x", later, 2)]})


def test_an_open_warning_sign_stays_whatever_was_done() -> None:
    done = {(ANN, Kind.RED_FLAG): [Answer("x", None, 1)]}

    assert order(reason(ANN, Kind.RED_FLAG), answers=done) == [ANN]


# With rows.


@pytest.fixture
def _morning() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def plan(db: None, _morning: None) -> Plan:
    made = a_plan(starts_on=MONDAY - timedelta(days=14))
    made.checkpoints.all().delete()
    return made


def door(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def shown(user: User, query: str = "") -> str:
    return door(user).get(reverse("programs:worklist") + query).content.decode()


def a_score(patient: Patient, raw: float, on: date, by: User) -> Outcome:
    return Outcome.objects.create(
        patient=patient, measure="ndi", answers={}, values={"raw_equivalent": raw}, answered=10, asked=10, on=on,
        rulebook_version="x", by=by, at=datetime.combine(on, NOW.timetz()),
    )  # fmt: skip


def test_who_does_nothing_for_two_weeks_is_on_the_list(plan: Plan) -> None:
    said = shown(plan.started_by)

    assert "Not doing the exercises" in said
    assert "0 % of the exercises since August 31" in said or "0 % of the exercises since 31 August" in said


def test_everything_there_is_to_look_at_is_on_the_line_of_its_patient(plan: Plan) -> None:
    patient, by = plan.patient, plan.started_by
    an_open_flag(patient)
    a_score(patient, 10, MONDAY - timedelta(days=14), by)
    a_score(patient, 22, MONDAY, by)
    Checkpoint.objects.update_or_create(plan=plan, ordinal=9, defaults={"due_on": MONDAY - timedelta(days=2)})
    intakes.short_screen(patient, {}, occasion=Occasion.FLARE, by=by, now=NOW)
    rolls = plan.exercises.on(MONDAY)[0]
    exercises.tick(rolls, on=MONDAY, by=by, now=NOW, pain=9)

    given_at = NOW - timedelta(days=2)
    assessment = Assessment.objects.create(patient=patient, author=by, started_at=given_at)
    TreatmentGiven.objects.create(
        patient=patient, modality="prp", technique="prp_ligament", by=by, at=given_at, assessment=assessment
    )

    said = shown(by)

    assert "ask how it has been" in said
    places = [said.find(f">{kind.label}</span><p>") for kind in Kind]
    assert -1 not in places
    assert places == sorted(places), "gravest first"
    assert said.count("<section") == 1
    assert reverse("programs:look", args=[patient.pk]) in said


def act(plan: Plan, **fields: Any) -> str:
    url = reverse("programs:worklist_act", args=[plan.patient_id])
    return door(plan.started_by).post(url, fields, follow=True).content.decode()


def occasion_of(plan: Plan) -> str:
    return f"{plan.pk}:{(MONDAY - timedelta(days=14)).isoformat()}"


def test_what_was_done_takes_the_patient_off_until_the_day(plan: Plan) -> None:
    again = (MONDAY + timedelta(days=7)).isoformat()

    said = act(plan, kind="not_doing", occasion=occasion_of(plan), deed="called", look_again_on=again)

    assert "Noted for" in said
    assert "Nobody to look at" in shown(plan.started_by)
    made = WorklistAction.objects.get()
    assert (made.plan, made.deed, made.by) == (plan, "called", plan.started_by)
    assert "note" not in AuditEvent.objects.get(deed="worklist.acted").detail
    with time_machine.travel(NOW + timedelta(days=7), tick=False):
        assert "Not doing the exercises" in shown(plan.started_by)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"deed": "wait"}, "Say on which day to look again."),
        ({"deed": "called", "look_again_on": "2026-09-14"}, "must be after today"),
        ({"deed": "", "note": "rang twice"}, "Choose what was done."),
        ({"deed": "called", "kind": "nonsense"}, "Choose what was done."),
    ],
)
def test_what_is_not_clear_is_refused_and_nothing_typed_is_lost(plan: Plan, fields: dict[str, str], words: str) -> None:
    said = act(plan, **{"kind": "not_doing", "occasion": occasion_of(plan)} | fields)

    assert words in said
    assert fields.get("note", "") in said
    assert not WorklistAction.objects.exists()


def test_the_list_is_of_my_patients_and_of_everybodys_when_asked(plan: Plan) -> None:
    colleague = a_user(Role.CLINICIAN)

    assert "Nobody to look at" in shown(colleague)
    assert plan.patient.list_name in shown(colleague, "?who=all")
    assert plan.patient.list_name in shown(colleague, "?who=all&kind=not_doing")
    assert plan.patient.list_name not in shown(colleague, "?who=all&kind=flare")


def test_a_patient_who_is_archived_is_nobodys_work(plan: Plan) -> None:
    Patient.objects.filter(pk=plan.patient_id).update(archived_at=NOW)

    assert "Nobody to look at" in shown(plan.started_by, "?who=all")


def a_short_plan(patient: Patient, by: User) -> None:
    starts_on = MONDAY - timedelta(days=14)
    plan = Plan.objects.create(
        patient=patient, template_code="x", rulebook_version="x", name="x", starts_on=starts_on, ends_on=MONDAY,
        started_by=by, started_at=NOW,
    )  # fmt: skip
    phase = Phase.objects.create(plan=plan, ordinal=1, code="p", name="p", starts_on=starts_on, ends_on=MONDAY)
    PlanExercise.objects.create(plan=plan, phase=phase, code="ex_shoulder_rolls", ordinal=1, dosage={})


def test_one_patient_and_fifty_cost_the_same(plan: Plan) -> None:
    by = plan.started_by

    def queries() -> int:
        client = door(by)
        client.get(reverse("programs:worklist"))
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("programs:worklist"))
        return len(asked)

    an_open_flag(plan.patient)
    a_score(plan.patient, 10, MONDAY - timedelta(days=14), by)
    a_score(plan.patient, 22, MONDAY, by)
    one = queries()
    for _n in range(49):
        other = a_patient()
        a_short_plan(other, by)
        an_open_flag(other)
        a_score(other, 10, MONDAY - timedelta(days=14), by)
        a_score(other, 22, MONDAY, by)

    assert queries() == one <= 26

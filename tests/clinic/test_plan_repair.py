"""A plan that is booked, and then life happens: the smallest change, done as a whole, and taken back as a whole."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from booking_cast import Cast
from django.urls import reverse
from factories import NOW, a_clinician, a_patient, a_user
from office_cast import as_user, said
from series_cast import a_cast_for_plans, a_plan, booked_whole, hidden, page

from clinic.appointments.actions import booking, series, series_affected
from clinic.appointments.actions.series_problem import Asked, Task, task
from clinic.appointments.models import Absence, Appointment, Closure, Resource, VisitChange
from clinic.appointments.rules.refusals import SlotTaken, TooLateToUndo
from clinic.appointments.rules.series.answer import Proposal
from clinic.appointments.rules.status import Status
from patients.actions import facts
from people.models import AuditEvent, User
from people.rules.permissions import Role
from programs.models import Plan, SafetyDecision


@pytest.fixture(autouse=True)
def _a_monday(db: None) -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast() -> Cast:
    found = a_cast_for_plans()
    mei = a_clinician("Mei Tanaka", site=found.site)
    Resource.objects.filter(pk=mei.pk).update(offers=found.sara.offers)
    return found


@pytest.fixture
def plan(cast: Cast) -> Plan:
    return a_plan(cast.leila)


@pytest.fixture
def visits(cast: Cast, plan: Plan) -> list[Appointment]:
    return booked_whole(plan, by=cast.rosa)


def at_work(user: User) -> Any:
    return as_user(user)


def away(resource: Resource, visit: Appointment, *, hours: int = 6) -> None:
    during = (visit.starts_at - timedelta(hours=hours), visit.starts_at + timedelta(hours=hours))
    Absence.objects.create(resource=resource, during=during)


def where(plan: Plan) -> dict[Any, tuple[datetime, Any]]:
    rows = Appointment.objects.filter(session__plan=plan, status__in=[Status.BOOKED, Status.CONFIRMED])
    return {it.session_id: (it.starts_at, it.clinician_id) for it in rows}


def mended(found: Task) -> Proposal:
    answer = series.propose(found)
    assert isinstance(answer, Proposal)
    return answer


def test_a_plan_that_stands_is_left_alone(cast: Cast, plan: Plan, visits: list[Appointment]) -> None:
    found = task(plan, Asked(), now=NOW)

    assert series.changes(found, mended(found)) == []
    assert "There is nothing to book" in said(at_work(cast.rosa).get(page(plan)))


def test_when_a_clinician_is_ill_only_her_visits_move_and_the_page_says_from_where_and_why(
    cast: Cast, plan: Plan, visits: list[Appointment]
) -> None:
    ill = visits[0]
    away(ill.clinician, ill)
    before, desk = where(plan), at_work(cast.rosa)

    answer: Any = desk.get(page(plan))
    desk.post(page(plan), hidden(answer))

    words = said(answer)
    assert f"from {ill.local_start:%a} {ill.local_start.day} {ill.local_start:%b}, {ill.local_start:%H:%M}" in words
    assert "Somebody or something it needs is away" in words
    after = where(plan)
    changed = {pk for pk in before if before[pk] != after[pk]}
    same_day = {it.session_id for it in visits if abs(it.starts_at - ill.starts_at) < timedelta(hours=6)}
    assert ill.session_id in changed <= same_day
    assert after.keys() == before.keys()
    moved = Appointment.objects.get(pk=ill.pk)
    assert moved.revision == 1
    assert AuditEvent.objects.filter(deed="appointment.moved").count() == len(changed)
    assert SafetyDecision.objects.filter(moment="booked").count() == len(visits) + len(changed)


def test_a_missed_and_a_cancelled_session_are_found_a_place_and_the_rest_keeps_order_and_distance(
    cast: Cast, plan: Plan, visits: list[Appointment]
) -> None:
    Appointment.objects.filter(pk=visits[0].pk).update(status=Status.MISSED)
    booking.cancel(visits[3], reason="", by=cast.rosa, now=NOW)
    later = visits[0].ends_at + timedelta(hours=1)
    with time_machine.travel(later, tick=False):
        found = task(plan, Asked(), now=later)
        made = mended(found)
        new = [it.session_id for it in series.changes(found, made) if it.session_id not in found.ahead]
        words = said(at_work(cast.rosa).get(page(plan)))

    assert set(new) == {visits[0].session_id, visits[3].session_id}
    assert "Did not come on" in words
    assert "Called off on" in words
    rows = sorted(made.placed, key=lambda it: it.visit.starts)
    by_kind: dict[str, list[Any]] = {}
    for it in rows:
        by_kind.setdefault(found.sessions[it.session_id].modality, []).append(it)
    for several in by_kind.values():
        sessions = [found.sessions[it.session_id] for it in several]
        assert [it.ordinal for it in sessions] == sorted(it.ordinal for it in sessions)
        for one, other, session in zip(several, several[1:], sessions[1:], strict=False):
            assert (other.visit.day - one.visit.day).days >= (session.gap_days_min or 0)


def test_after_a_visit_was_moved_by_hand_it_stays_and_the_one_that_is_now_too_near_to_it_goes(
    cast: Cast, plan: Plan, visits: list[Appointment]
) -> None:
    third, fourth = [it for it in visits if it.service_code == "laser_therapy"][2:4]
    same_day = fourth.local_start.replace(hour=16, minute=0)
    pieces = [hold.resource for hold in third.holds.exclude(resource__kind="patient").select_related("resource")]
    later = NOW + timedelta(minutes=1)
    booking.move(third, starts_at=same_day, resources=pieces, revision=third.revision, by=cast.rosa, now=later)

    found = task(plan, Asked(), now=later)

    assert series_affected.wrong(found.course) == {fourth.session_id: series_affected.Wrong.TOO_NEAR}
    assert [it.session_id for it in series.changes(found, mended(found))] == [fourth.session_id]


def test_a_closed_day_and_a_broken_device_are_seen(cast: Cast, plan: Plan, visits: list[Appointment]) -> None:
    laser = next(it for it in visits if it.holds.filter(resource__kind="device").exists())
    device = laser.holds.get(resource__kind="device").resource
    Resource.objects.filter(pk=device.pk).update(is_active=False)
    last = visits[-1]
    Closure.objects.create(on=last.local_start.date(), site=cast.site)

    found = task(plan, Asked(), now=NOW)

    assert {laser.session_id, last.session_id} <= found.lost


def test_a_treatment_that_became_forbidden_is_not_kept_and_the_desk_reads_no_reason(
    cast: Cast, plan: Plan, visits: list[Appointment]
) -> None:
    facts.state(cast.leila, {"cancer_at_treatment_site": True}, by=plan.started_by, now=NOW)

    answer = at_work(cast.rosa).get(page(plan))

    assert "A clinician must check before Laser 1" in said(answer)
    assert "cancer" not in said(answer).lower()
    laser = next(
        it for it in visits if it.session and it.session.modality == "laser_therapy" and it.session.ordinal == 1
    )
    out = at_work(cast.rosa).get(
        page(plan), {"out": [str(it.session_id) for it in visits if it.service_code == "laser_therapy"]}
    )
    assert reverse("appointments:cancel", args=[laser.pk]) in out.content.decode()


def test_nothing_is_done_when_a_visit_that_was_to_stay_was_moved_meanwhile(
    cast: Cast, plan: Plan, visits: list[Appointment]
) -> None:
    away(visits[0].clinician, visits[0])
    desk: Any = at_work(cast.rosa)
    form = hidden(desk.get(page(plan)))
    booking.cancel(visits[-1], reason="", by=cast.rosa, now=NOW)
    before = where(plan)

    answer = desk.post(page(plan), form)

    assert answer.status_code == 409
    assert "Nothing was booked" in said(answer)
    assert where(plan) == before


def test_somebody_was_quicker_while_a_plan_was_mended(cast: Cast, plan: Plan, visits: list[Appointment]) -> None:
    away(visits[0].clinician, visits[0])
    desk: Any = at_work(cast.rosa)
    form = hidden(desk.get(page(plan)))
    found = task(plan, Asked(), now=NOW)
    taken = series.changes(found, mended(found))[0]
    cast.book(
        taken.starts_at,
        patient=a_patient(),
        resources=list(Resource.objects.filter(pk__in=[taken.visit.clinician_id, cast.room.pk])),
    )
    before = where(plan)

    again = desk.post(page(plan), form)

    assert again.status_code == 409
    assert where(plan) == before
    desk.post(page(plan), hidden(again))
    assert series.changes(task(plan, Asked(), now=NOW), mended(task(plan, Asked(), now=NOW))) == []


def test_a_mended_plan_sent_twice_is_mended_once_and_undone_as_a_whole(
    cast: Cast, plan: Plan, visits: list[Appointment]
) -> None:
    booking.cancel(visits[2], reason="", by=cast.rosa, now=NOW)
    away(visits[0].clinician, visits[0])
    before, desk = where(plan), at_work(cast.rosa)
    later = NOW + timedelta(minutes=1)
    with time_machine.travel(later, tick=False):
        form = hidden(desk.get(page(plan)))
        done: Any = desk.post(page(plan), form, follow=True)
        twice: Any = desk.post(page(plan), form, follow=True)
        count = VisitChange.objects.filter(at=later).count()

        assert count >= 2
        assert f"Undo all {count} changes" in said(done)
        assert f"Undo all {count} changes" in said(twice)
        assert where(plan) != before
        (at,) = re.findall(r'name="at" value="([^"]+)"', done.content.decode())
        undone: Any = desk.post(reverse("appointments:plan_undo", args=[plan.pk]), {"at": at}, follow=True)

    assert f"All {count} changes are taken back" in said(undone)
    assert where(plan) == before


def test_a_whole_booking_is_undone_until_its_minutes_are_over(cast: Cast, plan: Plan) -> None:
    booked = booked_whole(plan, by=cast.rosa)
    too_late = NOW + timedelta(hours=2)

    with pytest.raises(TooLateToUndo):
        series.undo_all(plan, NOW, by=cast.rosa, now=too_late)
    assert len(where(plan)) == len(booked)

    series.undo_all(plan, NOW, by=cast.rosa, now=NOW + timedelta(seconds=30))
    assert where(plan) == {}


def test_only_who_books_may_undo_a_plan_and_only_what_they_did(cast: Cast, plan: Plan) -> None:
    booked_whole(plan, by=cast.rosa)
    path = reverse("appointments:plan_undo", args=[plan.pk])

    assert at_work(a_user(Role.PATIENT)).post(path, {"at": NOW.isoformat()}).status_code == 404
    assert at_work(cast.rosa).get(path).status_code == 405
    other: Any = at_work(a_user(Role.FRONT_DESK)).post(path, {"at": NOW.isoformat()}, follow=True)

    assert where(plan)
    assert "taken back" not in said(other)


def test_visits_of_another_plan_are_never_moved_by_a_form_of_this_one(
    cast: Cast, plan: Plan, visits: list[Appointment]
) -> None:
    other = a_plan(a_patient())
    found = task(other, Asked(), now=NOW)
    placed = mended(found).placed[:1]
    stands = {placed[0].session_id: series.Stands(visits[0].pk, visits[0].revision)}

    with pytest.raises(SlotTaken):
        series.commit(other, placed, sessions=found.sessions, stands=stands, key=uuid4(), by=cast.rosa, now=NOW)

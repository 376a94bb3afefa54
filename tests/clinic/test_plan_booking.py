"""A whole plan booked in one action: proposed with reasons, booked all or nothing, mended when somebody was quicker."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
import time_machine
from booking_cast import Cast
from django.db import connection
from django.test.utils import CaptureQueriesContext
from factories import NOW, a_patient, a_user
from office_cast import as_user, said
from series_cast import a_cast_for_plans, a_plan, hidden, page

from clinic.appointments.actions import booking, series
from clinic.appointments.actions.series_problem import Asked, task
from clinic.appointments.models import Appointment, Shift
from clinic.appointments.rules.series.answer import Conflict, Impossible, Limit, Proposal
from clinic.appointments.web import series_words
from patients.actions import facts
from people.models import AuditEvent
from people.rules.permissions import Role
from programs.models import Plan, PlannedSession
from programs.rules.rulebook import rulebook


@pytest.fixture(autouse=True)
def _a_monday(db: None) -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast() -> Cast:
    return a_cast_for_plans()


@pytest.fixture
def plan(cast: Cast) -> Plan:
    return a_plan(cast.leila)


def sessions_of(plan: Plan) -> int:
    return plan.sessions.standing().filter(is_optional=False).count()


def test_the_whole_plan_is_booked_with_one_button(cast: Cast, plan: Plan) -> None:
    desk: Any = as_user(cast.rosa)
    answer = desk.get(page(plan))
    count = sessions_of(plan)
    assert f"Book all {count} visits" in said(answer)
    assert "the day the plan asks for" in said(answer).lower()
    assert not Appointment.objects.exists()

    desk.post(page(plan), hidden(answer))

    visits = Appointment.objects.filter(patient=cast.leila)
    assert visits.count() == count
    assert set(visits.values_list("session", flat=True)) == set(
        plan.sessions.filter(is_optional=False).values_list("pk", flat=True)
    )
    assert AuditEvent.objects.filter(deed="appointment.booked").count() == count
    assert "There is nothing to book" in said(desk.get(page(plan)))


def test_every_visit_lies_inside_its_days_and_keeps_its_distance(cast: Cast, plan: Plan) -> None:
    found = task(plan, Asked(), now=NOW)
    best = series.propose(found)
    assert isinstance(best, Proposal)

    days: dict[str, list[date]] = {}
    for it in best.placed:
        session = found.sessions[it.session_id]
        assert session.due_from <= it.visit.day <= session.due_until
        days.setdefault(session.modality, []).append(it.visit.day)
    for session in found.sessions.values():
        if session.gap_days_min and session.ordinal > 1:
            before = next(
                s for s in found.sessions.values() if (s.modality, s.ordinal) == (session.modality, session.ordinal - 1)
            )
            apart = best.of(session.pk).visit.day - best.of(before.pk).visit.day
            assert apart.days >= session.gap_days_min


def test_a_form_sent_twice_is_one_booking(cast: Cast, plan: Plan) -> None:
    desk: Any = as_user(cast.rosa)
    form = hidden(desk.get(page(plan)))

    desk.post(page(plan), form)
    desk.post(page(plan), form)

    assert Appointment.objects.count() == sessions_of(plan)


def test_when_somebody_was_quicker_nothing_is_booked_and_only_that_visit_changes(cast: Cast, plan: Plan) -> None:
    desk: Any = as_user(cast.rosa)
    answer = desk.get(page(plan))
    shown = series.propose(task(plan, Asked(), now=NOW))
    assert isinstance(shown, Proposal)
    lost = shown.placed[0]
    booking.book(
        patient=a_patient(),
        service=rulebook().services["review"],
        site=cast.site,
        starts_at=lost.starts_at,
        resources=[cast.sara, cast.room],
        by=cast.rosa,
        now=NOW,
    )

    again = desk.post(page(plan), hidden(answer))

    assert again.status_code == 409
    assert "Somebody was quicker. Nothing was booked yet" in said(again)
    assert Appointment.objects.filter(patient=cast.leila).count() == 0
    changed = again.content.decode().count('class="changed"')
    assert 1 <= changed <= 2

    desk.post(page(plan), hidden(again))
    assert Appointment.objects.filter(patient=cast.leila).count() == sessions_of(plan)


def test_what_is_kept_left_out_and_wished_for_is_done(cast: Cast, plan: Plan) -> None:
    desk: Any = as_user(cast.rosa)
    found = task(plan, Asked(), now=NOW)
    first, last = min(found.sessions.values(), key=lambda it: it.due_on), list(found.sessions.values())[-1]
    typed = datetime.combine(first.due_from + timedelta(days=1), time(14, 30)).isoformat(timespec="minutes")

    answer = desk.get(page(plan), {f"at.{first.pk}": typed, "out": str(last.pk), "day": ["0", "1", "2", "3", "4"]})
    desk.post(page(plan), hidden(answer))

    visit = Appointment.objects.get(session=first)
    assert visit.local_start.isoformat(timespec="minutes").startswith(typed)
    assert not Appointment.objects.filter(session=last).exists()
    assert all(it.local_start.weekday() < 5 for it in Appointment.objects.select_related("site"))


def test_what_cannot_be_says_why_and_what_would_do(cast: Cast, plan: Plan) -> None:
    Shift.objects.filter(resource=cast.sara).exclude(weekday=2).delete()  # she works on Wednesdays only
    desk: Any = as_user(cast.rosa)

    answer = desk.get(page(plan))

    count = sessions_of(plan)
    assert f"{count} sessions cannot all be booked like this" in said(answer)
    (least, *_others) = re.findall(r'href="(\?[^"]*allow=[^"]*)"', answer.content.decode())
    eased = desk.get(page(plan), parse_qs(urlsplit(least.replace("&amp;", "&")).query))
    assert "Allowed for this booking:" in said(eased)
    assert "Book all" in said(eased)

    allowed = re.findall(r'class="chip" href="([^"]*)"', eased.content.decode())
    again = desk.get(page(plan), parse_qs(urlsplit(allowed[0].replace("&amp;", "&")).query))
    assert len(re.findall(r'class="chip" href="([^"]*)"', again.content.decode())) == len(allowed) - 1


def test_what_stands_in_the_way_is_said_once_for_many_sessions_and_what_was_wished_for_first() -> None:
    sessions = [UUID(int=n) for n in range(5)]
    found = Impossible(
        (
            *(Conflict(Limit.FREE_TIME, it) for it in sessions),
            Conflict(Limit.WINDOW, sessions[0]),
            Conflict(Limit.HOURS),
        ),
        (),
    )

    assert series_words.in_the_way(found, lambda it: f"Laser {it.int + 1}") == [
        "the hours at which the patient can come",
        "too little is free for Laser 1, Laser 2, Laser 3 and 2 more",
        "the days the plan allows for Laser 1",
    ]


def test_a_treatment_that_a_clinician_must_check_is_never_proposed_and_the_desk_reads_no_reason(
    cast: Cast, plan: Plan
) -> None:
    facts.state(cast.leila, {"cancer_at_treatment_site": True}, by=plan.started_by, now=NOW)
    desk: Any = as_user(cast.rosa)

    words = said(desk.get(page(plan)))

    assert "A clinician must check before Laser 1" in words
    assert "Leave out Laser 1" in words
    assert "cancer" not in words.lower()
    assert plan.name not in words


def test_only_who_books_may_and_only_plans_that_run(cast: Cast, plan: Plan) -> None:
    assert as_user(a_user(Role.PATIENT)).get(page(plan)).status_code == 404
    Plan.objects.update(status=Plan.Status.PAUSED)
    assert as_user(cast.rosa).get(page(plan)).status_code == 404


def test_a_proposal_that_was_tampered_with_books_nothing(cast: Cast, plan: Plan) -> None:
    desk: Any = as_user(cast.rosa)
    form = hidden(desk.get(page(plan)))

    answer = desk.post(page(plan), form | {"proposal": form["proposal"][:-3] + "abc"}, follow=True)

    assert "This page was too old" in said(answer)
    assert not Appointment.objects.exists()


def test_a_long_plan_costs_as_many_queries_as_a_short_one(cast: Cast, plan: Plan) -> None:
    with CaptureQueriesContext(connection) as all_of_it:
        task(plan, Asked(), now=NOW)
    few = frozenset(PlannedSession.objects.values_list("pk", flat=True)[2:])
    with CaptureQueriesContext(connection) as some_of_it:
        task(plan, Asked(left_out=few), now=NOW)

    assert len(all_of_it) == len(some_of_it) <= 15


def test_what_was_missed_is_due_again(cast: Cast, plan: Plan) -> None:
    later = NOW + timedelta(days=8)
    with time_machine.travel(later, tick=False):
        found = task(plan, Asked(), now=later)

        assert len(found.sessions) == sessions_of(plan)
        first = min(it.due_from for it in found.problem.sessions)
        assert first >= later.astimezone(UTC).date()
        assert isinstance(series.propose(found), Proposal | Impossible)

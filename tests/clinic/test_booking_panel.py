"""The booking panel, from a caller to a booked visit: what is offered, what is refused, and what is written down."""

from datetime import date
from typing import Any

import pytest
import time_machine
from booking_cast import Cast, a_session, at, service
from django.test import Client
from django.urls import reverse
from factories import NOW, a_clinician, a_patient, a_room, a_user
from office_cast import text
from panel_cast import fields, link, panel, said

from clinic.appointments.models import Appointment
from patients.models import RedFlag
from people.models import AuditEvent
from people.rules.permissions import Role
from programs.actions import offering

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_morning")]

PANEL_QUERIES = 24
POST_QUERIES = 11  # four of them for the guard at the door; beside the two of a transaction


def test_a_first_visit_is_booked_by_pressing_enter(desk: Client, cast: Cast) -> None:
    answer = panel(desk, cast)
    assert "First assessment" in text(answer)
    assert "“Today, Monday the 14th of September at nine o'clock, with Sara. It takes 45 minutes.”" in said(answer)

    done = desk.post(reverse("appointments:book"), fields(answer), follow=True)

    visit = Appointment.objects.get()
    assert (visit.patient, visit.service_code, visit.starts_at) == (cast.leila, "first_assessment", at(9))
    assert done.redirect_chain == [(f"/desk/day/2026-09-14/?site={cast.site.pk}", 302)]
    assert "Leila Rahimi, Monday 14 September, 09:00, with Sara Haddad" in text(done)


def test_the_form_sent_twice_books_once(desk: Client, cast: Cast) -> None:
    sent = fields(panel(desk, cast))

    for _ in range(2):
        assert desk.post(reverse("appointments:book"), sent).status_code == 302

    assert Appointment.objects.count() == 1


def test_the_session_that_is_due_next_is_chosen_already(desk: Client, cast: Cast) -> None:
    a_room("Gym", "room_gym")
    session = a_session(cast.leila)

    answer = panel(desk, cast)
    assert "Due next on the plan" in text(answer)
    assert "Exercise session, visit 3 of 6" in text(answer)
    desk.post(reverse("appointments:book"), fields(answer))

    assert Appointment.objects.get().session == session
    assert "visit 3 of 6" not in text(panel(desk, cast))


def test_a_session_that_is_due_later_is_offered_from_its_own_first_day_on(desk: Client, cast: Cast) -> None:
    a_room("Gym", "room_gym")
    a_session(cast.leila, due_from=date(2026, 9, 22), due_on=date(2026, 9, 23), due_until=date(2026, 9, 25))

    assert "Tue 22 Sep, 09:00" in text(panel(desk, cast))


def test_a_form_without_a_time_or_with_nonsense_is_told_so(desk: Client, cast: Cast) -> None:
    sent = fields(panel(desk, cast))
    for offer in ("", "nonsense", sent["offer"] + "~" + str(cast.leila.pk.hex)):
        answer = desk.post(reverse("appointments:book"), sent | {"offer": offer})
        assert "Choose a time first." in text(answer)

    assert not Appointment.objects.exists()


def test_a_made_up_time_is_checked_like_any_other(desk: Client, cast: Cast) -> None:
    sent = fields(panel(desk, cast))
    night = sent["offer"].replace("20260914T1300", "20260915T0200")

    assert "The clinic does not offer that time" in text(
        desk.post(reverse("appointments:book"), sent | {"offer": night})
    )
    assert not Appointment.objects.exists()


def test_another_patients_session_is_never_attached(desk: Client, cast: Cast) -> None:
    session = a_session(cast.leila)
    omar = a_patient()

    answer = desk.get(reverse("appointments:book"), {"patient": omar.pk, "session": session.pk})

    assert "visit 3 of 6" not in text(answer)


@pytest.mark.parametrize("closed_by", [{"archived_at": NOW}, {"died_on": date(2026, 9, 1)}])
def test_for_the_dead_and_the_archived_no_times_are_shown(desk: Client, closed_by: dict[str, Any]) -> None:
    answer = desk.get(reverse("appointments:book"), {"patient": a_patient(**closed_by).pk})

    assert "nothing can be booked for this patient" in text(answer)
    assert 'name="offer"' not in answer.content.decode()


def test_an_open_warning_sign_is_a_mark_without_a_reason_and_stops_a_treatment(desk: Client, cast: Cast) -> None:
    a_room("Gym", "room_gym")
    sent = fields(panel(desk, cast, service="exercise_program"))
    RedFlag.objects.create(patient=cast.leila, code="rf_fever", urgency="gone_from_the_rulebook", raised_at=NOW)

    answer = panel(desk, cast, service="exercise_program")
    refused = desk.post(reverse("appointments:book"), sent)

    for page in (answer, refused):
        assert "Clinician check needed before this visit can be booked." in text(page)
        assert "fever" not in text(page).lower()
        assert 'name="offer"' not in page.content.decode()
    assert refused.status_code == 409


def test_an_assessment_stays_bookable_while_treatments_are_held(desk: Client, cast: Cast) -> None:
    RedFlag.objects.create(patient=cast.leila, code="rf_fever", urgency="gone_from_the_rulebook", raised_at=NOW)
    held = panel(desk, cast, service="exercise_program")

    instead = desk.get(reverse("appointments:book") + link(held, "Book Review visit instead"))

    assert "Clinician check needed" in text(instead)
    assert desk.post(reverse("appointments:book"), fields(instead)).status_code == 302


def test_every_opening_of_the_panel_is_written_down(desk: Client, cast: Cast) -> None:
    panel(desk, cast)

    line = AuditEvent.objects.get(deed="patient.opened")
    assert (line.by, line.patient_id, line.detail) == (cast.rosa, cast.leila.pk, {"page": "appointments:book"})


def test_a_booking_panel_costs_the_same_for_one_clinician_and_for_twenty_and_for_fifty_visits(
    desk: Client, cast: Cast, django_assert_num_queries: Any
) -> None:
    cast.book(at(9))
    panel(desk, cast)
    with django_assert_num_queries(PANEL_QUERIES):
        panel(desk, cast)
    for n in range(20):
        a_clinician(f"Clinician {n}")
        a_room(f"Room {n + 2}")
    for day in (15, 16, 17, 18, 21, 22, 23, 24):
        for hour in (9, 10, 11, 13, 14, 15, 16):
            cast.book(at(hour, day=day))

    with django_assert_num_queries(PANEL_QUERIES):
        panel(desk, cast)


def test_the_plan_says_when_it_is_best_and_in_which_week(desk: Client, cast: Cast) -> None:
    a_room("Gym", "room_gym")
    a_session(cast.leila, due_from=date(2026, 9, 29), due_on=date(2026, 9, 30), due_until=date(2026, 10, 2))

    assert "best from 29 Sep to 2 Oct · week 3 of 12" in text(panel(desk, cast))


def test_one_of_the_last_visits_is_had_again_with_one_click(desk: Client, cast: Cast) -> None:
    mei = a_clinician("Mei Tanaka")
    cast.book(at(9), service=service("first_assessment"), resources=(mei, cast.room))
    with time_machine.travel(at(9, day=15), tick=False):
        # Signed in yesterday morning, and still within the day that a session lasts.
        desk.force_login(cast.rosa, backend="people.web.backends.RightsBackend")

        again = desk.get(reverse("appointments:book") + link(panel(desk, cast), "First assessment with Mei again"))

    assert "Mei Tanaka" in text(again)
    assert fields(again)["service"] == "first_assessment"


def test_a_service_that_the_clinic_has_made_longer_is_offered_and_booked_so(desk: Client, cast: Cast) -> None:
    offering.change("review", by=a_user(Role.OWNER), now=NOW, minutes=60)

    answer = panel(desk, cast, service="review")
    desk.post(reverse("appointments:book"), fields(answer))

    assert "It takes 60 minutes." in text(answer)
    assert Appointment.objects.get().minutes == 60


def test_booking_over_http_reads_nothing_that_it_does_not_need(
    desk: Client, cast: Cast, django_assert_num_queries: Any
) -> None:
    cast.book(at(16))  # her own row in the book is there, as after a first visit
    sent = fields(panel(desk, cast, service="review"))

    with django_assert_num_queries(POST_QUERIES + 2):
        assert desk.post(reverse("appointments:book"), sent).status_code == 302

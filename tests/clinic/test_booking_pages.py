"""Booking, moving and cancelling at the desk's screen."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from booking_cast import Cast, a_cast, at, service
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import Client
from django.urls import reverse
from factories import NOW, a_clinician, a_patient, a_room, a_user

from clinic.appointments.actions import attendance, booking
from clinic.appointments.actions.availability import free_times
from clinic.appointments.models import Absence, Appointment
from patients.models import RedFlag
from people.models import AuditEvent
from people.rules.permissions import Role
from programs.models import Phase, Plan, PlannedSession

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _monday_morning() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast() -> Cast:
    return a_cast()


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    client.force_login(cast.rosa, backend="people.web.backends.RightsBackend")
    return client


def text(answer: Any) -> str:
    """What somebody reads on the page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def panel(desk: Client, cast: Cast, **query: Any) -> Any:
    return desk.get(reverse("appointments:book"), {"patient": cast.leila.pk, **query})


def fields(answer: Any) -> dict[str, str]:
    """What the browser would send: hidden fields, and the time that is chosen already."""
    html = answer.content.decode().partition('id="bookform"')[2]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))
    chosen = re.search(r'name="offer" value="([^"]+)" checked', html)
    return hidden | ({"offer": chosen.group(1)} if chosen else {})


def a_session(cast: Cast, **dates: date) -> PlannedSession:
    day = date(2026, 9, 14)
    plan = Plan.objects.create(
        patient=cast.leila, template_code="x", rulebook_version="1", name="Neck program", starts_on=day,
        ends_on=day + timedelta(weeks=12), started_by=a_user(Role.CLINICIAN), started_at=NOW,
    )  # fmt: skip
    phase = Phase.objects.create(plan=plan, ordinal=1, code="p", name="First", starts_on=day, ends_on=plan.ends_on)
    when = {"due_from": day, "due_on": day, "due_until": day + timedelta(days=3)} | dates
    return PlannedSession.objects.create(
        plan=plan, phase=phase, modality="exercise_program", ordinal=3, course_length=6, **when
    )


def test_a_caller_is_found_and_chosen_before_anything_else(desk: Client, cast: Cast) -> None:
    answer = desk.get(reverse("appointments:book"), {"q": "rahi", "service": "review"})

    assert "Rahimi, Leila" in text(answer)
    assert f"?patient={cast.leila.pk}&amp;service=review" in answer.content.decode()


def test_a_caller_whom_nobody_knows_can_be_added(desk: Client) -> None:
    answer = desk.get(reverse("appointments:book"), {"q": "zzzzqq"})

    assert "No one matches “zzzzqq”" in text(answer)
    assert f"{reverse('patients:register')}?q=zzzzqq" in answer.content.decode()


def test_a_first_visit_is_booked_by_pressing_enter(desk: Client, cast: Cast) -> None:
    answer = panel(desk, cast)
    assert "First assessment" in text(answer)
    assert "“Monday, September 14th at 9:00 AM, with Sara Haddad, at Northgate Main. It takes 45 minutes.”" in text(
        answer
    )

    done = desk.post(reverse("appointments:book"), fields(answer), follow=True)

    visit = Appointment.objects.get()
    assert (visit.patient, visit.service_code, visit.starts_at) == (cast.leila, "first_assessment", at(9))
    assert done.redirect_chain == [(f"/desk/day/2026-09-14/?site={cast.site.pk}", 302)]
    assert "Booked: Leila Rahimi, Monday 14 September, 09:00, with Sara Haddad. Open the visit" in text(done)
    assert visit.get_absolute_url() in done.content.decode()


def test_the_form_sent_twice_books_once(desk: Client, cast: Cast) -> None:
    sent = fields(panel(desk, cast))

    for _ in range(2):
        assert desk.post(reverse("appointments:book"), sent).status_code == 302

    assert Appointment.objects.count() == 1


def test_the_session_that_is_due_next_is_chosen_already(desk: Client, cast: Cast) -> None:
    a_room("Gym", "room_gym")
    session = a_session(cast)

    answer = panel(desk, cast)
    assert "Due next on the plan" in text(answer)
    assert "Exercise session, visit 3 of 6" in text(answer)
    desk.post(reverse("appointments:book"), fields(answer))

    assert Appointment.objects.get().session == session
    assert "visit 3 of 6" not in text(panel(desk, cast))


def test_a_session_that_is_due_later_is_offered_from_its_own_first_day_on(desk: Client, cast: Cast) -> None:
    a_room("Gym", "room_gym")
    a_session(cast, due_from=date(2026, 9, 22), due_on=date(2026, 9, 23), due_until=date(2026, 9, 25))

    assert "Tuesday 22 September, 09:00" in text(panel(desk, cast))


def test_a_time_that_somebody_else_took_is_told_with_the_next_best_ones_and_nothing_is_lost(
    desk: Client, cast: Cast
) -> None:
    sent = fields(panel(desk, cast, service="review", clinician=str(cast.sara.pk)))
    cast.book(at(9), patient=a_patient())

    answer = desk.post(reverse("appointments:book"), sent)

    assert answer.status_code == 409
    assert (
        "That time was booked by somebody else a moment ago. Nothing was saved. Your choices are still here."
        in text(answer)
    )
    again = fields(answer)
    assert (again["service"], again["clinician"], again["request_key"]) == (
        "review", str(cast.sara.pk), sent["request_key"],
    )  # fmt: skip
    assert again["offer"] != sent["offer"]
    assert desk.post(reverse("appointments:book"), again).status_code == 302


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
    session = a_session(cast)
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
    RedFlag.objects.create(patient=cast.leila, code="rf_fever", urgency="gone_from_the_rulebook", raised_at=NOW)

    answer = panel(desk, cast, service="exercise_program")
    refused = desk.post(reverse("appointments:book"), fields(answer))

    for page in (answer, refused):
        assert "Clinician check needed" in text(page)
        assert "fever" not in text(page).lower()
    assert "Clinician check needed before this visit can be booked." in text(refused)


def test_every_opening_of_the_panel_is_written_down(desk: Client, cast: Cast) -> None:
    panel(desk, cast)

    line = AuditEvent.objects.get(deed="patient.opened")
    assert (line.by, line.patient_id, line.detail) == (cast.rosa, cast.leila.pk, {"page": "appointments:book"})


def test_a_booking_panel_costs_the_same_for_one_clinician_and_for_twenty(
    desk: Client, cast: Cast, django_assert_num_queries: Any
) -> None:
    panel(desk, cast)
    with django_assert_num_queries(17):
        panel(desk, cast)
    for n in range(20):
        a_clinician(f"Clinician {n}")
        a_room(f"Room {n + 2}")

    with django_assert_num_queries(17):
        panel(desk, cast)


# --- one visit


def test_the_card_says_who_when_where_and_what_was_done(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))
    attendance.confirm(visit, by=None, now=NOW)

    seen = text(desk.get(visit.get_absolute_url()))

    for words in (
        "Review visit, Monday 14 September, 10:00", "RAHIMI, Leila", "Sara Haddad", "Northgate Main, Room 1",
        "Confirmed", "Confirmed by the patient, through the link in a message", "Booked", "Rosa Bell",
    ):  # fmt: skip
        assert words in seen


def test_one_tap_checks_somebody_in_and_comes_back_to_where_it_was_tapped(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))
    back = "/desk/list/2026-09-14/"
    sent = {"was": "booked", "status": "arrived", "next": back}

    answer = desk.post(reverse("appointments:status", args=[visit.pk]), sent)

    visit.refresh_from_db()
    assert (visit.status, answer.url) == ("arrived", back)


def test_a_tap_never_leads_to_another_server(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))
    sent = {"was": "booked", "status": "arrived", "next": "https://evil.example/"}

    assert desk.post(reverse("appointments:status", args=[visit.pk]), sent).url == visit.get_absolute_url()


def test_a_tap_that_came_too_late_shows_the_visit_as_it_is(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))
    booking.cancel(visit, reason="ill", by=cast.rosa, now=NOW)

    answer = desk.post(reverse("appointments:status", args=[visit.pk]), {"was": "booked", "status": "arrived"})

    assert answer.status_code == 409
    assert "Somebody else changed this visit first." in text(answer)


@pytest.mark.parametrize("sent", [{}, {"was": "booked", "status": "flying"}, {"was": "x", "status": "arrived"}])
def test_a_status_that_does_not_exist_is_not_found(desk: Client, cast: Cast, sent: dict[str, str]) -> None:
    assert desk.post(reverse("appointments:status", args=[cast.book(at(10)).pk]), sent).status_code == 404


def test_a_status_changes_by_post_only(desk: Client, cast: Cast) -> None:
    assert desk.get(reverse("appointments:status", args=[cast.book(at(10)).pk])).status_code == 405


def moved_to(desk: Client, visit: Appointment, cast: Cast, clock: datetime, **changes: Any) -> Any:
    offers = free_times(service(), patient=cast.leila, first=date(2026, 9, 14), days=1, now=NOW, moving=visit)
    offer = next(offer for offer in offers if offer.starts_at == clock)
    sent = {"offer": offer.code, "revision": visit.revision} | changes
    return desk.post(reverse("appointments:move", args=[visit.pk]), sent, follow=True)


def test_a_visit_is_moved_to_one_of_the_times_offered(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))
    assert "Now: Review visit, Monday 14 September, 10:00, with Sara Haddad" in text(
        desk.get(reverse("appointments:move", args=[visit.pk]))
    )

    answer = moved_to(desk, visit, cast, at(10, 15))  # it may overlap with itself

    visit.refresh_from_db()
    assert visit.starts_at == at(10, 15)
    assert "Moved: Leila Rahimi, Monday 14 September, 10:15, with Sara Haddad." in text(answer)


def test_who_moves_what_somebody_else_moved_first_sees_both(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))

    answer = moved_to(desk, visit, cast, at(14), revision=7)

    assert answer.status_code == 409
    assert "Somebody else changed this visit first." in text(answer)


def test_a_visit_that_is_over_is_not_moved(desk: Client, cast: Cast) -> None:
    visit = booking.cancel(cast.book(at(10)), reason="", by=cast.rosa, now=NOW)

    assert "it cannot be moved" in text(desk.get(reverse("appointments:move", args=[visit.pk])))


def test_a_visit_is_cancelled_with_a_reason(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))
    sent = {"why": "patient", "note": "has a train to catch", "revision": 0}

    answer = desk.post(reverse("appointments:cancel", args=[visit.pk]), sent, follow=True)

    visit.refresh_from_db()
    assert (visit.status, visit.cancel_reason) == ("cancelled", "The patient cannot come: has a train to catch")
    assert "Cancelled: Leila Rahimi, Monday 14 September, 10:00, with Sara Haddad. The time is free again." in text(
        answer
    )


def test_a_cancellation_of_what_was_moved_meanwhile_keeps_what_was_typed(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))
    booking.move(visit, starts_at=at(14), resources=cast.pieces, revision=0, by=cast.rosa, now=NOW)

    answer = desk.post(
        reverse("appointments:cancel", args=[visit.pk]), {"why": "other", "note": "moved abroad", "revision": 0}
    )

    assert "Somebody else changed this visit first." in text(answer)
    assert "moved abroad" in answer.content.decode()


def test_the_visits_of_a_patient_are_a_page_and_a_part_of_hers(
    desk: Client, cast: Cast, django_assert_num_queries: Any
) -> None:
    a_session(cast)
    url = reverse("appointments:patient_visits", args=[cast.leila.pk])
    cast.book(at(10))

    page, part = text(desk.get(url)), text(desk.get(url, headers={"HX-Request": "true"}))
    assert "Mon 14 Sep 2026, 10:00" in page
    assert "Exercise session 3 best from 14 Sep to 17 Sep Book" in part
    assert "Sign out" not in part
    with django_assert_num_queries(10):
        desk.get(url)
    for day in range(15, 19):
        for hour in (9, 10, 11, 14, 15):
            cast.book(at(hour, day=day))
    with django_assert_num_queries(10):
        desk.get(url)


@pytest.mark.parametrize("name", ["visit", "move", "cancel"])
def test_a_patient_has_no_business_at_the_desk(client: Client, cast: Cast, name: str) -> None:
    visit = cast.book(at(10))
    client.force_login(a_user(Role.PATIENT), backend="people.web.backends.RightsBackend")

    assert client.get(reverse(f"appointments:{name}", args=[visit.pk])).status_code == 404
    assert client.get(reverse("appointments:book")).status_code == 404


def test_leave_that_was_added_while_the_panel_was_open_is_respected(desk: Client, cast: Cast) -> None:
    sent = fields(panel(desk, cast))
    Absence.objects.create(resource=cast.sara, during=DateTimeTZRange(at(0), at(0, day=15)))

    assert "somebody is away" in text(desk.post(reverse("appointments:book"), sent))
    assert Appointment.objects.count() == 0
    assert datetime.now(UTC) == NOW

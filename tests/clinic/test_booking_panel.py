"""The booking panel: who, what, when, what was checked and what to say."""

import html
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from booking_cast import Cast, a_cast, at, service
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import Client
from django.urls import reverse
from factories import NOW, a_clinician, a_patient, a_room, a_user

from clinic.appointments.models import Absence, Appointment, GroupSession, Reservation, Shift, VisitPreference
from patients.models import Patient, RedFlag
from people.models import AuditEvent
from people.rules.permissions import Role
from programs.actions import offering
from programs.models import Phase, Plan, PlannedSession

PANEL_QUERIES = 24
POST_QUERIES = 11  # four of them for the guard at the door; beside the two of a transaction

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


def said(answer: Any) -> str:
    return html.unescape(text(answer))


def link(answer: Any, words: str) -> str:
    """Where a link leads, by the words on it."""
    for address, inside in re.findall(r'<a [^>]*href="([^"]+)"[^>]*>(.*?)</a>', answer.content.decode(), re.DOTALL):
        if re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", inside)).strip() == words:
            return html.unescape(address)
    raise AssertionError(f"no link {words!r}: {text(answer)}")


def options(answer: Any) -> list[str]:
    """A, B and C as they are read."""
    return [
        re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", label)).strip()
        for label in re.findall(r'<label class="opt">(.*?)</label>', answer.content.decode(), re.DOTALL)
    ]


def chosen(answer: Any, form: str = "bookform") -> str:
    """The time that Enter would book."""
    inside = answer.content.decode().partition(f'id="{form}"')[2]
    found = re.search(r" checked.*?class=\"t\">([^<]+)<", inside, re.DOTALL)
    return found[1] if found else ""


def panel(desk: Client, cast: Cast, **query: Any) -> Any:
    return desk.get(reverse("appointments:book"), {"patient": cast.leila.pk, **query})


def fields(answer: Any) -> dict[str, str]:
    """What the browser would send: hidden fields, and the time that is chosen already."""
    form = answer.content.decode().partition('id="bookform"')[2].partition("</form>")[0]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    chosen = re.search(r'name="offer" value="([^"]+)" checked', form)
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
    assert f"{reverse('appointments:book_new')}?q=zzzzqq" in answer.content.decode()


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

    assert "Tue 22 Sep, 09:00" in text(panel(desk, cast))


def test_a_time_that_somebody_else_took_is_told_with_the_next_best_ones_and_nothing_is_lost(
    desk: Client, cast: Cast
) -> None:
    sent = fields(panel(desk, cast, service="review", clinician=str(cast.sara.pk)))
    cast.book(at(9), patient=a_patient())

    answer = desk.post(reverse("appointments:book"), sent)

    assert answer.status_code == 409
    assert "09:00 was booked by Rosa a moment ago. Nothing was saved. Your choices are still here." in text(answer)
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


def test_leave_that_was_added_while_the_panel_was_open_is_respected(desk: Client, cast: Cast) -> None:
    sent = fields(panel(desk, cast))
    Absence.objects.create(resource=cast.sara, during=DateTimeTZRange(at(0), at(0, day=15)))

    assert "somebody is away" in text(desk.post(reverse("appointments:book"), sent))
    assert Appointment.objects.count() == 0
    assert datetime.now(UTC) == NOW


# --- who


def test_enter_takes_the_only_match_and_asks_when_there_are_several(desk: Client, cast: Cast) -> None:
    url = reverse("appointments:book")

    one = desk.get(url, {"q": "rahi 78", "first": "1", "day": "2026-09-15"})
    assert (one.status_code, one.url) == (302, f"{url}?patient={cast.leila.pk}&day=2026-09-15")

    a_patient(family_name="Rahimian", birth_date=date(1978, 5, 5))
    several = desk.get(url, {"q": "rahi 78", "first": "1"})
    assert several.status_code == 200
    assert "Choose the patient" in text(several)


def test_enter_on_somebody_nobody_knows_opens_the_form_for_a_new_patient(desk: Client) -> None:
    answer = desk.get(reverse("appointments:book"), {"q": "zzzzqq", "first": "1", "day": "2026-09-15"})

    assert answer.url == f"{reverse('appointments:book_new')}?q=zzzzqq&day=2026-09-15"


def test_matches_come_while_somebody_is_typing(desk: Client, cast: Cast) -> None:
    answer = desk.get(reverse("appointments:book"), {"q": "rahi", "first": "1"}, headers={"HX-Request": "true"})

    assert text(answer).strip().startswith("Choose the patient. Enter takes the first. 1 Rahimi, Leila")
    assert "Sign out" not in text(answer)


def test_the_panel_asks_for_the_birth_date_and_shows_enough_to_check_it(desk: Client, cast: Cast) -> None:
    seen = text(panel(desk, cast))

    assert "Ask for their date of birth RAHIMI, Leila Born 04-Mar-1978 (48y)" in seen
    assert str(cast.leila.mobile) not in seen  # the ending is enough to check, and others can see the screen


def test_visits_that_are_booked_already_are_shown_with_a_way_to_move_them(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10, day=16))

    answer = panel(desk, cast)

    assert link(answer, "Move Wed 16 Sep, 10:00") == reverse("appointments:move", args=[visit.pk])


# --- what


def test_the_plan_says_when_it_is_best_and_in_which_week(desk: Client, cast: Cast) -> None:
    a_room("Gym", "room_gym")
    a_session(cast, due_from=date(2026, 9, 29), due_on=date(2026, 9, 30), due_until=date(2026, 10, 2))

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


# --- when


def test_what_the_caller_says_becomes_the_times_that_are_offered(desk: Client, cast: Cast) -> None:
    for said, first in [
        ("thu after 4", "Thu 17 Sep, 16:00"),
        ("tomorrow", "Tue 15 Sep, 09:00"),
        ("21 sep", "Mon 21 Sep, 09:00"),
    ]:
        assert chosen(panel(desk, cast, service="review", say=said)) == first

    unread = panel(desk, cast, service="review", say="thu at half moon")
    assert "“half moon” was not understood" in text(unread)
    assert chosen(unread) == "Thu 17 Sep, 09:00"


def test_a_chip_filters_with_one_click_and_takes_itself_back(desk: Client, cast: Cast) -> None:
    url = reverse("appointments:book")

    mornings = desk.get(url + link(panel(desk, cast, service="review", say="after 4pm"), "Mornings"))
    assert chosen(mornings) == "Mon 14 Sep, 09:00"
    assert fields(mornings)["say"] == "mornings"
    assert "say" not in link(mornings, "Mornings")


def test_any_time_of_the_day_can_be_made_the_first_one(desk: Client, cast: Cast) -> None:
    answer = desk.get(
        reverse("appointments:book") + link(panel(desk, cast, service="review", day="2026-09-16"), "10:15 Sara Haddad")
    )

    assert chosen(answer) == "Wed 16 Sep, 10:15"
    desk.post(reverse("appointments:book"), fields(answer))
    assert Appointment.objects.get().starts_at == at(10, 15, day=16)


def test_a_click_in_the_calendar_brings_its_time_along(desk: Client, cast: Cast) -> None:
    clicked = {"service": "review", "day": "2026-09-16", "at": "14:30", "clinician": str(cast.sara.pk)}
    assert chosen(panel(desk, cast, **clicked)) == "Wed 16 Sep, 14:30"

    cast.book(at(14, 30, day=16), patient=a_patient())
    taken = panel(desk, cast, **clicked)
    assert "At 14:30 there is not room for this visit." in text(taken)
    assert "14:30" not in chosen(taken)


def test_what_was_checked_and_how_long_ago_the_last_visit_was_is_said(desk: Client, cast: Cast) -> None:
    cast.book(at(9))

    seen = text(panel(desk, cast, service="review", say="17 sep"))

    assert "Sara is free Room 1 is free 3 days since the last visit" in seen


def test_a_patient_elsewhere_gets_both_clocks_and_a_change_of_clocks_is_told(desk: Client, cast: Cast) -> None:
    VisitPreference.objects.create(patient=cast.leila, time_zone="Europe/London", latest=time(12), weekdays=[3])
    assert "Mon 14 Sep, 14:00 in London" in text(panel(desk, cast, service="review"))
    assert "usual: mornings, Thu" in text(panel(desk, cast, service="review"))

    Shift.objects.create(
        resource=cast.sara, site=cast.site, weekday=6, starts=time(9), ends=time(12), valid_from=date(2020, 1, 1)
    )
    assert "Clocks change that day: 09:00 is UTC-05:00" in text(panel(desk, cast, service="review", day="2026-11-01"))


def test_nothing_free_leaves_ways_on(desk: Client, cast: Cast) -> None:
    answer = panel(desk, cast, service="review", say="sunday")

    assert "Nothing is free in these two weeks." in text(answer)
    assert "day=2026-10" in link(answer, "Look two weeks later") or "day=2026-09" in link(
        answer, "Look two weeks later"
    )


def test_a_time_is_kept_while_the_caller_asks_at_home(desk: Client, client: Client, cast: Cast) -> None:
    url = reverse("appointments:book")
    sent = fields(panel(desk, cast, service="review"))
    del sent["session"]

    kept = desk.post(url, sent | {"keep": "1"}, follow=True)
    assert "kept for this caller until 03:40" in options(kept)[0]
    assert chosen(kept) == "Mon 14 Sep, 09:00"
    other = desk.get(url, {"patient": a_patient().pk, "service": "review"})
    assert chosen(other) != "Mon 14 Sep, 09:00"
    taken = desk.post(url, fields(other) | {"offer": sent["offer"]})
    assert "Rosa is keeping 09:00 for a caller." in text(taken)

    assert desk.post(url, fields(kept)).status_code == 302
    assert Appointment.objects.get().starts_at == at(9)
    assert not Reservation.objects.exists()


def test_a_time_that_is_let_go_is_free_for_everybody(desk: Client, cast: Cast) -> None:
    url = reverse("appointments:book")
    desk.post(url, fields(panel(desk, cast, service="review")) | {"keep": "1"})

    desk.post(url, {"patient": str(cast.leila.pk), "let_go": str(Reservation.objects.get().pk)})

    assert not Reservation.objects.exists()
    assert chosen(desk.get(url, {"patient": a_patient().pk, "service": "review"})) == "Mon 14 Sep, 09:00"


def test_one_clinician_if_possible_is_a_wish_and_not_a_wall(desk: Client, cast: Cast) -> None:
    mei = a_clinician("Mei Tanaka")
    a_room("Room 2")

    assert "Mei Tanaka" in options(panel(desk, cast, service="review", prefer=str(mei.pk)))[0]

    Absence.objects.create(resource=mei, during=DateTimeTZRange(at(0), at(0, day=14, month=10)))
    assert "Sara Haddad" in options(panel(desk, cast, service="review", prefer=str(mei.pk)))[0]
    assert options(panel(desk, cast, service="review", clinician=str(mei.pk))) == []


def test_what_all_three_have_in_common_is_not_given_as_a_reason(desk: Client, cast: Cast) -> None:
    a_room("Gym", "room_gym")
    a_session(cast)

    assert not any("window" in option for option in options(panel(desk, cast)))


def test_a_class_is_booked_by_giving_a_place_in_one_that_has_room(desk: Client, cast: Cast) -> None:
    group = GroupSession.objects.create(
        name="Neck group", service_code="exercise_class", clinician=cast.sara, site=cast.site, places=6,
        starts_at=at(15, day=16), ends_at=at(16, day=16),
    )  # fmt: skip

    answer = panel(desk, cast, service="exercise_class")

    assert "Wed 16 Sep, 15:00 Neck group · Sara Haddad · 6 places left Give the place" in text(answer)
    assert reverse("appointments:group_seat", args=[group.pk]) in answer.content.decode()


# --- when somebody else was quicker


def test_a_time_that_a_patient_took_is_told_without_a_name(desk: Client, cast: Cast) -> None:
    sent = fields(panel(desk, cast, service="review"))
    cast.book(at(9), patient=a_patient(family_name="Quillfeather"), by=None)

    answer = desk.post(reverse("appointments:book"), sent)

    assert "09:00 was booked by a patient a moment ago." in text(answer)
    assert "Quillfeather" not in text(answer)


def test_who_may_overbook_is_asked_why_and_the_front_desk_is_not(client: Client, cast: Cast) -> None:
    client.force_login(cast.rosa, backend="people.web.backends.RightsBackend")
    sent = fields(panel(client, cast, service="review"))
    first = cast.book(at(9), patient=a_patient())
    assert "on top of the other visit" not in text(client.post(reverse("appointments:book"), sent))
    refused = client.post(reverse("appointments:book"), sent | {"overbook_because": "She insists"})
    assert (refused.status_code, Appointment.objects.count()) == (409, 1)

    client.force_login(a_user(Role.CLINICIAN), backend="people.web.backends.RightsBackend")
    assert "Book it all the same, on top of the other visit. Why?" in text(
        client.post(reverse("appointments:book"), sent)
    )
    done = client.post(reverse("appointments:book"), sent | {"overbook_because": "Acute, ten minutes"})

    assert done.status_code == 302
    second = Appointment.objects.exclude(pk=first.pk).get()
    assert (second.starts_at, second.overbooked_because) == (at(9), "Acute, ten minutes")


def test_a_taken_time_is_overbooked_on_purpose_by_who_may(client: Client, cast: Cast) -> None:
    cast.book(at(10, day=16), patient=a_patient())
    a_room("Room 2")
    asked = {"service": "review", "day": "2026-09-16", "at": "10:00", "clinician": str(cast.sara.pk)}
    client.force_login(cast.rosa, backend="people.web.backends.RightsBackend")
    assert "on top of what is there" not in text(panel(client, cast, **asked))

    client.force_login(a_user(Role.MANAGER), backend="people.web.backends.RightsBackend")
    answer = panel(client, cast, **asked)
    assert "Wed 16 Sep, 10:00 with Sara Haddad, Room 2: book it all the same" in text(answer)
    form = answer.content.decode().partition('class="overbook"')[2]
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    done = client.post(reverse("appointments:book"), sent | {"overbook_because": "Only day she can come"})

    assert done.status_code == 302
    visit = Appointment.objects.get(patient=cast.leila)
    assert (visit.starts_at, visit.overbooked_because) == (at(10, day=16), "Only day she can come")
    marked = {hold.resource.name: hold.is_overbooked for hold in visit.holds.select_related("resource")}
    assert (marked["Sara Haddad"], marked["Room 2"]) == (True, False)


def test_booking_over_http_reads_nothing_that_it_does_not_need(
    desk: Client, cast: Cast, django_assert_num_queries: Any
) -> None:
    cast.book(at(16))  # her own row in the book is there, as after a first visit
    sent = fields(panel(desk, cast, service="review"))

    with django_assert_num_queries(POST_QUERIES + 2):
        assert desk.post(reverse("appointments:book"), sent).status_code == 302


# --- somebody new


CALLER = {
    "given_name": "Zara", "family_name": "Quillfeather", "birth_date": "1984-05-17", "mobile": "202 555 0188",
    "email": "", "reason": "first_assessment",
}  # fmt: skip


def new_fields(answer: Any, **typed: str) -> dict[str, str]:
    form = answer.content.decode().partition('id="newform"')[2]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    picked = re.search(r'name="offer" value="([^"]+)" checked', form)
    return hidden | CALLER | ({"offer": picked.group(1)} if picked else {}) | typed


def test_a_new_caller_is_registered_and_booked_in_one_go(desk: Client, cast: Cast) -> None:
    url = reverse("appointments:book_new")
    answer = desk.get(url, {"q": "zara quillfeather"})
    assert 'name="given_name" value="Zara"' in answer.content.decode()
    sent = new_fields(answer)

    for _ in range(2):  # a double click is one patient and one visit
        assert desk.post(url, sent).status_code == 302

    visit = Appointment.objects.get()
    assert (visit.patient.full_name, visit.patient.birth_date) == ("Zara Quillfeather", date(1984, 5, 17))
    assert (visit.service_code, visit.starts_at) == ("first_assessment", at(9))
    assert Patient.objects.filter(family_name="Quillfeather").count() == 1


def test_a_time_that_is_gone_leaves_no_half_known_patient_and_nothing_typed_is_lost(desk: Client, cast: Cast) -> None:
    url = reverse("appointments:book_new")
    sent = new_fields(desk.get(url))
    cast.book(at(9))

    answer = desk.post(url, sent)

    assert answer.status_code == 409
    assert "09:00 was booked by Rosa a moment ago." in text(answer)
    assert 'value="Quillfeather"' in answer.content.decode()
    assert not Patient.objects.filter(family_name="Quillfeather").exists()
    assert desk.post(url, new_fields(answer)).status_code == 302


def test_the_reason_decides_which_visit_it_is_and_is_kept_nowhere(desk: Client, cast: Cast) -> None:
    url = reverse("appointments:book_new")
    part = desk.get(url, {"reason": "review"}, headers={"HX-Request": "true"})
    assert "Review visit, 30 min" in text(part)

    desk.post(url, new_fields(desk.get(url, {"reason": "review"}), reason="review"))

    assert Appointment.objects.get().service_code == "review"


def test_somebody_much_alike_is_shown_before_a_double_is_made(desk: Client, cast: Cast) -> None:
    url = reverse("appointments:book_new")
    twin = {"given_name": "Leila", "family_name": "Rahimi", "birth_date": "1978-03-04"}
    close = desk.post(reverse("appointments:book_matches"), twin)
    assert f"?patient={cast.leila.pk}" in close.content.decode()

    asked = desk.post(url, new_fields(desk.get(url), **twin))
    assert asked.status_code == 409
    assert "This is somebody else: register and book" in text(asked)

    assert desk.post(url, new_fields(asked, **twin, even_if_known="1")).status_code == 302
    assert Patient.objects.filter(family_name="Rahimi").count() == 2


def test_a_caller_nobody_can_reach_is_asked_for_a_number(desk: Client, cast: Cast) -> None:
    url = reverse("appointments:book_new")

    answer = desk.post(url, new_fields(desk.get(url), mobile=""))

    assert "Ask for a number" in text(answer)
    assert not Appointment.objects.exists()


def test_other_times_are_shown_without_losing_what_was_typed(desk: Client, cast: Cast) -> None:
    url = reverse("appointments:book_new")

    answer = desk.post(url, new_fields(desk.get(url), show="1", say="thu after 3"))

    assert chosen(answer, form="newform") == "Thu 17 Sep, 15:00"
    assert 'value="Quillfeather"' in answer.content.decode()
    assert "There is a problem" not in text(answer)

"""The day of the desk, as a grid and as a list."""

import re
from datetime import date, time, timedelta
from typing import Any

import pytest
import time_machine
from booking_cast import Cast, a_cast, at, service
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import Client
from factories import MONDAY, a_clinician, a_device, a_patient, a_room, a_site, a_user
from office_cast import text

from clinic.appointments.actions import attendance, booking
from clinic.appointments.models import Absence, Appointment, Closure, Shift
from patients.models import RedFlag
from people.models import Site
from people.rules.permissions import Role

pytestmark = pytest.mark.django_db

NOON = at(12)
DAY = "/desk/day/2026-09-14/"
LIST = "/desk/list/2026-09-14/"


@pytest.fixture
def cast() -> Cast:
    return a_cast()


@pytest.fixture
def desk(cast: Cast, client: Client) -> Any:
    with time_machine.travel(NOON, tick=False):
        client.force_login(cast.rosa, backend="people.web.backends.RightsBackend")
        yield client


def heads(answer: Any) -> list[str]:
    return re.findall(r"<div><b>(.*?)</b>", answer.content.decode())


def card(answer: Any, visit: Appointment) -> str:
    """The classes of a visit's card: its status, row and length."""
    found = re.search(rf'class="appt ([^"]+)" id="v-{visit.clinician_id}-{visit.pk}"', answer.content.decode())
    return found.group(1) if found else ""


def walked(visit: Appointment, *statuses: str, by: Any) -> Appointment:
    for status in statuses:
        visit = attendance.set_status(visit, status, was=visit.status, by=by, now=NOON - timedelta(minutes=12))
    return visit


def test_today_is_today_where_the_person_works(desk: Client, cast: Cast) -> None:
    assert desk.get("/desk/").url == f"{DAY}?site={cast.site.pk}"
    assert desk.get("/desk/", {"by": "rooms", "status": "arrived"}).url == (
        f"{DAY}?by=rooms&status=arrived&site={cast.site.pk}"
    )


def test_today_is_the_day_of_the_sites_own_calendar(client: Client, cast: Cast) -> None:
    """At 23:30 in New York it is the next day in UTC."""
    with time_machine.travel(at(23, 30), tick=False):
        client.force_login(cast.rosa, backend="people.web.backends.RightsBackend")
        assert client.get("/desk/").url.startswith(DAY)


def test_a_clinician_is_shown_the_site_where_she_works(desk: Client, cast: Cast) -> None:
    west = a_site("Abbey West")
    mei = a_clinician("Mei Tanaka", site=west)
    desk.force_login(mei.user, backend="people.web.backends.RightsBackend")

    assert desk.get("/desk/").url == f"{DAY}?site={west.pk}"


def test_a_visit_stands_in_the_column_of_its_clinician_in_the_rows_of_its_time(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10, 15), now=at(8))

    answer = desk.get(DAY)

    assert heads(answer) == ["Sara Haddad"]
    assert card(answer, visit) == "st-booked r9 d2"
    assert "Rahimi, Leila" in text(answer)
    assert "Review visit" in text(answer)


def test_a_visit_stands_in_no_column_but_its_own(desk: Client, cast: Cast) -> None:
    mei, second_room = a_clinician("Mei Tanaka"), a_room("Room 2")
    cast.book(at(10), now=at(8))
    cast.book(at(10), patient=a_patient(), resources=[mei, second_room], now=at(8))

    for url in (DAY, f"{DAY}?by=rooms"):
        assert desk.get(url).content.decode().count('class="appt ') == 2


def test_the_columns_may_be_rooms_and_devices(desk: Client, cast: Cast) -> None:
    a_device()
    cast.book(at(10), now=at(8))

    answer = desk.get(DAY, {"by": "rooms"})

    assert heads(answer) == ["Room 1", "dev_laser_3b"]
    assert "Review visit, Sara Haddad" in text(answer)


def test_lunch_leave_and_the_hours_before_work_are_hatched(desk: Client, cast: Cast) -> None:
    Absence.objects.create(resource=cast.sara, during=DateTimeTZRange(at(15), at(17)))

    answer = desk.get(DAY).content.decode()

    assert re.findall(r'class="blk (r\d+ d\d+)">([^<]+)<', answer) == [
        ("r28 d8", "Away"), ("r0 d4", "Not working"), ("r16 d4", "Break"),
    ]  # fmt: skip


def test_a_red_line_shows_what_time_it_is_today_and_on_no_other_day(desk: Client, cast: Cast) -> None:
    assert '<span class="nowtag n240">12:00</span>' in desk.get(DAY).content.decode()
    assert "nowtag" not in desk.get("/desk/day/2026-09-15/").content.decode()


def test_early_and_late_visits_make_the_day_longer(desk: Client, cast: Cast) -> None:
    Shift.objects.filter(resource=cast.sara, weekday=0, starts=time(9)).update(starts=time(6, 30))
    Shift.objects.filter(resource=cast.sara, weekday=0, starts=time(13)).update(ends=time(21, 15))

    answer = desk.get(DAY).content.decode()

    assert re.findall(r'class="r\d+( first)?">(\d\d:00)<', answer)[0] == (" first", "06:00")
    assert 'class="dg-time rows64"' in answer


def test_the_counts_are_the_filter(desk: Client, cast: Cast) -> None:
    waiting = walked(cast.book(at(10), now=at(8)), "arrived", by=cast.rosa)
    expected = cast.book(at(14), patient=a_patient(), now=at(8))

    answer = desk.get(DAY, {"status": "arrived"})

    assert "2 visits 1 Waiting 0 In room 0 Confirmed 1 Not confirmed 0 Done 0 Did not come" in text(answer)
    assert card(answer, waiting)
    assert not card(answer, expected)


def test_who_waits_is_shown_longest_first_with_one_tap_to_the_room(desk: Client, cast: Cast) -> None:
    visit = walked(cast.book(at(11, 30), now=at(8)), "arrived", by=cast.rosa)

    answer = desk.get(DAY)

    assert "Waiting now longest first Rahimi, Leila Sara Haddad, 11:30 · 12 min" in text(answer)
    form = re.search(rf'action="/desk/visit/{visit.pk}/status/">(.*?)</form>', answer.content.decode(), re.DOTALL)
    assert form
    sent = dict(re.findall(r'name="(was|status|next)" value="([^"]*)"', form.group(1)))
    assert sent == {"was": "arrived", "status": "in_room", "next": DAY}
    desk.post(f"/desk/visit/{visit.pk}/status/", sent)
    visit.refresh_from_db()
    assert visit.status == "in_room"


def arriving(answer: Any) -> str:
    return text(answer).partition("Arriving")[2]


def test_who_is_due_within_half_an_hour_or_late_can_be_checked_in_with_one_tap(desk: Client, cast: Cast) -> None:
    late = cast.book(at(11, 15), now=at(8))
    for hour, minute, name in [(13, 0, "Later"), (14, 30, "Soon")]:
        cast.book(at(hour, minute), patient=a_patient(family_name=name), now=at(8))

    seen = desk.get(DAY)

    assert "Rahimi, Leila Sara Haddad, 11:15 · Late 45 min Check in" in arriving(seen)
    assert "Later" not in arriving(seen)
    assert f'action="/desk/visit/{late.pk}/status/"' in seen.content.decode()
    with time_machine.travel(at(14), tick=False):
        desk.logout()  # she was away for two hours
        desk.force_login(cast.rosa, backend="people.web.backends.RightsBackend")
        assert "Soon" in arriving(desk.get(DAY))
    assert "Arriving" not in text(desk.get("/desk/day/2026-09-15/"))


def test_a_cancelled_visit_is_on_the_list_but_not_in_the_grid(desk: Client, cast: Cast) -> None:
    visit = booking.cancel(cast.book(at(14), now=at(8)), reason="ill", by=cast.rosa, now=NOON)

    assert not card(desk.get(DAY), visit)
    assert "Cancelled" in text(desk.get(LIST))
    assert visit.get_absolute_url() in desk.get(LIST).content.decode()


def test_the_list_has_every_visit_with_its_room_and_a_button_for_what_comes_next(desk: Client, cast: Cast) -> None:
    cast.book(at(14), now=at(8))

    seen = text(desk.get(LIST))

    assert "14:00 Rahimi, Leila New Review visit Sara Haddad Room 1 Not confirmed Form not filled in" in seen
    assert "Confirmed Rahimi, Leila Check in Rahimi, Leila" in seen


def test_a_closed_day_says_why_and_leads_to_the_next_open_one(desk: Client, cast: Cast) -> None:
    Closure.objects.create(site=None, on=MONDAY, reason="Inventory")

    seen = desk.get(DAY)

    assert "No visits on Monday 14 September The clinic is closed: Inventory. Go to Tuesday 15 September" in text(seen)
    assert f'href="/desk/day/2026-09-15/?site={cast.site.pk}' in seen.content.decode()


def test_on_a_saturday_the_way_to_monday_is_shown(desk: Client, cast: Cast) -> None:
    assert "Nobody works at Northgate Main that day. Go to Monday 21 September" in text(
        desk.get("/desk/day/2026-09-19/")
    )


def test_a_visit_on_a_closed_day_is_never_hidden(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(14), now=at(8))
    Closure.objects.create(site=None, on=MONDAY, reason="Inventory")

    assert card(desk.get(DAY), visit)


def test_each_site_has_its_own_day(desk: Client, cast: Cast) -> None:
    west = a_site("Northgate West", time_zone="America/Los_Angeles")
    a_clinician("Mei Tanaka", site=west)
    visit = cast.book(at(10), now=at(8))

    answer = desk.get(DAY, {"site": str(west.pk)})

    assert heads(answer) == ["Mei Tanaka"]
    assert not card(answer, visit)


def test_a_clinic_without_a_site_says_what_to_do(client: Client, cast: Cast) -> None:
    Site.objects.update(is_active=False)
    client.force_login(cast.rosa, backend="people.web.backends.RightsBackend")

    assert client.get("/desk/").url.startswith("/desk/day/")
    assert "There is no site yet" in text(client.get(DAY))


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "0001-01-01", "9999-12-31"])
def test_a_day_that_no_calendar_has_is_not_found(desk: Client, day: str) -> None:
    assert desk.get(f"/desk/day/{day}/").status_code == 404


def test_the_page_is_its_own_fragment(desk: Client, cast: Cast) -> None:
    cast.book(at(14), now=at(8))
    poll = {"HX-Request": "true"}

    for url in (DAY, LIST, f"{DAY}?part=grid"):
        part = desk.get(url, headers=poll)
        assert "Rahimi, Leila" in text(part)
        assert "<html" not in part.content.decode()
    assert "Waiting now" not in text(desk.get(f"{DAY}?part=grid", headers=poll))


def test_the_front_desk_sees_that_a_clinician_must_look_and_never_why(desk: Client, cast: Cast) -> None:
    cast.book(at(14), now=at(8))
    RedFlag.objects.create(patient=cast.leila, code="rf_fever", urgency="same_day", raised_at=NOON)

    for url in (DAY, LIST):
        seen = desk.get(url).content.decode()
        assert "Clinician check needed" in seen
        assert "fever" not in seen.lower()
        assert "rf_" not in seen


@pytest.mark.parametrize("url", ["/desk/", DAY, LIST])
def test_only_the_staff_sees_the_day(client: Client, cast: Cast, url: str) -> None:
    client.force_login(a_user(Role.PATIENT), backend="people.web.backends.RightsBackend")

    assert client.get(url).status_code == 404


@pytest.mark.parametrize("url", [DAY, f"{DAY}?by=rooms", LIST])
def test_a_day_of_fifty_visits_costs_as_many_queries_as_a_day_of_one(
    desk: Client, cast: Cast, django_assert_num_queries: Any, url: str
) -> None:
    cast.book(at(14), now=at(8))
    desk.get(url)
    with django_assert_num_queries(8):
        desk.get(url)
    for n in range(7):
        pieces = [a_clinician(f"Clinician {n}", site=cast.site), a_room(f"Room {n + 2}", site=cast.site)]
        for hour in range(9, 17):
            if hour != 12:
                cast.book(at(hour), patient=a_patient(), resources=pieces, now=at(8))

    with django_assert_num_queries(8):
        seen = desk.get(url)

    assert text(seen).count("Review visit") >= 50
    assert service().name == "Review visit"
    assert date(2026, 9, 14) == MONDAY

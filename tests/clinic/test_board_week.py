"""The week, the day sheets, dropping a visit, and moving the day of somebody who is ill."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from booking_cast import Cast, a_cast, at
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import Client
from factories import a_clinician, a_device, a_patient, a_room, a_user
from office_cast import text

from clinic.appointments.actions import booking
from clinic.appointments.models import Absence, Appointment
from clinic.desk import columns, week
from people.rules.permissions import Role

pytestmark = pytest.mark.django_db

NOON = at(12)
WEEK = "/desk/week/2026-W38/"
SHEETS = "/desk/print/2026-09-14/"
STAND_IN = "/desk/stand-in/2026-09-14/"
BACKEND = "people.web.backends.RightsBackend"


@pytest.fixture
def cast() -> Cast:
    return a_cast()


@pytest.fixture
def desk(cast: Cast, client: Client) -> Any:
    with time_machine.travel(NOON, tick=False):
        client.force_login(cast.rosa, backend=BACKEND)
        yield client


def row(answer: Any, name: str) -> list[str]:
    """The cells of somebody's week."""
    found = re.search(rf'<tr><th scope="row"><a[^>]*>{name}</a></th>(.*?)</tr>', answer.content.decode(), re.DOTALL)
    cells = re.findall(r"<td>(.*?)</td>", found.group(1), re.DOTALL) if found else []
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", cell)).strip() for cell in cells]


def test_the_week_shows_how_full_everybody_is_and_which_half_days_are_free(desk: Client, cast: Cast) -> None:
    for hour in (9, 10, 11):
        cast.book(at(hour, day=15), patient=a_patient(), now=at(8))
    Absence.objects.create(resource=cast.sara, during=DateTimeTZRange(at(0, day=16), at(0, day=17)))

    found = row(desk.get(WEEK), "Sara Haddad")

    assert found[1] == "21 % afternoon free"  # 90 of 420 minutes
    assert found[0] == "0 % whole day free"
    assert found[2] == "away"
    assert found[5] == "– not working"
    assert found[7] == "5 %"

    with time_machine.travel(at(9, day=17), tick=False):
        desk.force_login(cast.rosa, backend="people.web.backends.RightsBackend")
        later = row(desk.get(WEEK), "Sara Haddad")
    assert (later[0], later[1], later[3]) == ("0 %", "21 %", "0 % whole day free")


def test_rooms_and_devices_have_a_week_too(desk: Client, cast: Cast) -> None:
    a_device()
    cast.book(at(14, day=15), now=at(8))

    seen = desk.get(WEEK, {"by": "rooms"})

    assert row(seen, "Room 1")[1] == "6 % morning free"  # half an hour and five minutes to clean, of nine hours
    assert row(seen, "dev_laser_3b")[1] == "0 % whole day free"


def test_the_week_of_one_person_is_seven_columns(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(14, day=15), now=at(8))
    cast.book(at(14, day=22), patient=a_patient(family_name="Later"), now=at(8))

    seen = desk.get(WEEK, {"resource": str(cast.sara.pk)})

    assert re.findall(r'<div><b><a[^>]*>(.*?)</a>|istoday"><b><a[^>]*>(.*?)</a>', seen.content.decode())
    assert f'id="v-2026-09-15-{visit.pk}"' in seen.content.decode()
    assert "Rahimi, Leila" in text(seen)
    assert "Later" not in text(seen)


def test_in_the_week_in_which_clocks_change_ten_o_clock_stays_in_the_row_of_ten(desk: Client, cast: Cast) -> None:
    """On 1 November 2026 New York goes back an hour."""
    for day in (2, 3):
        cast.book(at(10, day=day, month=11), patient=a_patient(), now=at(8))

    seen = desk.get("/desk/week/2026-W45/", {"resource": str(cast.sara.pk)})

    assert set(re.findall(r'class="appt [\w-]+ (r\d+) ', seen.content.decode())) == {"r8"}


@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 11, 1)])
def test_the_day_on_which_clocks_change_is_drawn_from_eight_to_five(cast: Cast, day: date) -> None:
    drawn = columns.frame(cast.site, day, [])

    assert [clock for _row, clock in drawn.hours] == [f"{hour:02d}:00" for hour in range(8, 17)]


@pytest.mark.parametrize("bad", ["2026-W54", "2026-38", "W38", "2026-W00", "9999-W60", "2026-W7"])
def test_a_week_that_no_calendar_has_is_not_found(desk: Client, bad: str) -> None:
    assert desk.get(f"/desk/week/{bad}/").status_code == 404


@pytest.mark.parametrize("asked", ["x", "00000000-0000-0000-0000-000000000007"])
def test_the_week_of_nobody_is_not_found(desk: Client, asked: str) -> None:
    assert desk.get(WEEK, {"resource": asked}).status_code == 404


@pytest.mark.parametrize("by", ["people", "one"])
def test_a_week_of_fifty_visits_costs_as_many_queries_as_one_of_one(
    desk: Client, cast: Cast, django_assert_num_queries: Any, by: str
) -> None:
    asked = {"resource": str(cast.sara.pk)} if by == "one" else {}
    cost = 11 if by == "one" else 8
    cast.book(at(14), now=at(8))
    desk.get(WEEK, asked)
    with django_assert_num_queries(cost):
        desk.get(WEEK, asked)
    for day in (15, 16, 17, 18):
        for hour in (9, 10, 11, 13, 14, 15, 16):
            cast.book(at(hour, day=day), patient=a_patient(), now=at(8))
    for n in range(3):
        a_clinician(f"Clinician {n}", site=cast.site)

    with django_assert_num_queries(cost):
        desk.get(WEEK, asked)


def test_a_day_sheet_for_each_who_has_somebody_with_room_for_notes(desk: Client, cast: Cast) -> None:
    mei, second = a_clinician("Mei Tanaka", site=cast.site), a_room("Room 2", site=cast.site)
    a_clinician("Idle Hands", site=cast.site)
    cast.book(at(14), now=at(8))
    cast.book(at(14), patient=a_patient(family_name="Sato"), resources=[mei, second], now=at(8))

    seen = desk.get(SHEETS)

    assert re.findall(r"<h2 id=\"s\d\">(.*?)</h2>", seen.content.decode()) == ["Mei Tanaka", "Sara Haddad"]
    assert "14:00 Rahimi, Leila New Review visit Room 1" in text(seen)
    assert "Sato" not in text(desk.get(SHEETS, {"clinician": str(cast.sara.pk)}))
    assert "Rahimi" not in text(desk.get(SHEETS, {"names": "hidden"}))


def dropped(desk: Client, visit: Appointment, **asked: Any) -> Any:
    return desk.get(f"/desk/drop/{visit.pk}/", asked)


def test_a_dropped_visit_asks_before_it_moves_and_moves_as_the_move_page_does(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(14), now=at(8))
    mei, _second = a_clinician("Mei Tanaka", site=cast.site), a_room("Room 2", site=cast.site)

    asked = dropped(desk, visit, at=int(at(15, 15).timestamp()), to=mei.pk)

    assert "Move Rahimi, Leila to 15:15 with Mei Tanaka" in text(asked)
    visit.refresh_from_db()
    assert visit.starts_at == at(14)
    sent = dict(re.findall(r'name="(offer|revision)" value="([^"]*)"', asked.content.decode()))
    desk.post(f"/desk/visit/{visit.pk}/move/", sent)
    visit.refresh_from_db()
    assert (visit.starts_at, visit.clinician.name) == (at(15, 15), "Mei Tanaka")


def test_a_visit_dropped_where_nobody_is_free_is_told_the_nearest_times(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(14), now=at(8))
    cast.book(at(15), patient=a_patient(), now=at(8))

    asked = text(dropped(desk, visit, at=int(at(15).timestamp()), to=cast.sara.pk))

    assert "Rahimi, Leila cannot come to Sara Haddad at 15:00" in asked
    assert "Move to 14:15" in asked
    assert "Move to 14:00" not in asked, "there it stands already"
    assert "Other times" in asked


def test_a_visit_dropped_on_a_room_keeps_its_clinician(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(14), now=at(8))
    second = a_room("Room 2", site=cast.site)

    asked = dropped(desk, visit, at=int(at(14).timestamp()), to=second.pk)

    assert "Move Rahimi, Leila to 14:00 with Sara Haddad, Room 2?" in text(asked)


@pytest.mark.parametrize("asked", [{}, {"at": "x"}, {"at": "9" * 30}, {"at": "1789000000", "to": "x"}])
def test_a_drop_on_nothing_is_not_found(desk: Client, cast: Cast, asked: dict[str, str]) -> None:
    assert dropped(desk, cast.book(at(14), now=at(8)), **asked).status_code == 404


def test_who_is_here_already_is_not_dragged_away(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(14), now=at(8))
    Appointment.objects.filter(pk=visit.pk).update(status="arrived")

    assert dropped(desk, visit, at=int(at(15).timestamp()), to=cast.sara.pk).status_code == 404
    assert "data-visit=" not in desk.get("/desk/day/2026-09-14/").content.decode()


@pytest.fixture
def ill(cast: Cast) -> list[Appointment]:
    """Sara has three visits this afternoon; Mei is there and free."""
    a_clinician("Mei Tanaka", site=cast.site)
    a_room("Room 2", site=cast.site)
    return [cast.book(at(hour), patient=a_patient(), now=at(8)) for hour in (13, 14, 15)]


def test_the_day_of_somebody_ill_is_moved_at_once(desk: Client, cast: Cast, ill: list[Appointment]) -> None:
    where = {"clinician": str(cast.sara.pk), "site": str(cast.site.pk)}
    assert desk.get(STAND_IN, where).content.decode().count('name="visit"') == 3

    proposed = desk.get(STAND_IN, where | {"visit": [str(visit.pk) for visit in ill]}).content.decode()
    sent = dict(re.findall(r'name="((?:offer|revision)-[^"]*)" value="([^"]*)"', proposed))
    answer = desk.post(
        f"{STAND_IN}?clinician={cast.sara.pk}&site={cast.site.pk}", sent | {"visit": [str(visit.pk) for visit in ill]}
    )

    assert answer.status_code == 302
    assert "plans hold" not in text(desk.get("/desk/tasks/")), "no plan hangs on them"
    moved = Appointment.objects.filter(pk__in=[visit.pk for visit in ill]).order_by("starts_at")
    assert [(it.clinician.name, it.starts_at) for it in moved] == [
        ("Mei Tanaka", at(13)), ("Mei Tanaka", at(14)), ("Mei Tanaka", at(15)),
    ]  # fmt: skip


def test_if_one_of_them_was_changed_meanwhile_none_is_moved(desk: Client, cast: Cast, ill: list[Appointment]) -> None:
    address = f"{STAND_IN}?clinician={cast.sara.pk}&site={cast.site.pk}"
    wanted = [str(visit.pk) for visit in ill]
    proposed = desk.get(f"{address}&visit={'&visit='.join(wanted)}").content.decode()
    sent = dict(re.findall(r'name="((?:offer|revision)-[^"]*)" value="([^"]*)"', proposed))
    booking.cancel(ill[1], reason="ill", by=cast.rosa, now=NOON)
    Appointment.objects.filter(pk=ill[2].pk).update(revision=7)

    answer = desk.post(address, sent | {"visit": wanted})

    assert answer.status_code == 409
    assert 'role="alert"' in answer.content.decode()
    assert set(Appointment.objects.filter(pk__in=wanted).values_list("clinician__name", flat=True)) == {"Sara Haddad"}


def test_nothing_ticked_moves_nothing(desk: Client, cast: Cast, ill: list[Appointment]) -> None:
    assert desk.post(f"{STAND_IN}?clinician={cast.sara.pk}&site={cast.site.pk}", {}).status_code == 409


@pytest.mark.parametrize("url", [WEEK, SHEETS, STAND_IN])
def test_a_patient_finds_nothing_there(client: Client, cast: Cast, url: str) -> None:
    client.force_login(a_user(Role.PATIENT), backend=BACKEND)

    assert client.get(url).status_code == 404


def test_visits_of_the_same_time_share_the_column_and_the_next_has_it_alone() -> None:
    span = columns.Span

    assert columns.side_by_side([span(0, 30), span(15, 45), span(30, 60), span(60, 90)]) == [
        (0, 2), (1, 2), (0, 2), (0, 1),
    ]  # fmt: skip
    assert columns.side_by_side([span(0, 9)] * 4) == [(0, 3), (1, 3), (2, 3), (2, 3)]


def test_a_week_has_seven_days_and_a_name() -> None:
    days = week.days_of("2026-W53")

    assert (days[0].isoformat(), len(days), week.name_of(days[6])) == ("2026-12-28", 7, "2026-W53")
    assert days[6] - days[0] == timedelta(days=6)

"""What the board says about a visit, a class and a gap, and what it may hide."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from board_cast import DAY, NOON, a_class
from booking_cast import Cast, at
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import Client
from factories import NOW, a_clinician, a_patient, a_room, a_site
from office_cast import text

from clinic.appointments.actions import attendance
from clinic.appointments.models import Appointment, Hold, Reservation, Shift
from patients.models import Intake
from people.models import AuditEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_noon")]


def card(answer: Any, pk: object) -> str:
    """What a card says, in the order in which it is read."""
    found = re.search(rf'<a class="appt[^>]*-{pk}".*?</a>', answer.content.decode(), re.DOTALL)
    said = re.sub(r'<svg[^>]*aria-label="([^"]*)".*?</svg>', r"(\1) ", found.group(0)) if found else ""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", said)).strip()


def long(cast: Cast, starts_at: Any, **changes: Any) -> Appointment:
    """A visit of 45 minutes: its card has room for three lines."""
    visit = cast.book(starts_at, **{"now": at(8)} | changes)
    Appointment.objects.filter(pk=visit.pk).update(ends_at=starts_at + timedelta(minutes=45))
    return visit


def came(patient: Any, cast: Cast) -> None:
    """They have been here before."""
    Appointment.objects.create(
        patient=patient, service_code="review", clinician=cast.sara, site=cast.site, status="done",
        booked_at=NOW, timed_at=NOW, starts_at=at(9, day=1), ends_at=at(10, day=1),
    )  # fmt: skip


def walked(visit: Appointment, *statuses: str, cast: Cast, minutes_ago: int = 12) -> Appointment:
    for status in statuses:
        now = NOON - timedelta(minutes=minutes_ago)
        visit = attendance.set_status(visit, status, was=visit.status, by=cast.rosa, now=now)
    return visit


def test_a_card_says_name_treatment_and_how_long_somebody_waits(desk: Client, cast: Cast) -> None:
    came(cast.leila, cast)
    visit = walked(long(cast, at(11)), "arrived", cast=cast)

    assert card(desk.get(DAY), visit.pk) == "(Waiting) Rahimi, Leila 11:00 Review visit Waiting 12 min"


def stepped(visit: Appointment, cast: Cast, was: str, status: str, minute: int) -> None:
    Appointment.objects.filter(pk=visit.pk).update(status=status, arrived_at=at(11))
    AuditEvent.objects.create(
        at=at(11, minute), by=cast.rosa, role="front_desk", deed="appointment.status_set", patient_id=visit.patient_id,
        object_type="appointments.appointment", object_id=str(visit.pk), detail={"was": was, "status": status},
    )  # fmt: skip


def test_who_is_in_a_room_is_there_since_the_desk_said_so(desk: Client, cast: Cast) -> None:
    came(cast.leila, cast)
    visit = long(cast, at(11))
    stepped(visit, cast, "arrived", "in_room", 40)
    assert card(desk.get(DAY), visit.pk).endswith("In room 20 min")

    stepped(visit, cast, "in_room", "done", 50)
    stepped(visit, cast, "done", "in_room", 51)
    assert card(desk.get(DAY), visit.pk).endswith("In room 20 min"), "done was a slip of the hand"

    stepped(visit, cast, "in_room", "arrived", 52)
    stepped(visit, cast, "arrived", "done", 54)
    stepped(visit, cast, "done", "in_room", 55)
    assert card(desk.get(DAY), visit.pk).endswith("In room"), "sent out, and nobody wrote down when she came in again"

    stepped(visit, cast, "in_room", "arrived", 56)
    stepped(visit, cast, "arrived", "in_room", 58)
    assert card(desk.get(DAY), visit.pk).endswith("In room 2 min")


def test_who_is_done_has_a_next_visit_or_not_yet(desk: Client, cast: Cast) -> None:
    came(cast.leila, cast)
    visit = long(cast, at(9))
    Appointment.objects.filter(pk=visit.pk).update(status="done")

    assert card(desk.get(DAY), visit.pk).endswith("No next visit yet")
    cast.book(at(10, day=22), now=at(8))
    assert card(desk.get(DAY), visit.pk).endswith("Next: 22 Sep")


def test_somebody_new_is_marked_and_so_is_the_form_that_is_missing(desk: Client, cast: Cast) -> None:
    visit = long(cast, at(14))

    assert card(desk.get(DAY), visit.pk) == "(Not confirmed) Rahimi, Leila 14:00 Review visit New Form not filled in"
    Intake.objects.create(patient=cast.leila, started_at=NOW, submitted_at=NOW)
    assert card(desk.get(DAY), visit.pk).endswith("Form done")


def test_who_runs_late_says_when_to_expect_them(desk: Client, cast: Cast) -> None:
    came(cast.leila, cast)
    visit = long(cast, at(11))

    assert card(desk.get(DAY), visit.pk).endswith("Late 60 min")
    Appointment.objects.filter(pk=visit.pk).update(expected_at=at(12, 20))
    assert card(desk.get(DAY), visit.pk).endswith("Late, expected 12:20")


def test_walk_ins_and_overbooked_visits_are_marked_in_words_and_stand_side_by_side(desk: Client, cast: Cast) -> None:
    came(cast.leila, cast)
    first, second = cast.book(at(14), now=at(8)), cast.book(at(15), patient=a_patient(), now=at(8))
    Appointment.objects.filter(pk=second.pk).update(
        starts_at=at(14), ends_at=at(14, 30), overbooked_because="pain", is_walk_in=True
    )

    seen = desk.get(DAY)

    assert "Overbooked Walk-in" in card(seen, second.pk)
    lanes = sorted(re.findall(r'class="appt st-booked r24 d2 (o\dof\d)"', seen.content.decode()))
    assert lanes == ["o0of2", "o1of2"]
    assert card(seen, first.pk)


def test_a_class_is_one_card_that_counts_who_is_here(desk: Client, cast: Cast) -> None:
    group = a_class(cast, cast.leila, a_patient(), a_patient())

    for by in ("people", "rooms"):
        seen = desk.get(DAY, {"by": by})
        assert card(seen, group.pk) == "(Waiting) Neck group 14:00 Exercise class 1 of 3 here"
        assert seen.content.decode().count('class="appt ') == 1
    assert "3 visits" in text(desk.get(DAY))
    assert text(desk.get("/desk/list/2026-09-14/")).count("Sara Haddad Room 1") == 3


def test_a_day_sheet_has_classes_and_visits_in_the_order_of_the_day(desk: Client, cast: Cast) -> None:
    a_class(cast, cast.leila)
    for hour, name in ((9, "Early"), (16, "Late")):
        long(cast, at(hour), patient=a_patient(family_name=name))

    sheet = text(desk.get("/desk/print/2026-09-14/"))

    assert sheet.index("Early") < sheet.index("Neck group") < sheet.index("Late")


def test_a_class_to_which_nobody_comes_yet_is_seen(desk: Client, cast: Cast) -> None:
    group = a_class(cast)

    assert card(desk.get(DAY), group.pk).endswith("Nobody yet, 6 places")


def test_a_time_kept_for_a_caller_is_drawn_until_it_lapses(desk: Client, cast: Cast) -> None:
    kept = Reservation.objects.create(
        patient=cast.leila, by=cast.rosa, offer="x", expires_at=NOON + timedelta(minutes=5)
    )
    Hold.objects.create(reservation=kept, resource=cast.sara, during=DateTimeTZRange(at(14), at(14, 30)))

    assert "Kept for a caller" in text(desk.get(DAY))
    with time_machine.travel(NOON + timedelta(minutes=6), tick=False):
        assert "Kept for a caller" not in text(desk.get(DAY))


def test_names_can_be_hidden_from_those_who_stand_at_the_desk(desk: Client, cast: Cast) -> None:
    cast.book(at(14), now=NOON)

    back = desk.post("/desk/names/", {"next": DAY})

    assert back.url == DAY
    for url in (DAY, "/desk/list/2026-09-14/", "/desk/print/2026-09-14/", "/desk/tasks/", "/desk/undo/"):
        seen = desk.get(url).content.decode()
        assert f"L. R. {cast.leila.number:05d}" in seen
        assert "Rahimi" not in seen
    desk.post("/desk/names/", {"next": "https://elsewhere.example/"})
    assert "Rahimi" in text(desk.get(DAY))


def test_hiding_the_names_never_leads_to_another_server(desk: Client) -> None:
    assert desk.post("/desk/names/", {"next": "https://elsewhere.example/"}).url == "/desk/"


def test_the_booking_panel_sees_its_three_times_in_the_columns_that_matter(desk: Client, cast: Cast) -> None:
    a_clinician("Dr Who", site=cast.site, profession="massage_therapist")
    code = "~".join(["20260914T1800", cast.sara.pk.hex, cast.room.pk.hex])

    seen = desk.get(
        DAY, {"part": "grid", "by": "everything", "service": "review", "a": code}, headers={"HX-Request": "true"}
    )

    found = re.findall(r'<div class="slot (r\d+ d\d+)"><span class="k">(\w)</span>([\d:]+)', seen.content.decode())
    assert found == [("r24 d2", "A", "14:00"), ("r24 d2", "A", "14:00")]
    assert re.findall(r"<div><b>(.*?)</b>", seen.content.decode()) == ["Sara Haddad", "Room 1"]


def test_gaps_of_today_begin_now_and_are_long_enough_for_a_visit(desk: Client, cast: Cast) -> None:
    cast.book(at(14), now=at(8))

    seen = text(desk.get("/desk/free/2026-09-14/", headers={"HX-Request": "true"}))

    assert "13:00 to 14:00 Sara Haddad" in seen
    assert "14:30 to 17:00 Sara Haddad" in seen
    with time_machine.travel(NOON + timedelta(minutes=15), tick=False):
        assert "12:15" not in text(desk.get("/desk/free/2026-09-14/"))
    with time_machine.travel(NOON, tick=False):
        Shift.objects.all().delete()
        assert "Nothing is free any more." in text(desk.get("/desk/free/2026-09-14/"))


def test_another_site_has_other_gaps(desk: Client, cast: Cast) -> None:
    west = a_site("Abbey West")
    a_clinician("Mei Tanaka", site=west)
    a_room("Room 9", site=west)

    seen = text(desk.get("/desk/free/2026-09-14/", {"site": str(west.pk)}))

    assert "Mei Tanaka" in seen
    assert "Sara" not in seen

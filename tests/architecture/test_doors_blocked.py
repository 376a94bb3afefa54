"""What must not be given is not planned, booked, kept, moved to, checked in or begun: by any door there is.

The doors are found in the source (`door_paths`). One that is neither tried here nor excused here fails the suite.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import door_cast
import door_paths
import home_doors_cast
import pytest
import time_machine
from booking_cast import at
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from door_cast import EXERCISE, OFF, House, Knock, a_house
from factories import NOW, a_device, a_portal_patient, a_user
from plan_cast import a_plan

from clinic.appointments.actions import attendance, booking, seats
from clinic.appointments.models import (
    Appointment,
    GroupSession,
    Hold,
    Reservation,
    SlotOffer,
    VisitChange,
    WaitlistEntry,
)
from clinic.appointments.rules.refusals import IsHere
from clinic.appointments.rules.status import Status
from patients.models import RedFlag
from patients.rules.rulebook import rulebook
from people.models import AuditEvent
from people.rules.permissions import Role
from people.rules.refusal import ChangedMeanwhile, Refused
from programs.actions import plan_revising
from programs.models import Phase, Plan, PlannedSession, SafetyDecision, TreatmentGiven
from programs.rules.revising import More, Wish

pytestmark = pytest.mark.django_db
Door = Callable[[House], Knock]
Hindrance = Callable[[House], None]

DOORS: Mapping[str, tuple[Door, ...]] = {
    "appointments:book": (
        door_cast.by_booking,
        door_cast.by_keeping_a_time,
        door_cast.by_overbooking,
        door_cast.by_booking_a_planned_session,
    ),
    "appointments:move": (door_cast.by_moving,),
    "appointments:plan_book": (door_cast.by_booking_the_whole_plan,),
    "appointments:undo_visit": (door_cast.by_undoing_a_cancellation, door_cast.by_undoing_a_move),
    "appointments:group_seat": (door_cast.by_a_place_in_a_class,),
    "appointments:reseat": (door_cast.by_another_class,),
    "appointments:waitlist_offer": (door_cast.by_a_yes_on_the_phone_to_a_freed_time,),
    "appointments:waitlist_answer": (door_cast.by_a_yes_on_the_phone_to_an_offer,),
    "appointments:walk_in": (door_cast.by_walking_in, door_cast.by_squeezing_in),
    "appointments:status": (door_cast.by_checking_in, door_cast.by_calling_in, door_cast.by_ticking_off),
    "appointments:group_everybody": (door_cast.by_ticking_off_a_class,),
    "desk:stand_in": (door_cast.by_standing_in,),
    "desk:clinic_visit": (door_cast.by_signing_it_as_given,),
    "portal:offer": (door_cast.by_the_link_of_an_offer,),
    "portal:book": (home_doors_cast.by_booking_at_home,),
    "portal:visit_change": (home_doors_cast.by_moving_at_home, home_doors_cast.by_undoing_a_cancellation_at_home),
    "programs:start": (door_cast.by_a_plan,),
    "programs:prescribe": (door_cast.by_exercises_for_home,),
    "programs:revise": (door_cast.by_more_sessions,),
}
# Who may read why.
FOR_CLINICIANS = frozenset({"programs:start", "programs:revise", "programs:prescribe", "desk:clinic_visit"})
# These write to visits, plans or treatments as well, and nobody gets one by them.
EXCUSED: Mapping[str, str] = {
    "appointments:cancel": "calls a visit off",
    "appointments:mend": "mends many plans by the same deed as appointments:plan_book, which is tried",
    "appointments:plan_undo": "takes back what was booked, visit by visit as appointments:undo_visit does",
    "appointments:late": "notes that somebody comes later",
    "appointments:here": "notes that somebody stands at the desk, without checking them in; see the test of it below",
    "appointments:package_count": "counts money for a visit that was missed",
    "appointments:book_new": "registers somebody of whom nothing is known yet, so nothing can stand against it",
    "appointments:group_new": "an empty class",
    "appointments:group_change": "takes those who sit in it along; each is judged again before they begin",
    "appointments:group_cancel": "calls a class off",
    "appointments:waitlist_add": "a wish; the time itself is judged when it is given",
    "portal:wish": "a wish of the patient's own",
    "portal:link": "says yes or no to a visit that is booked already; see the test of it below",
    "portal:forget": "asks to be forgotten, which ends wishes and waiting and gives no visit",
    "portal:settings": "letters and reminders",
    "reminders:text_received": "says yes to a visit that is booked already, as portal:link does",
    "portal:today": "ticks exercises at home",
    "desk:follow_up": "notes a call",
    "desk:remind_all": "letters",
    "desk:visit_draft": "the page before it is signed: nothing counts as given yet",
    "desk:assess": "the page on which a visit is written down",
    "portal:plan": "has seen what is new",
    "portal:breaks": "when her breaks at work are",
    "portal:break_taken": "ticks a break at work",
    "programs:adverse_record": "what went wrong after a treatment that was given",
    "programs:dose": "how much of an exercise; a harder one goes through the same look as prescribing it",
    "programs:look": "what comes of a checkpoint; more sessions are asked for on the page of the plan's changes",
    "programs:pause": "halts a plan",
    "programs:resume": "moves what is left by so many days and names what must wait; booking asks again",
    "programs:stop": "ends a plan",
    "programs:worklist_act": "a call or a letter",
    "manage.py demo_clinic": "made-up patients, and none of real ones",
    "manage.py prove": "made-up patients in a database of its own, dropped at the end",
    "manage.py simulate": "made-up patients in a database of its own, dropped at the end",
}
KEPT: tuple[type[Model], ...] = (
    Appointment, Hold, Reservation, GroupSession, VisitChange, SlotOffer, WaitlistEntry, Plan, Phase, PlannedSession,
    TreatmentGiven, SafetyDecision,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _monday_morning() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def house() -> House:
    return a_house()


def rows() -> list[list[dict[str, Any]]]:
    return [list(model._default_manager.order_by("pk").values()) for model in KEPT]


def said(answer: HttpResponse) -> str:
    return answer.content.decode()


def is_refused(knock: Knock) -> str:
    """The answer, when nothing at all has changed."""
    before = rows()
    answer = knock()

    assert rows() == before
    assert answer.status_code in {200, 409}, "sent on as if it had been done"
    return said(answer)


def test_every_door_is_tried_or_excused() -> None:
    found = door_paths.doors()

    assert found - DOORS.keys() - EXCUSED.keys() == set(), "new doors: try them, or say why nobody gets a visit by them"
    assert DOORS.keys() - found == set(), "a door that there is no more"


EVERY = [pytest.param(name, door, id=door.__name__) for name, several in DOORS.items() for door in several]


@pytest.mark.parametrize(("name", "door"), EVERY)
def test_every_door_opens_while_nothing_stands_against_it(name: str, door: Door, house: House) -> None:
    knock, before = door(house), rows()

    answer = knock()

    assert rows() != before, re.findall(r'(?s)role="alert".*?</div>', said(answer))


@pytest.mark.parametrize(
    "hindrance", [door_cast.an_absolute_fact, door_cast.an_open_warning_sign, door_cast.a_grave_question_left_open]
)
@pytest.mark.parametrize(("name", "door"), EVERY)
def test_no_door_gives_what_must_wait(name: str, door: Door, hindrance: Hindrance, house: House) -> None:
    knock = door(house)
    hindrance(house)

    page = is_refused(knock)

    if name in FOR_CLINICIANS:
        assert "must not be given" in page or "Clear the red flag first" in page or "There is a problem" in page
        return
    assert "Clinician check needed" in page or "Please call us" in page
    assert not [reason for reason in REASONS if reason in page], "the desk may not know why"


REASONS = [
    rulebook().facts["suspected_cad"].label,
    rulebook().red_flags["rf_fever"].clinician_wording,
    rulebook().red_flags["rf_fever"].patient_question,
    "suspected_cad",
    "rf_fever",
]


@pytest.mark.parametrize(
    "hindrance", [door_cast.an_absolute_fact, door_cast.an_open_warning_sign, door_cast.a_grave_question_left_open]
)
def test_a_plan_gets_no_more_sessions_of_what_must_wait(hindrance: Hindrance, house: House) -> None:
    plan = a_plan(house.leila, template_code=door_cast.TEMPLATE, by=house.sara.user)
    last = plan.sessions.filter(modality=EXERCISE).latest("due_on")
    more = Wish(more=(More(modality=EXERCISE, technique=last.technique, count=2, every_days=7),))
    hindrance(house)
    before = rows()

    with pytest.raises(Refused, match="must not be given"):
        plan_revising.revise(plan, more, seen=plan.version, why="Better", by=house.sara.user, now=NOW)

    assert rows() == before


def test_a_visit_that_must_wait_may_be_confirmed_by_its_link_but_not_moved_or_begun(house: House) -> None:
    knock = door_cast.by_calling_in(house)
    coming = house.book(14)
    door_cast.an_open_warning_sign(house)
    link = reverse("portal:link", args=[coming.link_token])

    moved = Client().post(link, {"do": "move", "offer": house.offer(15), "revision": 0})
    Client().post(link, {"do": "confirm", "revision": 0})

    coming.refresh_from_db()
    assert (moved.status_code, coming.starts_at, coming.status) == (302, at(14, day=16), Status.CONFIRMED)
    assert "Clinician check needed" in is_refused(knock)


def test_who_must_wait_is_not_checked_in_but_everybody_sees_that_she_is_here(house: House) -> None:
    """Somebody has to look at her; once that is done she is checked in, and has waited since she came."""
    visit = house.book(10, day=14)
    door_cast.an_open_warning_sign(house)
    check_in, card = (reverse(f"appointments:{name}", args=[visit.pk]) for name in ("status", "visit"))

    page = is_refused(lambda: house.desk().post(check_in, {"status": Status.ARRIVED, "was": Status.BOOKED}))
    house.desk().post(reverse("appointments:here", args=[visit.pk]), {"is_here": 1})

    visit.refresh_from_db()
    assert "ask a clinician to look" in page
    assert (visit.status, visit.arrived_at) == (Status.BOOKED, NOW)
    assert "waits for a clinician" in said(house.desk().get(card))
    assert "waits for a clinician" in said(house.desk(house.sara.user).get(reverse("desk:my_day")))
    RedFlag.objects.update(cleared_at=NOW, cleared_by=house.sara.user, finding="A cold, no fever now")
    with time_machine.travel(NOW + timedelta(minutes=9), tick=False):
        house.desk().post(check_in, {"status": Status.ARRIVED, "was": Status.BOOKED})
    visit.refresh_from_db()
    assert (visit.status, visit.arrived_at) == (Status.ARRIVED, NOW)


def test_of_a_class_those_are_checked_in_who_may_and_the_others_wait_for_a_clinician(house: House) -> None:
    group = house.a_class(10, day=14)
    held, other = (seats.seat(group, patient=it, by=house.rosa, now=NOW) for it in (house.leila, a_portal_patient()))
    door_cast.an_open_warning_sign(house)

    house.desk().post(reverse("appointments:group_everybody", args=[group.pk]), {"status": Status.ARRIVED})

    held.refresh_from_db(), other.refresh_from_db()
    assert (held.status, held.waits_for_clinician) == (Status.BOOKED, True)
    assert (other.status, other.waits_for_clinician) == (Status.ARRIVED, False)


def test_who_waits_for_a_clinician_has_not_missed_the_visit_and_may_go_again(house: House) -> None:
    visit = house.book(10, day=14)
    visit = attendance.wait_for_clinician(visit, is_here=True, by=house.rosa, now=at(10))

    with pytest.raises(IsHere):
        attendance.set_status(visit, Status.MISSED, was=Status.BOOKED, by=house.rosa, now=at(10, 20))
    assert attendance.confirm(visit, by=None, now=at(10, 1)).arrived_at == at(10)
    visit = attendance.wait_for_clinician(visit, is_here=False, by=house.rosa, now=at(10, 5))
    attendance.wait_for_clinician(visit, is_here=False, by=house.rosa, now=at(10, 5))

    assert Appointment.objects.get(pk=visit.pk).arrived_at is None
    deeds = AuditEvent.objects.filter(object_id=str(visit.pk)).values_list("deed", flat=True)
    assert sorted(deeds)[-2:] == ["appointment.does_not_wait", "appointment.waits_for_clinician"]
    booking.cancel(visit, reason="unwell", by=house.rosa, now=at(10, 6))
    with pytest.raises(ChangedMeanwhile):
        attendance.wait_for_clinician(visit, is_here=True, by=house.rosa, now=at(10, 7))


@pytest.mark.parametrize("more", [{}, {"keep": "1"}, {"overbook_because": "She insists"}])
def test_a_treatment_that_is_switched_off_is_not_booked_kept_or_squeezed_in(more: dict[str, str], house: House) -> None:
    needle = a_device("dev_ultrasound", site=house.site)
    sent = {"patient": house.leila.pk, "service": OFF, "offer": f"{house.offer(10)}~{needle.pk.hex}", **more}

    answer = is_refused(lambda: house.desk(house.office).post(reverse("appointments:book"), sent))

    assert "does not offer this" in answer


def test_nobody_walks_in_for_a_treatment_that_is_switched_off(house: House) -> None:
    is_refused(door_cast.by_walking_in(house, service=OFF))
    is_refused(door_cast.by_walking_in(house, service=OFF, squeeze="1", clinician=house.sara.pk, because="Pain"))


def test_no_program_with_a_treatment_that_is_switched_off_can_be_started(house: House) -> None:
    doctor = a_user(Role.CLINICIAN, profession="physician")
    sent = {"template_code": "tpl_stem_cell", "starts_on": NOW.date().isoformat()}

    is_refused(lambda: house.desk(doctor).post(reverse("programs:start", args=[house.leila.pk]), sent))
    assert EXERCISE != OFF

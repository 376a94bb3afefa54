"""Somebody whose treatment must wait, and every hand that tries to give it all the same. Everybody is made up."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import time_machine
from booking_cast import at
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from factories import MONDAY, NOW, a_clinician, a_portal_patient, a_room, a_site, a_user, consents_signed, the_clinic
from plan_cast import a_plan

from clinic.appointments.actions import attendance, booking, groups, matches, offers, seats, waitlist
from clinic.appointments.actions.availability import Offer
from clinic.appointments.models import Appointment, GroupSession, Resource, SlotOffer, VisitChange
from clinic.appointments.rules.status import Status
from patients.actions import facts, intake
from patients.models import Patient, RedFlag
from patients.rules.rulebook import intake_questions
from people.models import Site, User
from people.rules.permissions import Role
from programs.actions import offering

EXERCISE, CLASS, OFF, TEMPLATE = "exercise_program", "exercise_class", "stem_cell", "tpl_desk_worker_posture"
Knock = Callable[[], HttpResponse]  # one try, once something stands against it


@dataclass
class House:
    """A clinic in which Leila may do her exercises; until something is found."""

    site: Site
    sara: Resource
    mei: Resource
    gym: Resource
    leila: Patient
    rosa: User  # at the desk
    office: User  # may overbook

    def desk(self, user: User | None = None) -> Client:
        (client := Client()).force_login(user or self.rosa)
        return client

    def offer(self, hour: int, minute: int = 0, *, day: int = 16, by: Resource | None = None) -> str:
        starts_at = at(hour, minute, day=day)
        return Offer(
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=30),
            site=self.site,
            clinician=by or self.sara,
            room=self.gym,
        ).code

    def book(self, hour: int, *, day: int = 16, code: str = EXERCISE, **changes: Any) -> Appointment:
        asked: dict[str, Any] = {
            "patient": self.leila, "service": offering.current()[code], "site": self.site, "now": NOW, "by": self.rosa,
            "starts_at": at(hour, day=day), "resources": (self.sara, self.gym),
        }  # fmt: skip
        return booking.book(**asked | changes)

    def a_class(self, hour: int, *, day: int = 16) -> GroupSession:
        (made,) = groups.create(
            name="Neck group", service=offering.current()[CLASS], site=self.site, starts_at=at(hour, day=day),
            resources=(self.sara, self.gym), by=self.rosa, now=NOW,
        )  # fmt: skip
        return made

    def an_offered_time(self) -> SlotOffer:
        """Wednesday at ten, called off by somebody else, offered to Leila who waits for her exercises."""
        can_make = waitlist.CanMake(from_on=MONDAY, until_on=MONDAY + timedelta(days=10))
        waitlist.add(self.leila, EXERCISE, can_make, by=self.rosa, now=NOW, on=MONDAY)
        return offers.offer_out(self.who_fits(self.a_freed_time()), by=self.rosa, now=NOW)[0]

    def a_freed_time(self) -> Appointment:
        other = a_portal_patient()
        return booking.cancel(self.book(10, patient=other), reason="ill", by=self.rosa, now=NOW)

    def who_fits(self, freed: Appointment) -> list[matches.Match]:
        gap = matches.gap_of(freed, now=NOW)
        assert gap
        return matches.fitting(gap, matches.for_pages(waitlist.WaitlistEntry.objects.all(), on=MONDAY), now=NOW)

    def arrived(self, visit: Appointment) -> Appointment:
        consents_signed(self.leila, EXERCISE)
        return attendance.set_status(visit, Status.ARRIVED, was=visit.status, by=self.rosa, now=NOW)


def a_house() -> House:
    the_clinic()
    site = a_site()
    return House(
        site=site,
        sara=a_clinician("Sara Haddad", site=site),
        mei=a_clinician("Mei Tanaka", site=site),
        gym=a_room("Gym", "room_gym", site=site),
        leila=a_portal_patient(given_name="Leila"),
        rosa=a_user(Role.FRONT_DESK, name="Rosa Bell"),
        office=a_user(Role.MANAGER, name="Ines Duarte"),
    )


# --- what can stand against it


def an_absolute_fact(house: House) -> None:
    facts.state(house.leila, {"suspected_cad": True}, by=_doctor(), now=NOW + timedelta(minutes=1))


def an_open_warning_sign(house: House) -> None:
    RedFlag.objects.create(patient=house.leila, code="rf_fever", urgency="same_day", raised_at=NOW)


def a_grave_question_left_open(house: House) -> None:
    doctor = _doctor()
    form = intake.start(house.leila, by=doctor, now=NOW)
    asked = [rule.code for rule in intake_questions(house.leila.age_on(MONDAY))]
    intake.save_part(form, "safety-1", dict.fromkeys(asked, False) | {"rf_fever": None}, by=doctor, now=NOW)
    intake.submit(form, by=doctor, now=NOW)


def _doctor() -> User:
    return a_user(Role.CLINICIAN, profession="physician")


# --- the doors


def by_booking(house: House, **more: Any) -> Knock:
    sent = {"patient": house.leila.pk, "service": EXERCISE, "offer": house.offer(10), **more}
    return lambda: house.desk().post(reverse("appointments:book"), sent)


def by_keeping_a_time(house: House) -> Knock:
    return by_booking(house, keep="1")


def by_overbooking(house: House) -> Knock:
    house.book(10, patient=a_portal_patient())
    sent = {"patient": house.leila.pk, "service": EXERCISE, "offer": house.offer(10), "overbook_because": "She insists"}
    return lambda: house.desk(house.office).post(reverse("appointments:book"), sent)


def by_booking_a_planned_session(house: House) -> Knock:
    plan = a_plan(house.leila, template_code=TEMPLATE, by=house.sara.user)
    session = plan.sessions.filter(modality=EXERCISE).earliest("due_on")
    sent = {"patient": house.leila.pk, "session": session.pk, "offer": house.offer(10)}
    return lambda: house.desk().post(reverse("appointments:book"), sent)


def by_moving(house: House) -> Knock:
    visit = house.book(10)
    url = reverse("appointments:move", args=[visit.pk])
    return lambda: house.desk().post(url, {"offer": house.offer(14), "revision": visit.revision})


def by_standing_in(house: House) -> Knock:
    visit = house.book(10)
    url = f"{reverse('desk:stand_in', args=['2026-09-16'])}?clinician={house.sara.pk}&site={house.site.pk}"
    sent = {"visit": visit.pk, f"offer-{visit.pk}": house.offer(11, by=house.mei), f"revision-{visit.pk}": 0}
    return lambda: house.desk().post(url, sent)


def by_undoing_a_cancellation(house: House) -> Knock:
    return _undo(house, booking.cancel(house.book(10), reason="ill", by=house.rosa, now=NOW))


def by_undoing_a_move(house: House) -> Knock:
    visit = house.book(10)
    moved = booking.move(
        visit, starts_at=at(14, day=16), resources=(house.sara, house.gym), revision=0, by=house.rosa, now=NOW
    )
    return _undo(house, moved)


def _undo(house: House, visit: Appointment) -> Knock:
    change = VisitChange.objects.filter(appointment=visit).latest("revision")
    return lambda: house.desk().post(reverse("appointments:undo_visit", args=[visit.pk]), {"revision": change.revision})


def by_a_place_in_a_class(house: House) -> Knock:
    url = reverse("appointments:group_seat", args=[house.a_class(10).pk])
    return lambda: house.desk().post(url, {"patient": house.leila.pk})


def by_another_class(house: House) -> Knock:
    one, other = house.a_class(10), house.a_class(14)
    seat = seats.seat(one, patient=house.leila, by=house.rosa, now=NOW)
    url = reverse("appointments:reseat", args=[seat.pk])
    return lambda: house.desk().post(url, {"group": other.pk, "revision": seat.revision})


def by_a_yes_on_the_phone_to_a_freed_time(house: House) -> Knock:
    can_make = waitlist.CanMake(from_on=MONDAY, until_on=MONDAY + timedelta(days=10))
    entry = waitlist.add(house.leila, EXERCISE, can_make, by=house.rosa, now=NOW, on=MONDAY)
    url = f"{reverse('appointments:waitlist_offer')}?visit={house.a_freed_time().pk}"
    return lambda: house.desk().post(url, {"yes": entry.pk})


def by_a_yes_on_the_phone_to_an_offer(house: House) -> Knock:
    url = reverse("appointments:waitlist_answer", args=[house.an_offered_time().pk])
    return lambda: house.desk().post(url, {"do": "yes"}, follow=True)


def by_the_link_of_an_offer(house: House) -> Knock:
    url = reverse("portal:offer", args=[house.an_offered_time().link_token])
    return lambda: Client().post(url, {"do": "yes"})


def by_walking_in(house: House, **more: Any) -> Knock:
    sent = {"patient": house.leila.pk, "service": EXERCISE, "site": house.site.pk, **more}
    return lambda: house.desk(house.office).post(reverse("appointments:walk_in"), sent)


def by_squeezing_in(house: House) -> Knock:
    knock = by_walking_in(house, squeeze="1", clinician=house.sara.pk, because="Acute pain")

    def in_opening_hours() -> HttpResponse:
        with time_machine.travel(at(10), tick=False):
            return knock()

    return in_opening_hours


def by_checking_in(house: House) -> Knock:
    return _step(house, house.book(10, day=14), Status.ARRIVED)


def by_calling_in(house: House) -> Knock:
    return _step(house, house.arrived(house.book(10, day=14)), Status.IN_ROOM)


def by_ticking_off(house: House) -> Knock:
    return _step(house, house.arrived(house.book(10, day=14)), Status.DONE)


def _step(house: House, visit: Appointment, status: str) -> Knock:
    sent = {"status": status, "was": visit.status}
    return lambda: house.desk().post(reverse("appointments:status", args=[visit.pk]), sent)


def by_ticking_off_a_class(house: House) -> Knock:
    group = house.a_class(10, day=14)
    house.arrived(seats.seat(group, patient=house.leila, by=house.rosa, now=NOW))
    return lambda: house.desk().post(reverse("appointments:group_everybody", args=[group.pk]), {"status": Status.DONE})


def by_a_plan(house: House) -> Knock:
    sent = {"template_code": TEMPLATE, "starts_on": MONDAY.isoformat()}
    return lambda: house.desk(house.sara.user).post(reverse("programs:start", args=[house.leila.pk]), sent)


def by_signing_it_as_given(house: House) -> Knock:
    visit = house.book(10, day=14)
    consents_signed(house.leila, EXERCISE)
    url, screen = reverse("desk:clinic_visit", args=[visit.pk]), house.desk(house.sara.user)
    tapped = {"treatments": [EXERCISE], f"t_{EXERCISE}_technique": "ex_isometric", "worst": "3"}
    screen.post(url, tapped | {"revision": "0", "do": "all_no"})
    visit.refresh_from_db()
    assert visit.assessment
    return lambda: screen.post(url, tapped | {"revision": visit.assessment.revision, "sign": "1"})


def by_exercises_for_home(house: House) -> Knock:
    plan = a_plan(house.leila, template_code=TEMPLATE, by=house.sara.user)
    chosen = ["ex_chin_tuck_sitting", "ex_scapular_retraction"]
    sent = {"shown": chosen, "give": chosen, "seen": chosen, "version": plan.version, "do": "send"}
    return lambda: house.desk(house.sara.user).post(reverse("programs:prescribe", args=[house.leila.pk]), sent)


def by_booking_the_whole_plan(house: House) -> Knock:
    services = [it for it in offering.current().values() if it.is_enabled and not it.is_class]
    for clinician in (house.sara, house.mei):
        clinician.offers = sorted({code for it in services for code in it.professions})
        clinician.save()
    a_room("Everything", *sorted({code for it in services for code in it.room_kinds}), site=house.site)
    plan = a_plan(house.leila, template_code=TEMPLATE, by=house.sara.user)
    url = reverse("appointments:plan_book", args=[plan.pk])
    shown = house.desk().get(url).content.decode()
    sent = {name: re.findall(rf'name="{name}" value="([^"]+)"', shown)[0] for name in ("proposal", "request_key")}
    return lambda: house.desk().post(url, sent)


def by_more_sessions(house: House) -> Knock:
    plan = a_plan(house.leila, template_code=TEMPLATE, by=house.sara.user)
    planned = sorted((it for phase in plan.phases.all() for it in phase.sessions.all()), key=lambda it: it.due_on)
    lane = list(dict.fromkeys(it.modality for it in planned)).index(EXERCISE) + 1
    sent = {"seen": plan.version, "why": "Better", f"more_{lane}": 2, f"every_{lane}": 7}
    url = reverse("programs:revise", args=[house.leila.pk])
    return lambda: house.desk(house.sara.user).post(url, sent)

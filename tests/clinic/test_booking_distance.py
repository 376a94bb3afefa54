"""A treatment keeps its distance from the others that are booked for the same patient, whichever door books it."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from booking_cast import Cast, a_cast, at, service
from django.test import Client
from django.urls import reverse
from factories import NOW, a_clinician, a_room, a_user
from office_cast import text

from clinic.appointments.actions import booking, neighbours, reservations, undo
from clinic.appointments.actions.availability import Offer
from clinic.appointments.actions.wanted import Wanted
from clinic.appointments.models import Appointment, Reservation, VisitChange
from clinic.appointments.web.choices import NEAR, TOO_NEAR
from people.rules.permissions import Role
from people.rules.refusal import NotAllowed
from programs.actions.safety import CannotBeOverridden, TooNear, Treatment
from programs.models import Override, SafetyDecision

pytestmark = pytest.mark.django_db

NEEDLES = "dry_needling"  # at one place not within 2 days, better not within 5


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast() -> Cast:
    found = a_cast()
    found.sara = a_clinician("Sara Physician", profession="physician", site=found.site)
    found.room = a_room("Room 2", "room_treatment", "room_consult", site=found.site)
    return found


def needles(cast: Cast, day: int, hour: int = 10, **changes: Any) -> Appointment:
    return cast.book(at(hour, day=day), service=service(NEEDLES), **changes)


def offer_at(cast: Cast, day: int) -> Offer:
    return Offer(
        starts_at=at(10, day=day), ends_at=at(10, 30, day=day), site=cast.site, clinician=cast.sara, room=cast.room
    )


def moved(cast: Cast, visit: Appointment, day: int, hour: int = 10) -> Appointment:
    return booking.move(
        visit, starts_at=at(hour, day=day), resources=cast.pieces, revision=visit.revision, by=cast.rosa, now=NOW
    )


def test_a_treatment_too_near_to_another_one_that_is_booked_is_refused(cast: Cast) -> None:
    needles(cast, 16)

    for day in (15, 17):
        with pytest.raises(TooNear, match="ask a clinician"):
            needles(cast, day)
    cast.book(at(9, day=17))  # an assessment keeps no distance
    needles(cast, 18)

    assert Appointment.objects.count() == 3


def test_visits_of_one_set_keep_their_distance_from_each_other(cast: Cast) -> None:
    near = [
        Wanted(service=service(NEEDLES), starts_at=at(10, day=day), resource_ids=cast.piece_ids) for day in (15, 16)
    ]

    with pytest.raises(TooNear):
        booking.book_all(cast.leila, near, by=cast.rosa, now=NOW)

    assert not Appointment.objects.exists()


def test_a_visit_is_not_moved_too_near_but_its_old_day_does_not_hinder_it(cast: Cast) -> None:
    needles(cast, 15)
    second = needles(cast, 22)

    with pytest.raises(TooNear):
        moved(cast, second, 16)
    second = moved(cast, Appointment.objects.get(pk=second.pk), 23)

    assert second.starts_at == at(10, day=23)


def test_visits_that_move_together_are_held_against_where_they_go(cast: Cast) -> None:
    both = [needles(cast, 15), needles(cast, 22)]
    offers = [offer_at(cast, day) for day in (22, 23)]  # the first goes where the second was

    with pytest.raises(TooNear):
        booking.move_all(list(zip(both, offers, strict=True)), by=cast.rosa, now=NOW)


def test_a_visit_that_is_too_near_already_may_move_within_its_day(cast: Cast) -> None:
    Override.objects.create(
        patient=cast.leila, modality=NEEDLES, rules=["int_dn_dn"], reason="One needle", rulebook_version="1",
        by=cast.rosa, at=NOW, on=at(10, day=16).date(), until=at(10, day=16).date(),
    )  # fmt: skip
    needles(cast, 15)
    near = needles(cast, 16)
    Override.objects.update(revoked_at=NOW, revoked_by=cast.rosa)

    assert moved(cast, near, 16, hour=14).starts_at == at(14, day=16)


def test_a_time_that_is_kept_for_a_caller_is_asked_the_same(cast: Cast) -> None:
    needles(cast, 15)
    offer = offer_at(cast, 16)

    with pytest.raises(TooNear):
        reservations.keep(offer.code, service(NEEDLES), cast.leila, by=cast.rosa, now=NOW)

    assert not Reservation.objects.exists()


def test_a_cancelled_visit_does_not_come_back_beside_another_one(cast: Cast) -> None:
    first = needles(cast, 15)
    booking.cancel(first, reason="ill", by=cast.rosa, now=NOW)
    needles(cast, 16)

    with pytest.raises(TooNear):
        undo.undo(VisitChange.objects.get(deed="cancelled"), by=cast.rosa, now=NOW)


def test_the_distance_is_asked_in_the_query_that_looks_for_clashes(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    needles(cast, 15)
    with django_assert_max_num_queries(100) as alone:
        needles(cast, 22)
    for day in (25, 28, 30):
        needles(cast, day)
    with django_assert_max_num_queries(len(alone)):
        cast.book(at(10, day=6, month=10), service=service(NEEDLES))
    assert not any('"appointments_appointment"."status" IN' in it["sql"] for it in alone if "hold" not in it["sql"])


# --- what is said


def test_the_desk_reads_that_a_time_is_nearer_than_is_best_and_never_why(cast: Cast, client: Client) -> None:
    client.force_login(cast.rosa)
    needles(cast, 16)
    url = reverse("appointments:book")

    near = text(client.get(url, {"patient": cast.leila.pk, "service": NEEDLES, "day": "2026-09-18"}))
    too_near = text(client.get(url, {"patient": cast.leila.pk, "service": NEEDLES, "day": "2026-09-17"}))
    soft = needles(cast, 18)
    card = text(client.get(soft.get_absolute_url()))

    assert str(NEAR) in near
    assert str(TOO_NEAR) in too_near
    assert str(NEAR) in card
    assert "same region" not in card
    assert str(NEAR) not in text(client.get(needles(cast, 30).get_absolute_url()))


def test_whoever_moves_a_visit_reads_it_too_and_its_own_day_does_not_count(cast: Cast, client: Client) -> None:
    client.force_login(cast.rosa)
    needles(cast, 16)
    url = reverse("appointments:move", args=[needles(cast, 23).pk])
    pages = {day: client.get(url, {"day": f"2026-09-{day}"}) for day in (17, 18, 24)}
    said = {
        day: (
            page.context["day_near"],
            {near for each, near in page.context["best"] if each.offer.starts_at.day == day},
        )
        for day, page in pages.items()
    }

    assert said == {17: (TOO_NEAR, {TOO_NEAR}), 18: (NEAR, {NEAR}), 24: ("", {""})}
    assert str(NEAR) in text(pages[18])
    assert str(TOO_NEAR) in text(pages[17])


def test_a_clinician_unlocks_a_distance_for_one_day_and_books(cast: Cast, client: Client) -> None:
    tara = a_user(Role.CLINICIAN, profession="physician")
    needles(cast, 16)
    asked = {"treatment": NEEDLES, "day": "2026-09-17"}
    address = reverse("appointments:nearer", args=[cast.leila.pk])
    client.force_login(tara)
    assert address in client.get(reverse("programs:safety", args=[cast.leila.pk])).content.decode()

    page = client.get(address, asked)
    assert "Stands in the way" in text(page)
    assert client.post(f"{address}?treatment={NEEDLES}&day=2026-09-17", {"reason": " "}).status_code == 422
    done = client.post(f"{address}?treatment={NEEDLES}&day=2026-09-17", {"reason": "Another muscle"})

    assert done.status_code == 302
    unlocked = Override.objects.get()
    assert (unlocked.rules, unlocked.by, unlocked.on) == (["int_dn_dn"], tara, at(10, day=17).date())
    near = needles(cast, 17)
    assert SafetyDecision.objects.get(on=near.local_start.date()).overridden == ["int_dn_dn"]
    with pytest.raises(TooNear):
        needles(cast, 18)
    assert client.get(address, {"treatment": "cupping", "day": "x"}).status_code == 422
    assert client.get(address, asked | {"technique": "none"}).status_code == 422
    for day in ("9999-12-31", "0001-01-01", "2026-09-13"):
        assert "Choose a day from today to two years ahead" in text(client.get(address, asked | {"day": day}))


def test_the_desk_unlocks_no_distance(cast: Cast, client: Client) -> None:
    client.force_login(cast.rosa)
    assert client.get(reverse("appointments:nearer", args=[cast.leila.pk])).status_code == 404
    day = at(10, day=17).date()
    with pytest.raises(NotAllowed):
        neighbours.unlock(cast.leila, Treatment(NEEDLES, day), reason="why not", by=cast.rosa, now=NOW)
    with pytest.raises(CannotBeOverridden):
        neighbours.unlock(
            cast.leila, Treatment(NEEDLES, day), reason="x", by=a_user(Role.CLINICIAN, profession="physician"), now=NOW
        )

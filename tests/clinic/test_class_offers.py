"""A place in a class that somebody gave back goes to those who wait for one, as a freed time does."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from booking_cast import at
from class_cast import CLASS, ClassCast, a_class_cast
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient, consents_signed
from outbox_cast import look
from race_cast import Race, overlaps
from waiting_cast import a_gap, a_wish, offered, states, who_fits

from clinic.appointments.actions import booking, groups, matches, offers, seats, undo
from clinic.appointments.models import Appointment, SlotOffer, VisitChange, WaitlistEntry
from clinic.appointments.rules.class_refusals import ClassFull
from patients.models import Patient, RedFlag
from people.models import AuditEvent
from programs.actions.safety import HeldByRedFlag

OFFER = "appointments:waitlist_offer"
CLIENTS = 16


@pytest.fixture
def cast() -> ClassCast:
    return a_class_cast()


@pytest.fixture
def the_morning() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def waits(cast: ClassCast, **wish: Any) -> WaitlistEntry:
    patient = a_patient(email=f"class{Patient.objects.count()}@example.org")
    entry: WaitlistEntry = a_wish(cast.usual, consents_signed(patient, "exercise_program"), service_code=CLASS, **wish)
    return entry


def a_freed_place(cast: ClassCast, *, taken: int = 2) -> Appointment:
    """A class of `taken` places, all given, of which one is called off."""
    [group] = cast.create(at(9, day=16), places=taken)
    visits = [cast.seat(group) for _ in range(taken)]
    return booking.cancel(visits[0], reason="Cannot come", by=cast.usual.rosa, now=NOW)


@pytest.mark.django_db
def test_a_place_that_is_given_back_is_offered_to_whoever_waits_for_the_class(cast: ClassCast) -> None:
    freed = a_freed_place(cast)
    wishes = [waits(cast), waits(cast)]
    a_wish(cast.usual)  # for a time of their own: a place in a class is none

    gap = a_gap(freed)
    fitting = who_fits(gap)
    given = offered(cast.usual, gap)
    one = offers.accept(given[0], by=None, now=NOW)

    assert {match.entry for match in fitting} == set(wishes)
    assert {match.offer.starts_at for match in fitting} == {at(9, day=16)}
    visit = one.appointment
    assert visit
    assert (visit.group_id, visit.seat, visit.status, one.state) == (freed.group_id, 1, "confirmed", "taken")
    assert states(*given) == ["taken", "gone"]
    assert WaitlistEntry.objects.waiting().filter(service_code=CLASS).count() == 1
    deeds = set(AuditEvent.objects.filter(by=None).values_list("deed", flat=True))
    assert {"appointment.booked_by_link", "appointment.confirmed_by_link", "waitlist.accepted_by_link"} <= deeds


@pytest.mark.django_db
def test_nobody_is_offered_a_class_they_cannot_make(cast: ClassCast) -> None:
    freed = a_freed_place(cast)
    can, _other_days = waits(cast), waits(cast, weekdays=[0])
    sits = Appointment.objects.standing().get(group=freed.group).patient
    a_wish(cast.usual, sits, service_code=CLASS)

    assert [match.entry for match in who_fits(a_gap(freed))] == [can]


@pytest.mark.django_db
def test_a_place_that_is_gone_or_a_class_that_moved_is_not_given(cast: ClassCast) -> None:
    freed = a_freed_place(cast)
    waits(cast)
    [offer] = offered(cast.usual, a_gap(freed))
    assert freed.group
    cast.seat(freed.group)

    assert matches.gap_of(freed, now=NOW) is None
    assert offers.accept(offer, by=None, now=NOW).state == "gone"

    again = a_freed_place_at_another_time(cast)
    [second] = offered(cast.usual, a_gap(again))
    group = again.group
    assert group
    groups.change(
        group,
        name=group.name,
        places=group.places,
        starts_at=at(14, day=17),
        resources=cast.pieces,
        revision=group.revision,
        by=cast.usual.rosa,
        now=NOW,
    )
    assert offers.accept(second, by=None, now=NOW).state == "gone"


def a_freed_place_at_another_time(cast: ClassCast) -> Appointment:
    [group] = cast.create(at(11, day=17), places=2)
    visit = cast.seat(group)
    return booking.cancel(visit, reason="", by=cast.usual.rosa, now=NOW)


@pytest.mark.django_db
def test_a_class_that_was_called_off_or_has_begun_leaves_nothing_to_offer(cast: ClassCast) -> None:
    freed = a_freed_place(cast)
    assert matches.gap_of(freed, now=at(9, day=16)) is None
    assert freed.group
    groups.cancel(freed.group, reason="Clinic", by=cast.usual.rosa, now=NOW)
    freed.refresh_from_db()
    assert matches.gap_of(freed, now=NOW) is None


@pytest.mark.django_db
def test_a_place_is_not_taken_past_a_warning_sign(cast: ClassCast) -> None:
    freed = a_freed_place(cast)
    entry = waits(cast)
    [offer] = offered(cast.usual, a_gap(freed))
    RedFlag.objects.create(patient=entry.patient, code="rf_unknown", urgency="same_day", raised_at=NOW)

    with pytest.raises(HeldByRedFlag):
        offers.accept(offer, by=None, now=NOW)
    assert states(offer) == ["open"]


@pytest.mark.django_db
def test_a_place_taken_at_the_desk_by_mistake_is_waited_for_again_when_undone(cast: ClassCast) -> None:
    freed = a_freed_place(cast)
    entry = waits(cast)
    [offer] = offered(cast.usual, a_gap(freed))
    taken = offers.accept(offer, by=cast.usual.rosa, now=NOW)

    change = VisitChange.objects.get(appointment=taken.appointment, undone_at=None)
    undo.undo(change, by=cast.usual.rosa, now=NOW + timedelta(seconds=30))

    assert WaitlistEntry.objects.waiting().get() == entry
    assert matches.gap_of(freed, now=NOW)


@pytest.mark.django_db
def test_the_desk_offers_a_place_from_the_class_and_from_the_visit_that_was_called_off(
    cast: ClassCast, client: Client, the_morning: None
) -> None:
    freed = a_freed_place(cast)
    waits(cast)
    client.force_login(cast.usual.rosa)

    of_class = client.get(reverse("appointments:group", args=[freed.group_id])).content.decode()
    by_visit = client.get(reverse(OFFER), {"visit": str(freed.pk)}).content.decode()
    listed = client.get(reverse("appointments:waitlist")).content.decode()
    entry = WaitlistEntry.objects.get()
    answer = client.post(f"{reverse(OFFER)}?group={freed.group_id}", {"entry": str(entry.pk)}, follow=True)

    assert f"{reverse(OFFER)}?group={freed.group_id}" in of_class
    assert "Wednesday 16 September, 09:00 to 09:45" in by_visit
    assert "Wed 16 Sep, 09:00" in listed  # the first they could have this week
    assert "Offered to 1 person." in answer.content.decode()
    offer = SlotOffer.objects.get()
    page = client.get(reverse("portal:offer", args=[offer.link_token]))
    assert "Wednesday 16 September" in page.content.decode()
    assert client.get(reverse(OFFER), {"group": str(entry.pk)}).status_code == 404


@pytest.mark.django_db
def test_the_letter_about_a_place_leaves_only_while_there_is_one(
    cast: ClassCast, mailoutbox: list[EmailMessage]
) -> None:
    freed = a_freed_place(cast)
    waits(cast)
    offered(cast.usual, a_gap(freed))
    later = a_freed_place_at_another_time(cast)
    waits(cast)
    offered(cast.usual, a_gap(later))
    assert freed.group
    cast.seat(freed.group)

    look(NOW + timedelta(minutes=5))

    about = [mail.subject for mail in mailoutbox if "free" in mail.subject]
    assert set(about) == {"A time is free on Thursday 17 September"}


@pytest.mark.django_db(transaction=True)
def test_of_many_who_say_yes_and_a_desk_that_seats_one_has_the_last_place(cast: ClassCast) -> None:
    race = Race(CLIENTS)
    freed = a_freed_place(cast)
    for _ in range(CLIENTS - 1):
        waits(cast)
    given = offered(cast.usual, a_gap(freed))
    assert freed.group
    walks_up = consents_signed(a_patient(), "exercise_program")

    said = race.run(
        [
            *(partial(offers.accept, it, by=None, now=NOW) for it in given),
            partial(seats.seat, freed.group, patient=walks_up, by=cast.usual.rosa, now=NOW),
        ]
    )
    race.stop()

    desk = said.pop()
    won = Counter(it.state for it in said)
    if isinstance(desk, ClassFull):
        assert won == {"taken": 1, "gone": CLIENTS - 2}
    else:
        assert (won, desk.seat) == ({"gone": CLIENTS - 1}, 1)
    seated = list(Appointment.objects.standing().filter(group=freed.group).values_list("seat", flat=True))
    assert (sorted(s or 0 for s in seated), overlaps()) == ([1, 2], 0)

"""A visit is made longer or shorter: by the same rules, line to confirm and undo as a move."""

from datetime import timedelta

import pytest
import time_machine
from booking_cast import Cast, a_cast, at
from django.test import Client
from django.urls import reverse
from factories import NOW, a_clinician, a_patient, a_room, a_user
from waiting_cast import a_cancelled_visit, a_gap, a_wish, offered, states, who_fits

from clinic.appointments.actions import attendance, booking, offers, stand_in, undo
from clinic.appointments.models import Appointment, Hold, Resource, SlotOffer, VisitChange
from clinic.appointments.rules.lengths import OddLength, lengths
from clinic.appointments.rules.refusals import OutsideHours, SlotTaken
from clinic.appointments.rules.status import Status
from people.models import AuditEvent
from people.rules.permissions import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return a_cast()


def made(cast: Cast, visit: Appointment, minutes: int) -> Appointment:
    held = Resource.objects.filter(holds__appointment=visit).exclude(kind="patient")
    return booking.move(
        visit,
        starts_at=visit.starts_at,
        resources=list(held),
        revision=visit.revision,
        by=cast.rosa,
        now=NOW,
        minutes=minutes,
    )


def kept(visit: Appointment) -> dict[str, tuple[timedelta, timedelta]]:
    """How long before and after the visit each is kept."""
    return {
        it.resource.kind: (visit.starts_at - it.during.lower, it.during.upper - visit.ends_at)
        for it in Hold.objects.filter(appointment=visit).select_related("resource")
    }


def test_a_longer_visit_keeps_what_is_prepared_and_cleaned_around_it(cast: Cast) -> None:
    visit = cast.book(at(10))
    margins = kept(visit)

    longer = made(cast, visit, 60)

    assert (longer.ends_at, kept(longer)) == (at(11), margins)
    assert AuditEvent.objects.get(deed="appointment.moved").detail["minutes"] == 60


def test_who_has_confirmed_need_not_do_so_again_for_a_longer_visit(cast: Cast) -> None:
    visit = attendance.confirm(cast.book(at(10)), by=cast.rosa, now=NOW)

    assert made(cast, visit, 45).status == Status.CONFIRMED


def test_a_longer_visit_is_refused_where_the_next_one_begins_or_work_ends(cast: Cast) -> None:
    visit = cast.book(at(10))
    cast.book(at(10, 45), patient=a_patient())
    with pytest.raises(SlotTaken):
        made(cast, visit, 60)
    closing = cast.book(at(16, 30))
    with pytest.raises(OutsideHours):
        made(cast, closing, 60)


@pytest.mark.parametrize("minutes", [0, 5, 40, 75, -1])
def test_a_length_off_the_grid_or_beyond_twice_the_usual_is_refused(cast: Cast, minutes: int) -> None:
    visit = cast.book(at(10))

    with pytest.raises(OddLength):
        made(cast, visit, minutes)
    assert list(lengths(30)) == [15, 30, 45, 60]


def test_a_length_is_undone_and_stays_when_the_visit_moves(cast: Cast) -> None:
    visit = made(cast, cast.book(at(10)), 45)
    moved = booking.move(
        visit, starts_at=at(13), resources=[cast.sara, cast.room], revision=visit.revision, by=cast.rosa, now=NOW
    )
    assert moved.ends_at == at(13, 45)

    undo.undo(VisitChange.objects.get(revision=2), by=cast.rosa, now=NOW)
    visit.refresh_from_db()
    assert (visit.starts_at, visit.ends_at) == (at(10), at(10, 45))


@time_machine.travel(NOW, tick=False)
def test_the_length_is_changed_on_the_move_page_and_by_the_line_that_asks(cast: Cast, client: Client) -> None:
    visit = cast.book(at(10))
    client.force_login(cast.rosa)
    url = reverse("appointments:move", args=[visit.pk])
    drop = {"at": str(int(visit.starts_at.timestamp())), "to": str(cast.sara.pk)}

    page = client.get(url).content.decode()
    line = client.get(reverse("desk:drop", args=[visit.pk]), drop | {"minutes": "45"}).content.decode()
    odd = client.get(reverse("desk:drop", args=[visit.pk]), drop | {"minutes": "75"}).content.decode()
    answer = client.post(url, {"revision": "0", "as_it_stands": "1", "minutes": "45"})
    refused = client.post(url, {"revision": "1", "as_it_stands": "1", "minutes": "75"})

    assert '<option value="30" selected>' in page
    assert "45 minutes from 10:00 on?" in line
    assert 'name="minutes" value="45"' in line
    assert "cannot" in odd
    visit.refresh_from_db()
    assert (answer.status_code, refused.status_code, visit.ends_at) == (302, 409, at(10, 45))
    client.force_login(a_user(Role.PATIENT))
    assert client.post(url, {"as_it_stands": "1", "minutes": "60"}).status_code == 404


def test_a_longer_visit_of_somebody_sick_goes_where_all_of_it_fits(cast: Cast) -> None:
    mei, omar = a_clinician("Mei Tanaka"), a_clinician("Omar Aziz")
    visit = made(cast, cast.book(at(10)), 60)
    cast.book(at(10, 30), patient=a_patient(), resources=[mei, a_room("Room 2")])

    (line,) = stand_in.proposal([visit], now=NOW)

    assert line.offer is not None
    assert (line.offer.clinician, line.offer.starts_at, line.offer.ends_at) == (omar, at(10), at(11))
    (moved,) = booking.move_all([(visit, line.offer)], by=cast.rosa, now=NOW)
    assert (moved.clinician, moved.starts_at, moved.ends_at) == (omar, at(10), at(11))


def test_who_waits_with_a_longer_visit_is_offered_only_what_holds_all_of_it(cast: Cast) -> None:
    visit = made(cast, cast.book(at(10, day=24)), 60)
    a_wish(cast, cast.leila, visit=visit)
    gone = a_cancelled_visit(cast)
    after = cast.book(at(10, 45, day=16), patient=a_patient())
    before = cast.book(at(9, 15, day=16), patient=a_patient())

    assert who_fits(a_gap(gone)) == []

    for it in (before, after):
        booking.cancel(it, reason="x", by=cast.rosa, now=NOW)
    (offer,) = offered(cast, a_gap(gone))
    offers.accept(offer, by=None, now=NOW)
    visit.refresh_from_db()
    assert states(offer) == [SlotOffer.State.TAKEN]
    assert (visit.starts_at, visit.ends_at) == (at(10, day=16), at(11, day=16))


@time_machine.travel(NOW, tick=False)
def test_a_length_that_the_service_no_longer_has_is_kept_until_it_is_changed(cast: Cast, client: Client) -> None:
    visit = cast.book(at(10))
    Appointment.objects.filter(pk=visit.pk).update(ends_at=at(10, 50))
    client.force_login(cast.rosa)
    url = reverse("appointments:move", args=[visit.pk])
    drop = {"at": str(int(at(13).timestamp())), "to": str(cast.sara.pk)}

    page = client.get(url)
    line = client.get(reverse("desk:drop", args=[visit.pk]), drop).content.decode()
    offer = page.context["times"].best[0].offer
    answer = client.post(url, {"revision": "0", "offer": offer.code, "minutes": "50"})

    assert '<option value="50" selected>' in page.content.decode()
    assert 'name="minutes" value="50"' in line
    visit.refresh_from_db()
    assert (answer.status_code, visit.minutes, visit.starts_at) == (302, 50, offer.starts_at)

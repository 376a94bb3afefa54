"""Fifty at once on every path that changes a visit: no overlap, one winner, nothing lost, no error but "taken"."""

import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from booking_cast import Cast, a_cast, service
from django.test import Client
from django.urls import reverse
from factories import NOW, a_clinician, a_patient, a_room, a_user
from race_cast import CLIENTS, Race, outcome, overlaps, rounds, who_have_been_here, work_around_the_clock

from clinic.appointments.actions import booking, reservations, undo
from clinic.appointments.actions.availability import Offer
from clinic.appointments.models import Appointment, Hold, Reservation, VisitChange
from clinic.appointments.rules.refusals import SlotTaken, TooLateToUndo
from patients.models import Patient
from people.models import AuditEvent, User
from people.rules.permissions import Role
from people.rules.refusal import ChangedMeanwhile

pytestmark = pytest.mark.django_db(transaction=True)

FAR = timedelta(days=30)
SOON = NOW + timedelta(seconds=20)
A_FEW = 16


@pytest.fixture
def cast() -> Cast:
    cast = a_cast()
    work_around_the_clock(cast.sara, cast)
    return cast


def visits_of(cast: Cast, patients: list[Patient]) -> list[Appointment]:
    """A visit of each, far from what they will fight for."""
    times = (starts_at + FAR for starts_at in rounds(len(patients)))
    return [cast.book(starts_at, patient=patient) for patient, starts_at in zip(patients, times, strict=True)]


def move(cast: Cast, visit: Appointment, starts_at: datetime, **changes: Any) -> Appointment:
    asked = {"resources": cast.pieces, "revision": visit.revision, "by": cast.rosa, "now": NOW}
    return booking.move(visit, starts_at=starts_at, **asked | changes)


def code_for(cast: Cast, starts_at: datetime) -> str:
    return f"{starts_at:%Y%m%dT%H%M}~{cast.sara.pk.hex}~{cast.room.pk.hex}"


def test_of_fifty_visits_moved_to_the_same_time_one_gets_there_and_the_others_stay(race: Race, cast: Cast) -> None:
    visits = visits_of(cast, who_have_been_here(CLIENTS))

    for wanted in rounds(3):
        fresh = list(Appointment.objects.filter(pk__in=[visit.pk for visit in visits]))
        results = race.run([partial(move, cast, visit, wanted) for visit in fresh])
        assert outcome(results) == Counter({Appointment: 1, SlotTaken: CLIENTS - 1})

    assert overlaps() == 0
    assert Hold.objects.count() == 3 * CLIENTS
    assert Appointment.objects.filter(revision__gt=0).count() <= 3


def test_fifty_changes_of_one_visit_leave_one_of_them(race: Race, cast: Cast) -> None:
    for starts_at in rounds(3):
        visit = cast.book(starts_at, patient=a_patient())
        # Days apart, so that no round wants what the winner of another holds, and before the clocks change: an
        # hour later there is midnight, when nobody works.
        deeds: list[Any] = [partial(move, cast, visit, starts_at + timedelta(days=n)) for n in range(1, 26)]
        deeds += [partial(booking.cancel, visit, reason="", by=None, now=NOW) for _ in range(25)]
        assert outcome(race.run(deeds)) == Counter({Appointment: 1, ChangedMeanwhile: CLIENTS - 1})
        visit.refresh_from_db()
        assert (visit.revision, visit.changes.count()) == (1, 2)

    assert overlaps() == 0


def test_of_fifty_desks_that_want_to_keep_a_time_one_keeps_it(race: Race, cast: Cast) -> None:
    patients = who_have_been_here(CLIENTS)

    for starts_at in rounds(3):
        code = code_for(cast, starts_at)
        results = race.run(
            [partial(reservations.keep, code, service(), it, by=cast.rosa, now=NOW) for it in patients]
        )  # fmt: skip
        assert outcome(results) == Counter({Reservation: 1, SlotTaken: CLIENTS - 1})

    assert overlaps() == 0


def test_a_time_whose_minutes_are_over_goes_to_one_of_fifty_while_the_worker_sweeps(race: Race, cast: Cast) -> None:
    patients = who_have_been_here(CLIENTS - 1)
    later = NOW + timedelta(minutes=11)

    for starts_at in rounds(3):
        reservations.keep(code_for(cast, starts_at), service(), a_patient(), by=cast.rosa, now=NOW)
        deeds: list[Any] = [partial(cast.book, starts_at, patient=patient, now=later) for patient in patients]
        results = race.run([*deeds, partial(reservations.sweep, now=later)])
        assert outcome(results) == Counter({Appointment: 1, SlotTaken: CLIENTS - 2, int: 1})

    assert (overlaps(), Reservation.objects.count()) == (0, 0)


def test_fifty_clinicians_who_overbook_all_get_in_and_all_but_one_are_marked(race: Race, cast: Cast) -> None:
    patients, mei = who_have_been_here(CLIENTS), a_user(Role.CLINICIAN)

    for starts_at in rounds(3):
        deeds = [
            partial(cast.book, starts_at, patient=patient, by=mei, overbook_because="Flood") for patient in patients
        ]
        assert outcome(race.run(deeds)) == Counter({Appointment: CLIENTS})
        here = Appointment.objects.filter(starts_at=starts_at)
        assert here.filter(overbooked_because="").count() == 1

    assert overlaps() == 0
    assert not Hold.objects.filter(is_overbooked=True, resource__kind="patient").exists()


def test_an_overbooking_never_opens_the_door_for_others(race: Race, cast: Cast) -> None:
    patients, mei = who_have_been_here(CLIENTS), a_user(Role.CLINICIAN)

    for starts_at in rounds(3):
        deeds = [partial(cast.book, starts_at, patient=patient) for patient in patients[1:]]
        over = partial(cast.book, starts_at, patient=patients[0], by=mei, overbook_because="Flood")
        results = race.run([over, *deeds])
        assert isinstance(results[0], Appointment)
        assert set(outcome(results[1:])) <= {Appointment, SlotTaken}
        unmarked = Appointment.objects.filter(starts_at=starts_at, overbooked_because="")
        assert unmarked.count() == 1

    assert overlaps() == 0


def test_undone_fifty_times_at_once_is_undone_once(race: Race, cast: Cast) -> None:
    for starts_at in rounds(3):
        visit = move(cast, cast.book(starts_at, patient=a_patient()), starts_at + FAR)
        change = VisitChange.objects.get(appointment=visit, revision=1)
        results = race.run([partial(_undo, change.pk, cast.rosa) for _ in range(CLIENTS)])
        assert outcome(results) == Counter({Appointment: CLIENTS})
        visit.refresh_from_db()
        assert (visit.starts_at, visit.revision, visit.holds.count()) == (starts_at, 2, 3)

    assert AuditEvent.objects.filter(deed="appointment.undone").count() == 3


def _undo(change_id: int, by: User) -> Appointment:
    return undo.undo(VisitChange.objects.get(pk=change_id), by=by, now=SOON)


def test_a_cancellation_undone_while_fifty_want_the_time_has_one_outcome(race: Race, cast: Cast) -> None:
    patients = who_have_been_here(CLIENTS - 1)

    for starts_at in rounds(3):
        visit = booking.cancel(cast.book(starts_at, patient=a_patient()), reason="", by=cast.rosa, now=NOW)
        change = VisitChange.objects.get(appointment=visit, revision=1)
        deeds = [partial(cast.book, starts_at, patient=patient) for patient in patients]
        results = race.run([partial(_undo, change.pk, cast.rosa), *deeds])
        assert outcome(results) == Counter({Appointment: 1, SlotTaken: CLIENTS - 1})
        assert Appointment.objects.standing().filter(starts_at=starts_at).count() == 1

    assert overlaps() == 0


def test_a_move_undone_while_others_move_on_ends_in_one_clear_state(race: Race, cast: Cast) -> None:
    for starts_at in rounds(3):
        visit = move(cast, cast.book(starts_at, patient=a_patient()), starts_at + FAR)
        change = VisitChange.objects.get(appointment=visit, revision=1)
        deeds: list[Any] = [partial(_undo, change.pk, cast.rosa)] * 10
        deeds += [partial(move, cast, visit, starts_at + FAR + timedelta(days=n)) for n in range(1, 11)]
        deeds += [partial(undo.send_now, visit, by=cast.rosa, now=SOON)] * 10
        results = race.run(deeds)
        assert set(outcome(results)) <= {Appointment, ChangedMeanwhile, TooLateToUndo}
        visit.refresh_from_db()
        assert visit.revision in {1, 2}
        assert visit.holds.count() == 3

    assert overlaps() == 0


def offers_for(day: list[Appointment], starts_at: datetime, *pieces: Any) -> list[tuple[Appointment, Offer]]:
    half = timedelta(minutes=30)
    times = [starts_at + timedelta(minutes=45 * n) for n in range(len(day))]
    return [
        (visit, Offer(starts_at=at, ends_at=at + half, site=visit.site, clinician=pieces[0], room=pieces[1]))
        for visit, at in zip(day, times, strict=True)
    ]


def test_two_sick_days_that_want_the_same_times_move_as_wholes(race: Race, cast: Cast) -> None:
    room = a_room("Room 2")
    mei = a_clinician("Mei Tanaka")
    work_around_the_clock(mei, cast)
    for starts_at in list(rounds(20))[::4]:
        days = []
        for n in range(2):
            times = [starts_at + FAR * (n + 1) + timedelta(days=day) for day in range(3)]
            days.append([cast.book(each, patient=a_patient()) for each in times])
        deeds = [
            partial(booking.move_all, offers_for(day, starts_at, mei, room), by=cast.rosa, now=NOW) for day in days
        ]
        results = race.run(deeds)
        assert outcome(results) == Counter({list: 1, SlotTaken: 1})

    assert overlaps() == 0


# --- through the doors


@pytest.fixture
def _monday() -> Iterator[None]:
    """The doors read the clock."""
    with time_machine.travel(NOW):
        yield


@pytest.mark.usefixtures("_monday")
def test_fifty_taps_on_the_link_cancel_once(race: Race, cast: Cast) -> None:
    for starts_at in rounds(3):
        visit = cast.book(starts_at + FAR, patient=a_patient(), now=NOW)
        url = reverse("portal:link", args=[visit.link_token])
        results = race.run([partial(_post, url, {"do": "cancel", "revision": visit.revision})] * CLIENTS)
        assert set(results) <= {200, 302}
        visit.refresh_from_db()
        assert (visit.status, visit.revision) == ("cancelled", 1)

    assert AuditEvent.objects.filter(deed="appointment.cancelled_by_link").count() == 3


def _post(url: str, fields: dict[str, Any], user: User | None = None) -> int:
    client = Client(REMOTE_ADDR=f"10.0.{uuid.uuid4().int % 250}.{uuid.uuid4().int % 250}")
    if user:
        client.force_login(user, backend="people.web.backends.RightsBackend")
    return client.post(url, fields).status_code


@pytest.mark.usefixtures("_monday")
def test_of_many_patients_moving_to_the_same_time_in_the_portal_one_gets_it(race: Race, cast: Cast) -> None:
    patients = []
    for patient in who_have_been_here(A_FEW):  # each who loses is shown a whole page of other times
        patient.user = a_user(Role.PATIENT)
        patient.portal_confirmed_at = NOW
        patient.save()
        patients.append(patient)
    visits = visits_of(cast, patients)

    for wanted in list(rounds(16))[13:14]:  # around noon
        fresh = list(Appointment.objects.filter(pk__in=[visit.pk for visit in visits]).select_related("patient__user"))
        results = race.run(
            [
                partial(
                    _post,
                    reverse("portal:visit_change", args=[visit.pk]),
                    {"do": "move", "offer": code_for(cast, wanted + 2 * FAR), "revision": visit.revision},
                    visit.patient.user,
                )
                for visit in fresh
            ]
        )
        assert Counter(results)[302] == 1
        assert set(results) <= {200, 302}

    assert overlaps() == 0

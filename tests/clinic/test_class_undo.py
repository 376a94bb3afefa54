"""What was done to a class is taken back for everybody in it at once, while nobody has been told."""

from datetime import datetime, timedelta

import pytest
import time_machine
from booking_cast import at
from class_cast import ClassCast, a_class_cast
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient
from race_cast import overlaps

from clinic.appointments.actions import attendance, booking, class_undo, groups, undo
from clinic.appointments.models import Appointment, GroupSession, Hold, VisitChange
from clinic.appointments.rules.refusals import CannotBecome, SlotTaken, TooLateToUndo
from clinic.appointments.rules.status import Status
from people.models import AuditEvent

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(seconds=30)


@pytest.fixture
def cast() -> ClassCast:
    return a_class_cast()


def a_class_of_two(cast: ClassCast) -> GroupSession:
    [group] = cast.create(at(9, day=16))
    first = cast.seat(group)
    cast.seat(group)
    attendance.confirm(first, by=cast.usual.rosa, now=NOW)
    return group


def moved(cast: ClassCast, group: GroupSession, to: datetime) -> GroupSession:
    return groups.change(
        group,
        name=group.name,
        places=group.places,
        starts_at=to,
        resources=cast.pieces,
        revision=group.revision,
        by=cast.usual.rosa,
        now=NOW,
    )


def cancelled(cast: ClassCast, group: GroupSession) -> GroupSession:
    return groups.cancel(group, reason="Clinic", by=cast.usual.rosa, now=NOW)


def a_change(group: GroupSession) -> VisitChange:
    change = VisitChange.objects.filter(appointment__group=group, before__has_key="class").first()
    assert change
    return change


def picture(group: GroupSession) -> list[object]:
    """All that undoing has to bring back."""
    seats = Appointment.objects.filter(group=group).order_by("seat")
    held = sorted(
        (it.resource.name, it.during.lower, it.during.upper) for it in Hold.objects.select_related("resource")
    )
    it = GroupSession.objects.get(pk=group.pk)
    told = [(v.starts_at, v.ends_at, v.status, v.confirmed_at, v.clinician_id, v.cancelled_at) for v in seats]
    return [held, told, (it.starts_at, it.ends_at, it.clinician_id, it.cancelled_at, it.cancel_reason)]


@pytest.mark.parametrize("deed", ["moved", "cancelled"])
def test_a_class_that_was_changed_by_mistake_is_as_it_was_with_everybody_in_it(cast: ClassCast, deed: str) -> None:
    group = a_class_of_two(cast)
    before = picture(group)
    moved(cast, group, at(14, day=17)) if deed == "moved" else cancelled(cast, group)
    assert picture(group) != before

    class_undo.undo(a_change(group), by=cast.usual.rosa, now=SOON)
    class_undo.undo(a_change(group), by=cast.usual.rosa, now=SOON)

    assert picture(group) == before
    assert overlaps() == 0
    assert AuditEvent.objects.filter(deed="class.undone").count() == 1
    assert AuditEvent.objects.filter(deed="appointment.undone").count() == 2


def test_a_class_whose_old_time_is_taken_stays_where_it_is(cast: ClassCast) -> None:
    group = a_class_of_two(cast)
    moved(cast, group, at(14, day=17))
    cast.create(at(9, day=16))
    now_at = picture(group)

    with pytest.raises(CannotBecome):
        undo.undo(a_change(group), by=cast.usual.rosa, now=SOON)
    with pytest.raises(SlotTaken):
        class_undo.undo(a_change(group), by=cast.usual.rosa, now=SOON)
    assert picture(group) == now_at


def test_it_is_too_late_once_one_of_them_was_told_or_somebody_new_sits_in_it(cast: ClassCast) -> None:
    group = moved(cast, a_class_of_two(cast), at(14, day=17))
    change = a_change(group)

    with pytest.raises(TooLateToUndo):
        class_undo.undo(change, by=cast.usual.rosa, now=NOW + timedelta(minutes=3))
    cast.seat(group)
    with pytest.raises(TooLateToUndo):
        class_undo.undo(change, by=cast.usual.rosa, now=SOON)


def test_a_class_to_which_somebody_has_come_stays(cast: ClassCast) -> None:
    group = moved(cast, a_class_of_two(cast), at(14, day=17))
    visit = group.seats.all()[0]
    Appointment.objects.filter(pk=visit.pk).update(status=Status.ARRIVED)

    with pytest.raises(CannotBecome):
        class_undo.undo(a_change(group), by=cast.usual.rosa, now=SOON)


def test_who_was_called_off_before_the_class_stays_called_off(cast: ClassCast) -> None:
    group = a_class_of_two(cast)
    leaves = cast.seat(group, a_patient())
    booking.cancel(leaves, reason="Cannot come", by=cast.usual.rosa, now=NOW - timedelta(minutes=1))
    cancelled(cast, group)

    class_undo.undo(a_change(group), by=cast.usual.rosa, now=SOON)

    leaves.refresh_from_db()
    assert (leaves.status, group.seats.standing().count()) == (Status.CANCELLED, 2)


def test_the_bar_says_it_once_and_undoes_or_sends_for_all(cast: ClassCast, client: Client) -> None:
    group = moved(cast, a_class_of_two(cast), at(14, day=17))
    client.force_login(cast.usual.rosa)
    change = a_change(group)
    url = reverse("appointments:undo_visit", args=[change.appointment_id])

    with time_machine.travel(SOON, tick=False):
        listed = client.get(reverse("appointments:undo")).content.decode()
        answer = client.post(url, {"revision": change.revision, "do": "undo"}, follow=True)
        again = moved(cast, GroupSession.objects.get(pk=group.pk), at(14, day=17))
        second = VisitChange.objects.filter(appointment=change.appointment, undone_at=None).latest("revision")
        client.post(url, {"revision": second.revision, "do": "send"})

    assert listed.count("The class of Thursday 17 September, 14:00, with everybody in it: moved here.") == 3
    assert "Undone. Neck group meets on Wednesday 16 September, 09:00, as before" in answer.content.decode()
    assert {it.news_at for it in again.seats.all()} == {SOON}
    assert not undo.open_changes(by=cast.usual.rosa, now=SOON).filter(before__has_key="class").exists()

"""Whatever the desk does in whatever order, the appointment book stays true. Hypothesis plays the desk."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from booking_cast import a_cast, at, service
from django.db import connection, transaction
from factories import NOW, a_clinician, a_patient, a_room, a_user
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from clinic.appointments.actions import attendance, booking, history, reservations, undo
from clinic.appointments.models import Appointment, Hold, Reservation, VisitChange
from clinic.appointments.rules.status import STEPS, Status
from people.rules.permissions import Role
from people.rules.refusal import Refused

OVERLAPS = """
    SELECT count(*) FROM appointments_hold one JOIN appointments_hold two
    ON one.resource_id = two.resource_id AND one.id < two.id AND one.during && two.during
    WHERE NOT one.is_overbooked AND NOT two.is_overbooked
"""
# A morning of four quarter hours for two clinicians, two rooms and three patients: crowded on purpose.
QUARTERS = st.integers(0, 3).map(lambda n: at(10) + timedelta(minutes=15 * n))
TWO, THREE, REASONS = st.integers(0, 1), st.integers(0, 2), st.sampled_from(["", "", "Acute"])
ANY = st.integers(0, 1000)

Image = dict[str, Any]


def image(visit: Appointment) -> Image:
    fresh = Appointment.objects.get(pk=visit.pk)
    found = history.images([fresh])[fresh.pk]
    return found | {"holds": sorted(found["holds"], key=lambda it: str(it["resource"]))}


class Desk(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.undo_all = transaction.atomic()
        self.undo_all.__enter__()
        cast = a_cast()
        self.rosa, self.mei = cast.rosa, a_user(Role.CLINICIAN, name="Mei Tanaka")
        self.site = cast.site
        self.clinicians = [cast.sara, a_clinician("Omar Aziz")]
        self.rooms = [cast.room, a_room("Room 2")]
        self.patients = [a_patient() for _ in range(3)]
        self.now = NOW
        self.revisions: dict[Any, int] = {}
        self.befores: dict[int, Image] = {}  # by change, what `history` should bring back

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undo_all.__exit__(None, None, None)

    # --- what the desk does

    @rule(starts_at=QUARTERS, who=THREE, clinician=TWO, room=TWO, reason=REASONS, may=st.booleans())
    def book(self, starts_at: datetime, who: int, clinician: int, room: int, reason: str, may: bool) -> None:
        self._do(
            None, booking.book, patient=self.patients[who], service=service(), site=self.site, starts_at=starts_at,
            resources=[self.clinicians[clinician], self.rooms[room]], by=self._who(may), now=self.now,
            overbook_because=reason,
        )  # fmt: skip

    @precondition(lambda self: self.revisions)
    @rule(which=ANY, starts_at=QUARTERS, clinician=TWO, room=TWO, reason=REASONS, may=st.booleans())
    def move(self, which: int, starts_at: datetime, clinician: int, room: int, reason: str, may: bool) -> None:
        visit = self._visit(which)
        self._do(
            visit, booking.move, visit, starts_at=starts_at,
            resources=[self.clinicians[clinician], self.rooms[room]], revision=visit.revision, by=self._who(may),
            now=self.now, overbook_because=reason,
        )  # fmt: skip

    @precondition(lambda self: self.revisions)
    @rule(which=ANY)
    def cancel(self, which: int) -> None:
        visit = self._visit(which)
        self._do(visit, booking.cancel, visit, reason="ill", by=self.rosa, now=self.now)

    @precondition(lambda self: self.befores)
    @rule(which=ANY)
    def take_back(self, which: int) -> None:
        change = VisitChange.objects.get(pk=sorted(self.befores)[which % len(self.befores)])
        was_done = change.undone_at is not None
        visit = self._do(None, undo.undo, change, by=self.rosa, now=self.now, is_new=False)
        if visit is None or was_done:
            return
        if change.deed == VisitChange.Deed.BOOKED:
            assert (visit.status, visit.cancel_reason) == (Status.CANCELLED, undo.UNDONE)
        else:
            assert image(visit) == self.befores[change.pk]

    @precondition(lambda self: self.revisions)
    @rule(which=ANY, starts_at=QUARTERS, may=st.booleans())
    def slip_and_take_it_back_at_once(self, which: int, starts_at: datetime, may: bool) -> None:
        """Nothing lies between, so nothing can be in the way of undoing it."""
        visit = self._visit(which)
        before = image(visit)
        if may:
            pieces = [self.clinicians[0], self.rooms[0]]
            asked = {"revision": visit.revision, "by": self.mei, "now": self.now, "overbook_because": "Acute"}
            changed = self._do(visit, booking.move, visit, starts_at=starts_at, resources=pieces, **asked)
        else:
            changed = self._do(visit, booking.cancel, visit, reason="ill", by=self.rosa, now=self.now)
        if changed:
            change = VisitChange.objects.get(appointment=visit, revision=changed.revision)
            undone = undo.undo(change, by=self.rosa, now=self.now)
            self.revisions[visit.pk] = undone.revision
            assert image(visit) == before

    @precondition(lambda self: self.revisions)
    @rule(which=ANY, step=ANY)
    def step(self, which: int, step: int) -> None:
        visit = self._visit(which)
        steps = STEPS[Status(visit.status)]
        if steps:
            self._try(
                attendance.set_status, visit, steps[step % len(steps)], was=visit.status, by=self.rosa, now=self.now
            )

    @precondition(lambda self: self.revisions)
    @rule(which=ANY)
    def is_late(self, which: int) -> None:
        visit = self._visit(which)
        self._try(attendance.expect, visit, visit.starts_at + timedelta(minutes=10), by=self.rosa, now=self.now)

    @precondition(lambda self: self.revisions)
    @rule(which=ANY)
    def send_now(self, which: int) -> None:
        self._try(undo.send_now, self._visit(which), by=self.rosa, now=self.now)

    @rule(starts_at=QUARTERS, who=THREE, clinician=TWO, room=TWO)
    def keep(self, starts_at: datetime, who: int, clinician: int, room: int) -> None:
        pieces = [self.clinicians[clinician].pk.hex, self.rooms[room].pk.hex]
        code = "~".join([f"{starts_at:%Y%m%dT%H%M}", *pieces])
        self._try(reservations.keep, code, service(), self.patients[who], by=self.rosa, now=self.now)

    @rule()
    def sweep(self) -> None:
        reservations.sweep(now=self.now)

    @rule(minutes=st.sampled_from([1, 1, 2, 4, 11]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    # --- what must hold, whatever they did

    @invariant()
    def nobody_is_in_two_places_unless_somebody_said_why(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(OVERLAPS)
            assert cursor.fetchone()[0] == 0
        assert not Hold.objects.filter(is_overbooked=True, resource__kind__in=["patient", "device"]).exists()
        marked = set(Hold.objects.filter(is_overbooked=True).values_list("appointment_id", flat=True))
        said_why = Appointment.objects.standing().exclude(overbooked_because="").values_list("pk", flat=True)
        assert marked == set(said_why)

    @invariant()
    def every_visit_holds_what_it_needs_and_a_cancelled_one_nothing(self) -> None:
        for visit in Appointment.objects.prefetch_related("holds__resource"):
            held = {hold.resource.kind: hold for hold in visit.holds.all()}
            if visit.status == Status.CANCELLED:
                assert not held
                continue
            assert set(held) == {"clinician", "room", "patient"}
            assert held["clinician"].resource_id == visit.clinician_id
            assert held["patient"].resource.patient_id == visit.patient_id
            assert {hold.during.lower for hold in held.values()} == {visit.starts_at}
            assert held["room"].during.upper == visit.ends_at + timedelta(minutes=5)

    @invariant()
    def nothing_is_held_for_nobody(self) -> None:
        assert not Hold.objects.filter(appointment=None, group=None, reservation=None).exists()
        for kept in Reservation.objects.all():
            assert Hold.objects.filter(reservation=kept).count() == 3

    # --- how it is played

    def _who(self, may: bool) -> Any:
        return self.mei if may else self.rosa

    def _visit(self, which: int) -> Appointment:
        keys = sorted(self.revisions, key=str)
        return Appointment.objects.select_related("patient", "site").get(pk=keys[which % len(keys)])

    def _try(self, deed: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return deed(*args, **kwargs)
        except Refused:
            return None

    def _do(self, visit: Appointment | None, deed: Any, *args: Any, is_new: bool = True, **kwargs: Any) -> Any:
        """A deed that changes a visit: its revision grows by one; a refused one changes nothing."""
        before = image(visit) if visit else None
        known = set(self.befores)
        changed = self._try(deed, *args, **kwargs)
        if changed is None:
            assert visit is None or image(visit) == before
            assert Appointment.objects.count() == len(self.revisions)
            return None
        was = self.revisions.get(changed.pk, -1)
        assert changed.revision in ({was + 1} if is_new else {was, was + 1})
        self.revisions[changed.pk] = changed.revision
        for change in VisitChange.objects.exclude(pk__in=known).filter(appointment=changed):
            self.befores[change.pk] = before or {}
        return changed


@pytest.mark.django_db
def test_the_book_stays_true_whatever_the_desk_does() -> None:
    run_state_machine_as_test(
        Desk,
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            suppress_health_check=list(HealthCheck),
        ),
    )

"""Reminders of all visits at once, and what follows from plans and from what a visit was for."""

from datetime import date, time, timedelta
from uuid import uuid4

import pytest
from factories import NOW, a_patient, a_portal_patient, a_site, a_user, the_clinic
from outbox_cast import THURSDAY, a_plan, a_visit, at, look, told

from clinic.reminders.actions import planning, visit_reminders, wishes
from clinic.reminders.actions.visit_reminders import AHEAD
from clinic.reminders.models import ContactPreference, Message, SendingRule
from clinic.reminders.rules import occasions, timing
from patients.actions import threads
from patients.actions.threads import Written
from people.rules.permissions import Role
from programs.models import Checkpoint, Plan, PlannedSession

pytestmark = pytest.mark.django_db


def test_reminders_of_all_visits_at_once_are_due_as_the_rule_says_for_each() -> None:
    """Two zones, every hour of a day on which clocks change between, and bookings old and new."""
    the_clinic()
    sites = [a_site("East", time_zone="America/New_York"), a_site("Far", time_zone="Australia/Lord_Howe")]
    now = at(29, 12, month=9)
    visits = [
        a_visit(
            now + timedelta(days=1 + n % 8, hours=n, minutes=17 * n),
            site=sites[n % 2],
            booked_at=now - timedelta(days=n % 5),
            patient=a_patient(email="x@example.org"),
        )
        for n in range(48)
    ]

    planning.plan(now=now)

    owed = list(Message.objects.filter(kind="reminder"))
    found = {(it.appointment_id, it.occasion.rpartition("#")[2]): (it.due_at, it.not_after) for it in owed}
    said = {
        (visit.pk, name): (due.at, due.not_after)
        for visit in visits
        for name, due in timing.reminders_of_visit(
            visit.starts_at, timed_at=visit.timed_at, zone=visit.site.zone
        ).items()
        if due.not_after > now
    }
    soon = {key: due for key, due in said.items() if due[0] < now + AHEAD}
    assert len(soon) > 40
    assert found == soon
    # What is not written down yet is known all the same.
    later = visit_reminders.later(visits, written={it.occasion for it in owed}, now=now)
    assert len(later) > 20
    assert {(it.appointment_id, it.occasion.rpartition("#")[2]): (it.due_at, it.not_after) for it in later} == {
        key: due for key, due in said.items() if key not in soon
    }


def test_a_reminder_is_written_down_some_days_before_it_leaves_however_early_that_is() -> None:
    the_clinic()
    SendingRule.objects.create(kind="reminder", which="early", days=30)
    a_visit(at(22, 10, month=11), booked_at=NOW - timedelta(days=1))
    early = at(22, 18, month=11) - timedelta(days=30, hours=9)

    planning.plan(now=early - AHEAD)
    assert not Message.objects.exists()
    planning.plan(now=early - AHEAD + timedelta(minutes=1))

    assert list(Message.objects.values_list("kind", "due_at")) == [("reminder", early)]


def test_a_patient_who_wants_none_is_shown_none_to_come() -> None:
    visit = a_visit(at(22, 10))
    assert len(visit_reminders.later([visit], written=(), now=NOW)) == 3
    SendingRule.objects.create(patient=visit.patient, kind="reminder", which="eve", is_on=False)
    assert [it.occasion.rpartition("#")[2] for it in visit_reminders.later([visit], written=(), now=NOW)] == [
        "soon",
        "early",
    ]
    SendingRule.objects.create(patient=visit.patient, kind="reminder", is_on=False)
    assert visit_reminders.later([visit], written=(), now=NOW) == []


def test_each_patient_is_told_by_the_way_that_they_want_and_that_works() -> None:
    by_mail, by_letter = a_patient(email="a@example.org"), a_patient(email="b@example.org", address="1 Elm Street")
    only_letters, nobody = a_patient(address="2 Elm Street"), a_patient()
    for patient in (by_letter, nobody):
        ContactPreference.objects.create(patient=patient, channel="letter")
    for patient in (by_mail, by_letter, only_letters, nobody):
        a_visit(THURSDAY + timedelta(days=5), patient=patient, booked_at=NOW)

    planning.plan(now=NOW)
    look(NOW + timedelta(minutes=1))
    planning.plan(now=NOW + timedelta(minutes=2))

    news = Message.objects.filter(kind="booked").values_list("patient", "channel", "state")
    assert set(news) == {
        (by_mail.pk, "email", "sent"),
        (by_letter.pk, "letter", "ready"),
        (only_letters.pk, "email", "suppressed"),
        (only_letters.pk, "letter", "ready"),
        (nobody.pk, "email", "suppressed"),
    }
    assert Message.objects.get(patient=only_letters, channel="letter").instead_of is not None
    assert [it.patient for it in Message.objects.to_call(NOW)] == [nobody]


def test_what_the_clinic_or_the_patient_switched_off_is_not_owed() -> None:
    keen, quiet = a_patient(email="a@example.org"), a_patient(email="b@example.org")
    for patient in (keen, quiet):
        a_visit(THURSDAY, patient=patient)
    SendingRule.objects.create(kind="reminder", which="soon", is_on=False)
    SendingRule.objects.create(kind="reminder", which="early", days=2)
    SendingRule.objects.create(kind="reminder", patient=quiet, is_on=False)

    planning.plan(now=NOW)

    assert list(Message.objects.order_by("due_at").values_list("patient", "due_at")) == [
        (keen.pk, at(15, 9)),
        (keen.pk, at(16, 18)),
    ]


def test_what_to_read_before_and_after_a_visit_is_told_days_before_and_in_the_evening() -> None:
    visit = a_visit(at(28, 15), service_code="prp", booked_at=at(1, 9))

    look(at(21, 9, 59))
    before = told()
    for now in (at(21, 10), at(27, 10)):
        look(now)
    visit.status = "done"
    visit.save()
    for now in (at(28, 16), at(28, 18), at(28, 19)):
        look(now)

    assert "preparation" not in {kind for kind, state, _ in before if state == "sent"} - {"preparation"}
    sent = Message.objects.filter(kind__in=["preparation", "aftercare"], state="sent").order_by("due_at")
    assert list(sent.values_list("kind", "due_at"))[-3:] == [
        ("preparation", at(21, 10)),
        ("preparation", at(27, 10)),
        ("aftercare", at(28, 18)),
    ]


def test_a_plan_asks_for_its_measures_and_its_next_visit_until_it_is_paused() -> None:
    plan = a_plan(remind_at=None)
    Checkpoint.objects.create(plan=plan, ordinal=1, due_on=date(2026, 9, 14), measures=["nprs"])
    phase = plan.phases.get()
    PlannedSession.objects.create(
        plan=plan, phase=phase, modality="prp", ordinal=1, course_length=1,
        due_from=date(2026, 9, 18), due_on=date(2026, 9, 19), due_until=date(2026, 9, 25),
    )  # fmt: skip

    look(at(14, 10))
    look(at(14, 11))

    assert sorted(told()) == [("measures_due", "sent", ""), ("next_due", "sent", "")]

    Checkpoint.objects.create(plan=plan, ordinal=2, due_on=date(2026, 9, 16), measures=["ndi"])
    planning.plan(now=at(16, 10))
    Plan.objects.update(status="paused")
    look(at(16, 10, 1))

    assert told()[-1] == ("measures_due", "suppressed", "paused")


def test_exercises_come_on_the_patients_own_days_and_breaks_at_their_hours() -> None:
    plan = a_plan(remind_at=time(18), break_times=[time(11), time(15)])
    SendingRule.objects.create(patient=plan.patient, kind="exercise", weekdays=[0, 2], times=[time(8), time(17)])

    for day in (14, 15):  # Monday and Tuesday
        for hour in (8, 11, 15, 17, 18):
            look(at(day, hour))

    sent = Message.objects.filter(state="sent").order_by("due_at").values_list("kind", "due_at")
    assert list(sent) == [
        ("exercise", at(14, 8)),
        ("posture", at(14, 11)),
        ("posture", at(14, 15)),
        ("exercise", at(14, 17)),
        ("posture", at(15, 11)),
        ("posture", at(15, 15)),
    ]


def test_stop_is_kept_for_every_patient_with_the_number_and_for_a_number_that_nobody_has() -> None:
    the_clinic()
    mother, child = a_patient(mobile="+12025550117"), a_patient(mobile="+12025550117")

    known = wishes.stop("sms", address="+12025550117", how="reply", by=None, now=NOW, proof="STOP")
    unknown = wishes.stop("sms", address="+12025550199", how="reply", by=None, now=NOW, proof="STOP")

    assert {row.patient for row in known} == {mother, child}
    assert [(row.patient, row.address_hint) for row in unknown] == [(None, "…99")]
    assert wishes.is_patient_out(child, "sms")
    wishes.start("sms", address="+12025550117", how="reply", by=None, now=NOW + timedelta(days=1), proof="START")
    assert not wishes.is_patient_out(child, "sms")


def test_a_fallback_is_for_when_the_first_way_fails_and_then_comes_before_all_others() -> None:
    patient = a_patient(email="a@example.org", address="12 Elm Street")
    ContactPreference.objects.create(patient=patient, fallback="letter")
    a_visit(THURSDAY + timedelta(days=7), patient=patient, booked_at=NOW)

    planning.plan(now=NOW)
    first = Message.objects.get(kind="booked").channel
    Message.objects.filter(kind="booked").update(state="failed", reason="bounced")
    planning.plan(now=NOW)

    assert first == "email"
    assert Message.objects.get(kind="booked", state="ready").channel == "letter"


def test_who_is_written_to_is_told_once_and_not_of_what_is_read_already() -> None:
    the_clinic()
    reader, busy, late = (a_portal_patient() for _ in range(3))
    sara = a_user(Role.CLINICIAN)
    for patient in (reader, busy, late):
        thread = threads.begin(patient, "health", Written(text="Your neck", key=uuid4()), by=sara, now=NOW)
        threads.write(thread, Written(text="Your arm", key=uuid4()), by=sara, now=NOW + timedelta(seconds=9))
    assert reader.user
    threads.seen(reader.threads.get(), by=reader.user, now=NOW + timedelta(seconds=20))

    for minute in (1, 2):
        planning.plan(now=NOW + timedelta(minutes=minute))
        look(NOW + timedelta(minutes=minute))  # half past three at night
    assert late.user
    threads.seen(late.threads.get(), by=late.user, now=at(14, 7))
    look(at(14, 12))

    told = Message.objects.filter(kind="answer").values_list("patient", "channel", "state", "reason")
    assert set(told) == {(busy.pk, "email", "sent", ""), (late.pk, "email", "suppressed", "read")}
    assert told.count() == 2


def test_a_reminder_that_somebody_wrote_down_a_moment_before_does_not_hold_up_the_others() -> None:
    visit = a_visit()
    # As if by a planner whose row cannot be seen yet: the row says of no visit that it is its.
    said = occasions.visit(visit.pk, visit.starts_at, which="eve")
    due = {"due_at": NOW, "not_before": NOW, "not_after": visit.starts_at}
    Message.objects.create(occasion=said, kind="reminder", patient=visit.patient, **due)

    planning.plan(now=NOW)

    reminders = Message.objects.filter(kind="reminder").order_by("occasion")
    assert [it.occasion.rpartition("#")[2] for it in reminders] == ["early", "eve", "soon"]

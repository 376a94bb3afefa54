"""Treating at a visit: what is locked, read, overridden, left out and given as last time."""

from datetime import timedelta

import pytest
from django.test import Client
from factories import NOW, a_clinician, a_user
from visit_cast import (
    DEEP,
    NEEDLES,
    SUPERFICIAL,
    TEN,
    a_follow_up,
    a_signed_follow_up,
    by,
    kept,
    on_apixaban,
    page_of,
    post,
    signed_in,
    words,
)

from clinic.appointments.models import Appointment, Resource
from patients.actions import facts
from patients.models import Patient
from people.rules.permissions import Role
from programs.actions import safety
from programs.actions.treatments import Given
from programs.models import Override, SafetyDecision, TreatmentGiven

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ten_o_clock")]


def test_a_blood_thinner_locks_deep_needling_and_offers_the_safer_one(
    visit: Appointment, linh: Patient, sara: Resource, screen: Client
) -> None:
    on_apixaban(linh, by(sara))
    post(screen, visit, do="all_no")

    page = words(post(screen, visit, **{f"t_{NEEDLES}_technique": DEEP}) and screen.get(page_of(visit)))
    assert "Anticoagulant medicine" in page
    assert "Locked: Dry needling" in page
    assert "Use Superficial dry needling" in page
    assert "Go ahead with a reason" in page

    refused = words(post(screen, visit, sign="1", worst="3", **{f"t_{NEEDLES}_technique": DEEP}))
    assert "must not be given today" in refused
    post(screen, visit, do=f"use:{NEEDLES}:{SUPERFICIAL}", **{f"t_{NEEDLES}_technique": DEEP})
    page = words(screen.get(page_of(visit)))
    assert "Caution: Dry needling" in page
    assert kept(visit).told["treat"][NEEDLES]["technique"] == SUPERFICIAL


def test_a_caution_is_read_with_one_tap_before_signing(
    visit: Appointment, linh: Patient, sara: Resource, screen: Client
) -> None:
    on_apixaban(linh, by(sara))
    post(screen, visit, do="all_no")
    tapped = {f"t_{NEEDLES}_technique": SUPERFICIAL, "worst": "3"}

    assert "Read the caution" in words(post(screen, visit, sign="1", **tapped))
    post(screen, visit, do=f"ack:{NEEDLES}:{SUPERFICIAL}", **tapped)
    decision = SafetyDecision.objects.get()
    assert (decision.status in {"caution", "incomplete"}, decision.by) == (True, by(sara))
    assert "ci_dry_needling__anticoagulant_use__caution" in decision.rules
    post(screen, visit, sign="1", **tapped)

    assert kept(visit).is_signed


def test_letting_her_into_the_room_is_not_reading_the_caution(
    visit: Appointment, linh: Patient, sara: Resource, screen: Client
) -> None:
    on_apixaban(linh, by(sara))
    started = safety.Treatment(NEEDLES, TEN.date(), SUPERFICIAL)
    safety.decide(linh, [started], SafetyDecision.Moment.STARTED, by=a_user(Role.FRONT_DESK), now=NOW)
    post(screen, visit, do="all_no")

    page = words(post(screen, visit, sign="1", **{f"t_{NEEDLES}_technique": SUPERFICIAL}))

    assert "Read the caution" in page
    assert not kept(visit).is_signed


def test_going_ahead_needs_a_reason_and_keeps_it_in_the_note(
    visit: Appointment, linh: Patient, sara: Resource, screen: Client
) -> None:
    on_apixaban(linh, by(sara))
    post(screen, visit, do="all_no")
    tapped = {f"t_{NEEDLES}_technique": DEEP, "worst": "3"}

    assert "Write down why" in words(post(screen, visit, do=f"override:{NEEDLES}:{DEEP}", **tapped))
    reason = {f"t_{NEEDLES}_reason": "agreed", f"t_{NEEDLES}_who": "Dr Weber, by phone, 14 September"}
    post(screen, visit, do=f"override:{NEEDLES}:{DEEP}", **tapped, **reason)
    unlocked = Override.objects.get()
    assert unlocked.reason == "Agreed with the prescriber: Dr Weber, by phone, 14 September"
    assert unlocked.until == unlocked.on
    post(screen, visit, sign="1", **tapped)

    assert kept(visit).is_signed
    assert "Given although a rule speaks against it: Agreed with the prescriber" in kept(visit).note


def test_a_stop_has_no_override_and_the_treatment_can_only_be_left_out(
    visit: Appointment, linh: Patient, sara: Resource, screen: Client
) -> None:
    facts.state(linh, {"needle_phobia": True}, by=by(sara), now=NOW)
    post(screen, visit, do="all_no")
    tapped = {f"t_{NEEDLES}_technique": SUPERFICIAL, "worst": "3"}

    page = words(screen.get(page_of(visit)))
    assert "Stopped: Dry needling" in page
    assert "Go ahead with a reason" not in page
    reason = {f"t_{NEEDLES}_reason": "benefit"}
    assert "Nobody can unlock it" in words(
        post(screen, visit, do=f"override:{NEEDLES}:{SUPERFICIAL}", **tapped, **reason)
    )
    assert "must not be given today" in words(post(screen, visit, do=f"ack:{NEEDLES}:{SUPERFICIAL}", **tapped))
    assert "must not be given today" in words(post(screen, visit, sign="1", **tapped))
    assert not TreatmentGiven.objects.exists()
    post(screen, visit, do=f"skip:{NEEDLES}", worst="3")
    post(screen, visit, sign="1", worst="3", **{f"t_{NEEDLES}_skipped": "1"})

    assert TreatmentGiven.objects.get().was_skipped
    assert "Dry needling left out today: severe needle phobia" in kept(visit).note


def test_same_as_last_time_is_one_tap_and_never_preset(linh: Patient, sara: Resource, screen: Client) -> None:
    before = a_follow_up(linh, sara, at=TEN - timedelta(days=7))
    given = Given(
        modality=NEEDLES, technique=SUPERFICIAL, regions=("upper_trapezius:right",), dose={"needles": 4},
        reaction="faint",
    )  # fmt: skip
    a_signed_follow_up(before, sara, given=(given,))
    today = a_follow_up(linh, sara)

    post(screen, today, worst="3")
    assert "treat" not in kept(today).told
    post(screen, today, worst="3", do=f"same:{NEEDLES}")

    assert kept(today).told["treat"][NEEDLES] == {
        "technique": SUPERFICIAL, "regions": ["upper_trapezius:right"], "dose": {"needles": 4},
    }  # fmt: skip


def test_a_product_needs_its_lot(linh: Patient, screen: Client) -> None:
    doctor = a_clinician("Dr Okafor", profession="physician_interventional")
    visit = a_follow_up(linh, doctor, service_code="prp")
    mine = signed_in(by(doctor))
    post(mine, visit, do="all_no")
    tapped = {"t_prp_technique": "prp_myofascial", "t_prp_dose_ml": "3.5"}

    page = words(post(mine, visit, sign="1", **tapped))

    assert "”: write down the lot, the expiry date, the place and side, the guidance." in page
    assert 'value="3.5"' in page
    assert not TreatmentGiven.objects.exists()


def test_a_treatment_outside_the_licence_is_refused(linh: Patient) -> None:
    therapist = a_clinician("Priya", profession="physical_therapist")
    visit = a_follow_up(linh, therapist)
    mine = signed_in(by(therapist))
    post(mine, visit, do="all_no")

    page = words(post(mine, visit, sign="1", worst="2", **{f"t_{NEEDLES}_technique": SUPERFICIAL}))

    assert "Your profession may not give" in page
    assert not kept(visit).is_signed

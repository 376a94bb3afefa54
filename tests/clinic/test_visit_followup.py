"""The follow-up on one page: what is kept, what is never copied, what stops, what a signature freezes."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from factories import NOW, a_clinician, a_patient, a_user
from pytest_django import DjangoAssertNumQueries
from visit_cast import (
    DEEP,
    NEEDLES,
    SUPERFICIAL,
    TEN,
    a_follow_up,
    a_signed_follow_up,
    by,
    on_apixaban,
    page_of,
    sent,
    signed_in,
    the_cast,
)

from clinic.appointments.models import Appointment, Resource
from clinic.desk import clinician_paper
from patients.actions import assessments, facts, signatures
from patients.models import Assessment, Outcome, Patient, RedFlag
from patients.rules.rulebook import rulebook
from people.models import AuditEvent, Clinic
from people.rules.permissions import Role
from programs.actions import safety, treatments
from programs.actions.treatments import Given
from programs.models import Override, SafetyDecision, TreatmentGiven

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
LEFT_OUT = {f"t_{NEEDLES}_skipped": "1", f"t_{NEEDLES}_why": "no_time"}


@pytest.fixture(autouse=True)
def _ten_o_clock() -> Iterator[None]:
    with time_machine.travel(TEN, tick=False):
        yield


@pytest.fixture
def cast() -> tuple[Patient, Resource]:
    return the_cast()


@pytest.fixture
def linh(cast: tuple[Patient, Resource]) -> Patient:
    return cast[0]


@pytest.fixture
def sara(cast: tuple[Patient, Resource]) -> Resource:
    return cast[1]


@pytest.fixture
def visit(linh: Patient, sara: Resource) -> Appointment:
    return a_follow_up(linh, sara)


@pytest.fixture
def screen(sara: Resource) -> Client:
    return signed_in(by(sara))


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def kept(visit: Appointment) -> Assessment:
    visit.refresh_from_db()
    assert visit.assessment
    return visit.assessment


def post(screen: Client, visit: Appointment, **typed: Any) -> Any:
    return screen.post(page_of(visit), sent(visit, **typed))


def test_opening_the_page_begins_nothing(visit: Appointment, screen: Client) -> None:
    page = words(screen.get(page_of(visit)))

    assert "I asked again: all no" in page
    assert "Nothing is saved yet" in page
    assert not Assessment.objects.exists()


def test_an_untouched_page_keeps_nothing_of_the_last_visit(linh: Patient, sara: Resource, screen: Client) -> None:
    before = a_follow_up(linh, sara, at=TEN - timedelta(days=7))
    given = Given(modality=NEEDLES, technique=SUPERFICIAL, dose={"needles": 4})
    a_signed_follow_up(before, sara, at=before.ends_at, given=(given,))
    today = a_follow_up(linh, sara)

    page = words(screen.get(page_of(today)))
    post(screen, today, save="1")

    assert "62°" in page  # last time's is shown beside the field
    assert "(dashed: last 5)" in page
    draft = kept(today)
    assert (draft.told, draft.moves, draft.pain_now, draft.note, draft.examined) == ({}, {}, None, "", {})
    assert (draft.kind, draft.asked_again_at) == ("follow_up", None)


def test_all_no_is_one_recorded_tap(visit: Appointment, sara: Resource, screen: Client) -> None:
    answer = post(screen, visit, do="all_no", worst="3")

    draft = kept(visit)
    assert answer.status_code == 302
    assert (draft.asked_again_at, draft.asked_again_by, draft.told["worst"]) == (TEN, by(sara), 3)
    assert len(draft.examined) > 50
    assert set(draft.examined.values()) == {False}
    event = AuditEvent.objects.get(deed="assessment.asked_again")
    assert event.detail == {"questions": len(draft.examined)}
    assert "Asked again: all no" in words(screen.get(page_of(visit)))


def test_all_no_leaves_an_open_sign_open(visit: Appointment, linh: Patient, screen: Client) -> None:
    RedFlag.objects.create(patient=linh, code="rf_fever", urgency="same_day", raised_at=NOW)

    post(screen, visit, do="all_no")

    assert "rf_fever" not in kept(visit).examined
    assert linh.red_flags.open().count() == 1


def test_a_yes_raises_the_sign_at_once_and_suggests_the_quick_test(
    visit: Appointment, linh: Patient, screen: Client
) -> None:
    sign = next(
        it.code for it in rulebook().red_flags.values()
        if "myelopathy" in it.may_indicate and it.asked_of == "patient" and it.urgency == "same_day"
    )  # fmt: skip
    answer = screen.post(
        reverse("desk:visit_draft", args=[visit.pk]), sent(visit, asked=[sign], **{f"q_{sign}": "yes"})
    )

    page = words(answer)
    assert linh.red_flags.get().code == sign
    assert "Upper motor neuron signs" in page
    assert "Doctor in charge called" in page
    assert "warning sign open" in page
    assert "Stopped: Dry needling" in words(screen.get(page_of(visit)))


def test_the_decision_about_a_sign_is_a_choice_with_a_name_and_a_time(
    visit: Appointment, linh: Patient, sara: Resource, screen: Client
) -> None:
    RedFlag.objects.create(patient=linh, code="rf_fever", urgency="same_day", raised_at=NOW)
    asked = LEFT_OUT | {"asked": ["decision"], "do": "all_no"}

    post(screen, visit, next_steps="Called somebody", **asked)
    before = words(screen.get(page_of(visit)))
    post(screen, visit, decision="referred", decision_words="Dr Weber, neurology", **asked)
    told = kept(visit).told["decision"]
    post(screen, visit, decision="referred", decision_words="Dr Weber, neurology", worst="3", **asked)

    assert "choose what is decided about it" in before
    assert told == kept(visit).told["decision"]
    assert (told["what"], told["of"], told["by"]) == ("referred", ["rf_fever"], by(sara).name)
    said = f"Urgent referral started, 10:00, {by(sara).name}: Dr Weber, neurology."
    assert said in words(screen.get(page_of(visit)))
    RedFlag.objects.create(patient=linh, code="rf_bladder_bowel_saddle", urgency="emergency_now", raised_at=NOW)
    page = words(screen.get(page_of(visit)))
    assert "choose what is decided about it" in page
    assert not re.search(r'name="decision"[^>]* checked', page)
    assert 'value="watch"' not in page
    assert said in page  # it was decided, and stays in the note until something else is


def test_all_no_is_taken_back_with_one_tap_and_nothing_of_it_stays_known(
    visit: Appointment, linh: Patient, sara: Resource, screen: Client
) -> None:
    facts.state(linh, {"recent_fever_illness": False}, by=by(sara), now=NOW)
    before = facts.known(linh, on=TEN.date())
    post(screen, visit, do="all_no")
    answered = kept(visit).examined
    assert set(answered.values()) == {False}

    with time_machine.travel(TEN + timedelta(seconds=5), tick=False):
        page = words(screen.post(page_of(visit), sent(visit, do="not_asked"), follow=True))

    assert "I asked again: all no" in page
    draft = kept(visit)
    assert (draft.examined, draft.asked_again_at, draft.told) == ({}, None, {})
    now = facts.known(linh, on=TEN.date())
    assert {code: it for code, it in now.items() if it is not None} == before
    deeds = AuditEvent.objects.filter(patient_id=linh.pk).values_list("deed", flat=True)
    assert "assessment.asking_taken_back" in deeds
    assert "not answered by one tap" in words(screen.post(page_of(visit), sent(visit, do="not_asked")))


def test_the_note_follows_the_taps_and_a_written_one_stands_in_its_place(visit: Appointment, screen: Client) -> None:
    post(screen, visit, worst="3", sleep="better", move_turn_left="68", plan="keep", exercises="same")
    first = words(screen.get(page_of(visit)))
    post(screen, visit, worst="3", note="In my own words.")
    second = words(screen.get(page_of(visit)))

    assert "<b>Said:</b> Worst pain 3. Sleep better." in first
    assert "<b>Found:</b> Turn left 68°." in first
    assert "<b>Next:</b> Plan and exercises stay the same." in first
    assert "<b>Said:</b>" not in second
    assert kept(visit).moves == {}  # what is no longer on the page was taken back


def test_saving_the_same_again_is_no_new_revision(visit: Appointment, screen: Client) -> None:
    post(screen, visit, worst="3")
    post(screen, visit, worst="3")

    assert kept(visit).revision == 2


def omars_screen() -> Client:
    return signed_in(by(a_clinician("Omar", profession="physician")))


def mark_of(screen: Client, visit: Appointment) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', words(screen.get(page_of(visit))))
    assert found
    return found[1]


def test_two_clinicians_see_both_versions_and_choose(visit: Appointment, screen: Client) -> None:
    post(screen, visit, worst="3", sleep="better")
    stale = sent(visit, worst="4", sleep="worse", seen=mark_of(screen, visit))
    post(omars_screen(), visit, worst="7", sleep="better")

    both = words(screen.post(page_of(visit), stale))
    again = words(screen.post(page_of(visit), stale))
    assert re.search(r"Omar changed Pain and sleep at \d\d:\d\d", both)
    assert "Both versions" in both
    assert "Both versions" in again  # nothing but a choice replaces what Omar wrote
    assert kept(visit).told["worst"] == 7
    chosen = re.search(r'name="chosen" value="(\d+)"', both)
    assert chosen
    screen.post(page_of(visit), stale | {"chosen": chosen[1], "theirs": ["worst"]})

    assert (kept(visit).told["worst"], kept(visit).told["sleep"]) == (7, "worse")


def test_saving_by_itself_never_overwrites_a_colleague(visit: Appointment, screen: Client) -> None:
    post(screen, visit, worst="3")
    stale = sent(visit, worst="3", move_turn_left="60", seen=mark_of(screen, visit))
    post(omars_screen(), visit, worst="3", plan="keep", next_steps="Omar rings her")
    url = reverse("desk:visit_draft", args=[visit.pk])

    first, second = words(screen.post(url, stale)), words(screen.post(url, stale))

    for page in (first, second):
        assert re.search(r"Omar changed Plan and home at \d\d:\d\d\.", page)
        assert "See both" in page
        assert f'name="revision" value="{stale["revision"]}"' in page
    assert (kept(visit).next_steps, kept(visit).moves) == ("Omar rings her", {})


def test_where_only_the_colleague_wrote_theirs_is_offered_and_both_are_kept(visit: Appointment, screen: Client) -> None:
    post(screen, visit, worst="3")
    stale = sent(visit, worst="3", move_turn_left="60", seen=mark_of(screen, visit))
    post(omars_screen(), visit, worst="3", next_steps="Omar rings her")

    both = words(screen.post(page_of(visit), stale))
    ticked = re.findall(r'name="theirs" value="(\w+)" data-quiet checked', both)
    chosen = re.search(r'name="chosen" value="(\d+)"', both)
    assert chosen
    assert ticked == ["next_steps"]
    screen.post(page_of(visit), stale | {"chosen": chosen[1], "theirs": ticked})

    assert (kept(visit).next_steps, kept(visit).moves) == ("Omar rings her", {"turn_left": 60})


def test_two_who_begin_at_once_do_not_overwrite_each_other(visit: Appointment, screen: Client) -> None:
    stale = sent(visit, worst="4")
    post(signed_in(by(a_clinician("Omar", profession="physician"))), visit, worst="7")

    assert "Both versions" in words(screen.post(page_of(visit), stale))
    assert kept(visit).told == {"worst": 7}


def test_a_clear_visit_is_signed_with_its_treatment_scores_and_digest(
    visit: Appointment, sara: Resource, screen: Client
) -> None:
    post(screen, visit, do="all_no")
    tapped = {
        "worst": "3", "move_turn_left": "68", "plan": "keep", f"t_{NEEDLES}_technique": SUPERFICIAL,
        f"t_{NEEDLES}_regions": ["upper_trapezius:right"], f"t_{NEEDLES}_dose_needles": "4",
        f"t_{NEEDLES}_reaction": "none",
    }  # fmt: skip

    answer = post(screen, visit, sign="1", **tapped)

    signed, given = kept(visit), TreatmentGiven.objects.get()
    assert (answer.status_code, answer.url) == (302, reverse("desk:my_day"))
    assert (given.technique, given.regions, given.dose, given.reaction, given.was_skipped) == (
        SUPERFICIAL, ["upper_trapezius:right"], {"needles": 4}, "none", False,
    )  # fmt: skip
    assert "Did: Dry needling: superficial dry needling, upper trapezius (right), 4 needles." in signed.note
    score = Outcome.objects.get()
    assert (score.measure, score.answers, score.assessment) == ("nprs", {"worst_24h": 3}, signed)
    assert SafetyDecision.objects.get().moment == "started"
    assert signatures.is_as_signed(signed, treatments.as_signed(signed))
    page = words(screen.get(page_of(visit)))
    assert "As it was signed" in page
    assert signed.digest in page


def test_a_changed_score_or_treatment_shows_in_the_digest(visit: Appointment, sara: Resource) -> None:
    signed = a_signed_follow_up(visit, sara, given=(Given(modality=NEEDLES, technique=SUPERFICIAL),))

    assert signatures.is_as_signed(signed, treatments.as_signed(signed))
    assert not signatures.is_as_signed(signed, [])
    signed.note += "!"
    assert not signatures.is_as_signed(signed, treatments.as_signed(signed))


def test_nothing_is_signed_before_the_safety_questions_are_asked(visit: Appointment, screen: Client) -> None:
    page = words(post(screen, visit, sign="1", worst="3", do=f"skip:{NEEDLES}", **LEFT_OUT))

    assert "Ask the safety questions before you sign." in page
    assert not kept(visit).is_signed
    assert kept(visit).told["worst"] == 3  # nothing typed is lost


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


def test_a_signed_visit_is_frozen_on_every_path(visit: Appointment, sara: Resource) -> None:
    signed = a_signed_follow_up(visit, sara, given=(Given(modality=NEEDLES, technique=SUPERFICIAL),))
    given, score = TreatmentGiven.objects.get(), Outcome.objects.get()
    table = {"a": "patients_assessment", "t": "programs_treatmentgiven", "o": "patients_outcome"}

    def orm() -> None:
        given.technique = DEEP
        given.save()

    def added() -> None:
        TreatmentGiven.objects.create(
            patient=signed.patient, assessment=signed, modality=NEEDLES, technique=DEEP, by=by(sara), at=NOW
        )

    def raw(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    for deed in (
        orm,
        added,
        lambda: TreatmentGiven.objects.update(technique=DEEP),
        lambda: TreatmentGiven.objects.all().delete(),
        lambda: Outcome.objects.update(values={}),
        lambda: Assessment.objects.update(note="x"),
        score.delete,
        lambda: raw(f"UPDATE {table['a']} SET note = 'x'"),
        lambda: raw(f"UPDATE {table['t']} SET dose = '{{}}'"),
        lambda: raw(f"DELETE FROM {table['t']}"),
        lambda: raw(f"UPDATE {table['o']} SET answers = '{{}}'"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            deed()
    assert signatures.is_as_signed(Assessment.objects.get(), treatments.as_signed(signed))


def test_what_was_typed_past_a_signature_is_given_back(visit: Appointment, sara: Resource, screen: Client) -> None:
    stale = sent(visit, worst="4", note="What I saw later")
    a_signed_follow_up(visit, sara)

    page = words(screen.post(page_of(visit), stale))
    by_itself = words(screen.post(reverse("desk:visit_draft", args=[visit.pk]), stale))

    assert "What I saw later" in page
    assert "Write an addendum instead" in page
    assert "Write an addendum instead" in by_itself


def test_a_note_that_needs_it_waits_for_a_second_signature(linh: Patient, sara: Resource) -> None:
    trainer = a_clinician("Joao", profession="laser_operator")
    visit = a_follow_up(linh, trainer, service_code="laser_therapy")
    a_signed_follow_up(visit, trainer, given=(Given(modality="laser_therapy", was_skipped=True, note="No time left"),))
    url, own, other = reverse("desk:countersign", args=[visit.pk]), signed_in(by(trainer)), signed_in(by(sara))

    assert "Second signature missing" in words(own.get(page_of(visit)))
    assert "The second signature is a colleague" in words(own.post(url))
    assert other.post(url).status_code == 302

    signed = kept(visit)
    assert (signed.countersigned_by, signed.countersigned_at) == (by(sara), TEN)
    assert signatures.is_as_signed(signed, treatments.as_signed(signed))
    assert "needs no second signature" in words(other.post(url))
    with pytest.raises(DatabaseError), transaction.atomic():
        Assessment.objects.update(countersigned_by=by(trainer))


def test_the_print_view_holds_the_note_the_signature_and_the_digest(
    visit: Appointment, sara: Resource, screen: Client
) -> None:
    url = reverse("desk:visit_print", args=[visit.pk])
    assert screen.get(url).status_code == 404
    signed = a_signed_follow_up(visit, sara)

    page = words(screen.get(url))

    assert "Said: Worst pain 5." in page
    assert "Signed by Sara Haddad" in page
    assert signed.digest in page


def test_a_signed_note_is_taken_along_as_a_tagged_pdf(visit: Appointment, linh: Patient, sara: Resource) -> None:
    url, screen = reverse("desk:note_pdf", args=[visit.pk]), signed_in(by(sara))
    assert screen.get(url).status_code == 404
    given = Given(modality=NEEDLES, technique=SUPERFICIAL, regions=("upper_trapezius:right",), dose={"needles": 4})
    signed = a_signed_follow_up(visit, sara, given=(given,))
    assessments.add_addendum(signed, text="She rang: no bruise.", by=by(sara), now=TEN)

    answer = screen.get(url, {"size": "a4"})

    assert answer["Content-Type"] == "application/pdf"
    assert "no-store" in answer["Cache-Control"]
    assert linh.family_name not in answer["Content-Disposition"]
    for mark in (b"/MarkInfo", b"/StructTreeRoot", b"/Lang", b"pdfuaid", b"595"):
        assert mark in answer.content, mark
    assert AuditEvent.objects.get(deed="assessment.downloaded").object_id == str(signed.pk)
    told = str(clinician_paper.told(visit, signed, linh, Clinic.objects.get(), by(sara)))
    for said in ("Worst pain 5", "Upper trapezius (right)", "She rang", signed.digest, "As it was signed"):
        assert said in told, said
    assert "Upper trapezius (right), 4 needles" in words(screen.get(reverse("desk:visit_print", args=[visit.pk])))


def test_after_signing_the_next_who_waits_opens(linh: Patient, sara: Resource, screen: Client) -> None:
    first = a_follow_up(linh, sara)
    a_follow_up(a_patient(), sara, at=TEN + timedelta(minutes=30))
    waiting = a_follow_up(a_patient(), sara, at=TEN + timedelta(hours=1), status="arrived")
    post(screen, first, do="all_no")

    answer = post(screen, first, sign="1", worst="3", **LEFT_OUT)

    assert answer.url == page_of(waiting)


def test_the_list_of_notes_opens_the_oldest_and_after_it_the_next(linh: Patient, sara: Resource) -> None:
    older = a_follow_up(linh, sara, at=TEN - timedelta(days=2))
    newer = a_follow_up(a_patient(), sara, at=TEN - timedelta(days=1))
    for visit in (older, newer):
        with time_machine.travel(visit.ends_at, tick=False):
            post(signed_in(by(sara)), visit, do="all_no", worst="2", **LEFT_OUT)
    screen = signed_in(by(sara))
    list_url = reverse("desk:to_sign")

    assert screen.get(list_url).url == page_of(older) + "?from=sign"
    for visit in (older, newer):
        answer = post(screen, visit, sign="1", worst="2", **LEFT_OUT, **{"from": "sign"})
        assert answer.url == list_url
    assert "Nothing to sign." in words(screen.get(list_url))


def test_nobody_but_a_clinician_comes_near_it(visit: Appointment, linh: Patient) -> None:
    assert linh.user
    for user in (a_user(Role.FRONT_DESK), linh.user):
        client = signed_in(user)
        for url in (
            page_of(visit),
            reverse("desk:visit_draft", args=[visit.pk]),
            reverse("desk:countersign", args=[visit.pk]),
            reverse("desk:visit_print", args=[visit.pk]),
            reverse("desk:note_pdf", args=[visit.pk]),
            reverse("desk:to_sign"),
            reverse("patients:results", args=[linh.pk]),
        ):
            assert (client.get(url).status_code, client.post(url).status_code) == (404, 404), url
    assert not Assessment.objects.exists()


def test_results_show_the_line_the_threshold_and_every_score(linh: Patient, sara: Resource, screen: Client) -> None:
    for days, worst in ((14, 7), (7, 5), (0, 3)):
        visit = a_follow_up(linh, sara, at=TEN - timedelta(days=days))
        at = visit.ends_at
        ndi = {item["code"]: 2 for item in rulebook().measures["ndi"].items[1:]}
        told = {"worst": worst, "scales": {"ndi": ndi}, "places": {"lateral_neck:left": worst}}
        a_signed_follow_up(visit, sara, at=at, told=told)

    page = words(screen.get(reverse("patients:results", args=[linh.pk])))

    assert 'aria-label="Numeric Pain Rating Scale: 7, 5, 3"' in page
    assert "Better" in page
    assert "it counts from 2" in page
    assert "Neck Disability Index" in page
    assert "9 of 10" in page
    assert page.count("<tr>") >= 6
    assert page.count('role="img" aria-label="Back view of head, neck and shoulders. Side of the neck, left"') == 3
    assert [f"Side of the neck, left: {n}" in page for n in (7, 5, 3)] == [True] * 3


@pytest.mark.parametrize("earlier", [1, 20])
def test_the_page_costs_the_same_however_long_the_record_is(
    linh: Patient, sara: Resource, screen: Client, django_assert_num_queries: DjangoAssertNumQueries, earlier: int
) -> None:
    for n in range(1, earlier + 1):
        visit = a_follow_up(linh, sara, at=TEN - timedelta(weeks=n))
        needled = Given(modality=NEEDLES, technique=SUPERFICIAL, read=frozenset({"int_reassess_dn"}))
        a_signed_follow_up(visit, sara, at=visit.ends_at, given=(needled,))
    today, first = a_follow_up(linh, sara), a_follow_up(linh, sara, at=TEN + HOUR, service_code="first_assessment")
    last = Appointment.objects.order_by("starts_at")[0]
    screen.get(page_of(today))

    with django_assert_num_queries(26):
        screen.get(page_of(today))
    with django_assert_num_queries(24):
        screen.get(page_of(first))
    with django_assert_num_queries(18):
        screen.get(page_of(last))
    with django_assert_num_queries(13):
        screen.get(reverse("patients:results", args=[linh.pk]))


def test_all_no_does_not_tap_a_known_blood_thinner_away(
    visit: Appointment, linh: Patient, sara: Resource, screen: Client
) -> None:
    on_apixaban(linh, by(sara))

    post(screen, visit, do="all_no")

    assert kept(visit).asked_again_at == TEN
    assert facts.known(linh, on=TEN.date())["anticoagulant_use"] is True
    assert "Anticoagulant medicine" in words(screen.get(page_of(visit)))


def test_my_day_names_who_is_worse_by_more_than_the_usual_swing(linh: Patient, sara: Resource, screen: Client) -> None:
    steady = a_patient(family_name="Steady")
    for patient, scores in ((linh, (4, 8)), (steady, (4, 5))):
        for days, worst in zip((14, 0), scores, strict=True):
            visit = a_follow_up(patient, sara, at=TEN - timedelta(days=days))
            a_signed_follow_up(visit, sara, at=visit.ends_at, told={"worst": worst})

    panel = words(screen.get(reverse("desk:my_day"))).split("Getting worse")[1]

    assert "Nguyen" in panel
    assert "4 → 8" in panel
    assert "Steady" not in panel

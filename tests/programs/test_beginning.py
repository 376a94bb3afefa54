"""What a treatment waits for before it begins, who may give it in which way, and which of two words stands."""

import pytest
from booking_cast import at
from factories import MONDAY, NOW, a_clinician, a_device, a_patient, a_room, a_site, a_user, consents_signed, the_clinic
from plan_cast import a_plan, a_therapist

from clinic.appointments.actions import attendance, booking, suggestions
from clinic.appointments.models import Appointment, Resource
from clinic.appointments.rules.refusals import Unfit
from patients.actions import assessments, facts
from patients.models import Assessment, Fact
from patients.rules.consent_texts import ConsentMissing
from people.rules.permissions import Role
from people.rules.refusal import NotAllowed
from programs.actions import beginning, offering, plan_pauses, safety_file, treatments
from programs.actions.checkpoints import NotDecided
from programs.actions.treatments import Given
from programs.rules.rulebook import rulebook
from programs.rules.services import in_this_way

pytestmark = pytest.mark.django_db
LASER, EXERCISE = "laser_therapy", "exercise_program"


@pytest.mark.parametrize(
    ("code", "technique", "expected"),
    [
        (LASER, "", ["chiropractor", "laser_operator", "physical_therapist", "physician"]),
        (LASER, "lllt_3b", ["chiropractor", "laser_operator", "physical_therapist"]),
        ("shockwave", "eswt_focused_low", ["physician"]),
        ("integrative_medicine", "massage_therapy", ["massage_therapist", "physical_therapist"]),
    ],
)
def test_a_technique_is_given_by_those_it_names(code: str, technique: str, expected: list[str]) -> None:
    book = rulebook()

    assert sorted(in_this_way(book.services[code], book.modalities[code], technique).professions) == expected


def test_who_may_not_give_the_technique_is_neither_offered_nor_booked_nor_begins() -> None:
    the_clinic()
    site, rosa, patient = a_site(), a_user(Role.FRONT_DESK), a_patient()
    room, laser = a_room("Laser", "room_laser", site=site), a_device("dev_laser_3b", site=site)
    doctor = a_clinician("Dr Okafor", profession="physician", site=site)
    therapist = a_clinician("Mei Tanaka", profession="physical_therapist", site=site)
    session = a_plan(patient, by=therapist.user).sessions.filter(modality=LASER).earliest("due_on")
    service = offering.current()[LASER]

    def book(who: Resource) -> Appointment:
        return booking.book(
            patient=patient, service=service, site=site, starts_at=at(10), resources=(who, room, laser),
            session=session, by=rosa, now=NOW,
        )  # fmt: skip

    best = suggestions.best_times(service, patient=patient, first=MONDAY, now=NOW, session=session)
    assert {it.offer.clinician for it in best} == {therapist}
    with pytest.raises(Unfit):
        book(doctor)

    visit = book(therapist)
    consents_signed(patient, LASER)
    Appointment.objects.update(clinician=doctor)  # as it stood in the book before the rule counted
    visit = attendance.set_status(Appointment.objects.get(), "arrived", was="booked", by=rosa, now=at(9, 55))
    with pytest.raises(NotAllowed):
        attendance.set_status(visit, "in_room", was="arrived", by=rosa, now=at(10))


def test_a_treatment_is_written_down_only_with_its_consents_and_while_its_plan_is_followed() -> None:
    sara, patient = a_therapist(), a_patient()
    plan = a_plan(patient, template_code="tpl_desk_worker_posture", by=sara)
    session = plan.sessions.filter(modality=EXERCISE).earliest("due_on")
    draft = assessments.start(patient, by=sara, now=NOW, kind=Assessment.Kind.FOLLOW_UP)
    draft = assessments.save(draft, revision=draft.revision, by=sara, now=NOW, told={"worst": 3})
    draft = assessments.ask_again(draft, revision=draft.revision, by=sara, now=NOW)
    read = frozenset(rule.code for rule in rulebook().rules_of[EXERCISE])
    given = Given(modality=EXERCISE, technique=session.technique, session=session, read=read)

    with pytest.raises(ConsentMissing):
        treatments.sign_visit(draft, [given], note="Better.", by=sara, now=NOW)
    consents_signed(patient, EXERCISE)
    plan_pauses.pause(plan, reason="away", by=sara, now=NOW)
    given.session.plan.refresh_from_db()
    with pytest.raises(NotDecided):
        treatments.sign_visit(draft, [given], note="Better.", by=sara, now=NOW)
    plan_pauses.resume(plan, by=sara, now=NOW)
    given.session.plan.refresh_from_db()

    assert treatments.sign_visit(draft, [given], note="Better.", by=sara, now=NOW).is_signed


@pytest.mark.parametrize(
    ("code", "technique", "dose"), [("stem_cell", "bmac", {"ml": 2}), ("shockwave", "eswt_focused_high", {})]
)
def test_what_the_rulebook_leaves_switched_off_is_given_by_no_made_up_form(
    code: str, technique: str, dose: dict[str, float]
) -> None:
    licensed = min(rulebook().modalities[code].givers(technique))
    doctor, patient = a_user(Role.CLINICIAN, profession=licensed), consents_signed(a_patient(), code)
    draft = assessments.start(patient, by=doctor, now=NOW, kind=Assessment.Kind.FOLLOW_UP)
    read = frozenset(rule.code for rule in rulebook().rules_of[code])
    made_up = Given(
        modality=code, technique=technique, regions=("cervical_facet:right:C5-C6",), dose=dose, lot="K-1",
        expires_on=MONDAY, guidance="fluoroscopy", read=read,
    )  # fmt: skip

    with pytest.raises(beginning.NotGivenHere, match="switched off"):
        treatments.sign_visit(draft, [made_up], note="", by=doctor, now=NOW)


def test_of_two_words_of_one_instant_the_later_one_stands() -> None:
    sara, patient = a_therapist(), a_patient()

    for answer in (True, False) * 4:
        facts.state(patient, {"needle_phobia": answer}, by=sara, now=NOW)
        assert facts.known(patient, on=MONDAY)["needle_phobia"] is answer
        assert safety_file.read(patient).known_on(MONDAY)["needle_phobia"] is answer
    assert len(set(Fact.objects.values_list("at", flat=True))) == 1

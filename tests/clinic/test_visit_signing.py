"""Signing a visit: what the signature holds and freezes, who signs second, and what opens next."""

from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from factories import NOW, a_clinician, a_patient
from visit_cast import (
    DEEP,
    LEFT_OUT,
    NEEDLES,
    SUPERFICIAL,
    TEN,
    a_follow_up,
    a_signed_follow_up,
    by,
    kept,
    page_of,
    post,
    sent,
    signed_in,
    words,
)

from clinic.appointments.models import Appointment, Resource
from clinic.desk import clinician_paper
from patients.actions import assessments, signatures
from patients.models import Assessment, Outcome, Patient
from people.models import AuditEvent, Clinic
from programs.actions import treatments
from programs.actions.treatments import Given
from programs.models import SafetyDecision, TreatmentGiven

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ten_o_clock")]


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
    day = reverse("desk:my_day")
    assert "A second signature is missing" in words(other.get(day))
    assert "A second signature is missing" not in words(own.get(day))
    assert "The second signature is a colleague" in words(own.post(url))
    assert other.post(url).status_code == 302

    signed = kept(visit)
    assert (signed.countersigned_by, signed.countersigned_at) == (by(sara), TEN)
    assert "A second signature is missing" not in words(other.get(day))
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

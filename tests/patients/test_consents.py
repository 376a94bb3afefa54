"""Consents: what is signed, who may sign it, how long it counts, and that it never changes."""

from datetime import date, timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from factories import NOW, a_patient, a_portal_patient, a_user, the_clinic

from patients.actions import consents
from patients.models import Consent, Patient
from patients.rules.consent_texts import (
    AnotherFirst,
    CannotBeSigned,
    ConsentMissing,
    Signature,
    with_required,
    wording,
)
from patients.rules.rulebook import rulebook
from people.models import AuditEvent, User
from people.rules.permissions import Role
from people.rules.refusal import ChangedMeanwhile, NotAllowed
from programs.actions import consents as of_treatments
from programs.rules.rulebook import rulebook as programs_rulebook

TODAY = date(2026, 9, 14)
LASER = ["consent_laser", "consent_general"]


@pytest.fixture
def leila(db: None) -> Patient:
    the_clinic()
    return a_portal_patient()


@pytest.fixture
def sara(db: None) -> User:
    return a_user(Role.CLINICIAN)


def sign(patient: Patient, code: str, by: User, *, slip: UUID | None = None, **said: Any) -> Consent:
    signature = Signature(**{"signed_name": "Leila Rahimi"} | said)
    return consents.sign(patient, code, signature, slip=slip or uuid4(), by=by, now=NOW)


def codes(documents: Any) -> list[str]:
    return [it.code for it in documents]


def test_a_signature_keeps_the_exact_words_their_version_and_the_days_it_counts(leila: Patient, sara: User) -> None:
    made = sign(leila, "consent_laser", sara, area="upper trapezius, left")

    document = rulebook().consents["consent_laser"]
    words = wording(document, clinic="Northgate Clinic", area="upper trapezius, left", rulebook=rulebook())
    assert (made.text, made.text_version) == (words.text, rulebook().version)
    assert all(point in made.text for point in document.in_plain_words)
    assert "This is about: upper trapezius, left." in made.text
    assert "Not yet confirmed by a clinician" in made.text
    assert (made.valid_from, made.valid_until) == (TODAY, TODAY + timedelta(days=180))
    event = AuditEvent.objects.get(deed="consent.signed")
    assert (event.by, event.patient_id, "Leila" in str(event.detail)) == (sara, leila.pk, False)


def test_every_point_a_document_must_cover_is_said_in_plain_words() -> None:
    for document in rulebook().consents.values():
        assert len(document.in_plain_words) == len(document.must_cover), document.code


def test_a_treatment_needs_each_of_its_documents_and_says_which_are_missing(leila: Patient, sara: User) -> None:
    assert codes(of_treatments.missing(leila, "laser_therapy", on=TODAY)) == LASER
    sign(leila, "consent_general", sara)

    with pytest.raises(ConsentMissing, match="Consent to laser therapy") as refused:
        of_treatments.refuse_unless_given(leila, "laser_therapy", on=TODAY)
    assert codes(refused.value.documents) == ["consent_laser"]

    sign(leila, "consent_laser", sara)
    of_treatments.refuse_unless_given(leila, "laser_therapy", on=TODAY)


def test_every_treatment_of_the_rulebook_names_documents_that_can_be_signed(leila: Patient) -> None:
    for modality in programs_rulebook().modalities:
        assert of_treatments.missing(leila, modality, on=TODAY)


def test_a_signature_ends_and_a_withdrawn_one_counts_no_more(leila: Patient, sara: User) -> None:
    made = sign(leila, "consent_general", sara)

    def missing(on: date) -> list[str]:
        return codes(consents.missing_of(leila, ["consent_general"], on=on))

    assert missing(made.valid_until) == []
    assert missing(made.valid_until + timedelta(days=1)) == ["consent_general"]

    for _ in range(2):
        consents.withdraw(made, by=sara, now=NOW)

    assert missing(TODAY) == ["consent_general"]
    assert AuditEvent.objects.filter(deed="consent.withdrawn").count() == 1
    assert Consent.objects.get().text == made.text


def test_a_document_with_days_to_think_again_counts_only_after_them(leila: Patient, sara: User) -> None:
    notice = sign(leila, "notice_stem_cell_fda_status", sara)

    assert notice.valid_from == TODAY + timedelta(days=7)
    for day, is_missing in ((6, True), (7, False), (30, False), (31, True)):
        on = TODAY + timedelta(days=day)
        missing = codes(consents.missing_of(leila, ["notice_stem_cell_fda_status"], on=on))
        assert bool(missing) is is_missing, day


def test_what_a_document_rests_on_is_signed_first(leila: Patient, sara: User) -> None:
    with pytest.raises(AnotherFirst, match="FDA status"):
        sign(leila, "consent_stem_cell", sara, witness="Omar Nasser")

    sign(leila, "notice_stem_cell_fda_status", sara)
    assert sign(leila, "consent_stem_cell", sara, witness="Omar Nasser").witness == "Omar Nasser"
    every = with_required(["consent_stem_cell"], age_years=48, rulebook=rulebook())
    assert codes(every) == ["notice_stem_cell_fda_status", "consent_stem_cell"]


@pytest.mark.parametrize(
    ("code", "said", "words"),
    [
        ("consent_laser", {"signed_name": "  "}, "Type your name"),
        ("consent_laser", {"language": "fa"}, "who interprets"),
        ("consent_laser", {"drawn": "M1 1<script>"}, "drawn signature"),
        ("consent_laser", {"drawn": "M1.0 1.0 " * 5000}, "drawn signature"),
    ],
)
def test_a_signature_that_lacks_something_is_refused_and_says_what(
    leila: Patient, sara: User, code: str, said: dict[str, Any], words: str
) -> None:
    with pytest.raises(CannotBeSigned, match=words):
        sign(leila, code, sara, **said)
    assert not Consent.objects.exists()


def test_a_document_that_needs_a_witness_is_not_signed_without_one(leila: Patient, sara: User) -> None:
    sign(leila, "notice_stem_cell_fda_status", sara)

    with pytest.raises(CannotBeSigned, match="needs a witness"):
        sign(leila, "consent_stem_cell", sara)


def test_a_drawn_signature_and_an_interpreter_are_kept_with_the_name(leila: Patient, sara: User) -> None:
    made = sign(leila, "consent_laser", sara, drawn="M1.0 2.0 L30.5 40.2", language="fa", interpreter="Zahra, line 7")

    assert (made.drawn, made.language, made.interpreter) == ("M1.0 2.0 L30.5 40.2", "fa", "Zahra, line 7")


def test_for_a_child_a_guardian_signs_and_the_guardian_document_is_needed_too(db: None, sara: User) -> None:
    the_clinic()
    child = a_patient(given_name="Zoe", birth_date=date(2012, 1, 1))

    assert codes(consents.missing_of(child, ["consent_laser"], on=TODAY)) == ["consent_minor_guardian", "consent_laser"]
    with pytest.raises(CannotBeSigned, match="under 18"):
        sign(child, "consent_laser", sara)
    assert sign(child, "consent_laser", sara, signed_for="Zoe: mother").signed_for == "Zoe: mother"


def test_words_that_changed_since_they_were_shown_are_not_signed(leila: Patient, sara: User) -> None:
    with pytest.raises(ChangedMeanwhile):
        sign(leila, "consent_laser", sara, version="an-older-one")


def test_only_a_clinician_or_the_patient_takes_a_signature(leila: Patient, sara: User) -> None:
    assert leila.user
    made = sign(leila, "consent_general", leila.user)
    for wrong in (a_user(Role.FRONT_DESK), a_user(Role.MANAGER), a_portal_patient(family_name="Other").user):
        assert wrong
        with pytest.raises(NotAllowed):
            sign(leila, "consent_laser", wrong)
        with pytest.raises(NotAllowed):
            consents.withdraw(made, by=wrong, now=NOW)
        with pytest.raises(NotAllowed):
            consents.decline(leila, "consent_laser", by=wrong, now=NOW)
    assert Consent.objects.in_force(TODAY).get() == made


def test_signing_the_same_sheet_twice_is_one_consent(leila: Patient, sara: User) -> None:
    slip = uuid4()

    first, second = (sign(leila, "consent_laser", sara, slip=slip) for _ in range(2))

    assert (first, Consent.objects.count()) == (second, 1)
    assert AuditEvent.objects.filter(deed="consent.signed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_eight_taps_at_the_same_moment_one_consent_remains() -> None:
    the_clinic()
    patient, sara, slip, start = a_portal_patient(), a_user(Role.CLINICIAN), uuid4(), Barrier(8)
    failed: list[DatabaseError] = []

    def tap() -> None:
        try:
            start.wait(timeout=20)
            sign(patient, "consent_laser", sara, slip=slip)
        except DatabaseError as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [Thread(target=tap) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (failed, Consent.objects.count()) == ([], 1)


def refused(deed: Any) -> bool:
    try:
        with transaction.atomic():
            deed()
    except (DatabaseError, IntegrityError):
        return True
    return False


def test_the_database_lets_nobody_change_or_remove_what_was_signed(leila: Patient, sara: User) -> None:
    made = sign(leila, "consent_laser", sara)

    def raw(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, [made.pk])

    def by_orm() -> None:
        made.text = "I agree to everything"
        made.save()

    assert refused(by_orm)
    assert refused(lambda: Consent.objects.filter(pk=made.pk).update(valid_until=TODAY + timedelta(days=999)))
    assert refused(lambda: Consent.objects.bulk_update([made], ["text"]))
    assert refused(lambda: raw("UPDATE patients_consent SET signed_name = 'Somebody' WHERE id = %s"))
    assert refused(lambda: raw("DELETE FROM patients_consent WHERE id = %s"))
    assert refused(made.delete)

    consents.withdraw(Consent.objects.get(), by=sara, now=NOW)
    assert refused(lambda: raw("UPDATE patients_consent SET withdrawn_at = NULL, withdrawn_by_id = NULL WHERE id = %s"))
    assert Consent.objects.get().signed_name == "Leila Rahimi"

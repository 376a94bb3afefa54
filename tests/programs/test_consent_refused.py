"""Whoever does not want to sign is not treated, until she signs; whoever takes it back is booked but not begun."""

from datetime import timedelta
from uuid import uuid4

import pytest
from booking_cast import Cast, a_cast, at, service
from django.test import Client
from django.urls import reverse
from factories import NOW, a_device, a_portal_patient, a_room

from clinic.appointments.actions import attendance
from patients.actions import consents, facts
from patients.models import Consent, Fact, Patient
from patients.rules.consent_texts import ConsentMissing, Signature, id_of
from patients.rules.rulebook import rulebook
from people.models import AuditEvent, User
from programs.actions import safety
from programs.actions.safety import Contraindicated, Treatment

pytestmark = pytest.mark.django_db
LASER, GENERAL = "consent_laser", "consent_general"


@pytest.fixture
def cast() -> Cast:
    return a_cast()


@pytest.fixture
def sara(cast: Cast) -> User:
    assert cast.sara.user
    return cast.sara.user


def held(patient: Patient, *modalities: str) -> list[str]:
    """Of these treatments the ones that must not be given today because she refuses."""
    asked = [Treatment(code, NOW.date()) for code in modalities]
    return [it.treatment.modality for it in safety.standings(patient, asked) if it.facts.get("refuses_consent")]


def sign(patient: Patient, code: str, by: User) -> Consent:
    a_minute_later = NOW + timedelta(minutes=1)
    return consents.sign(patient, code, Signature(signed_name="Leila Rahimi"), slip=uuid4(), by=by, now=a_minute_later)


def document(code: str) -> str:
    return str(id_of(rulebook().consents[code]))


def screen(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_who_declines_one_document_is_held_back_from_what_needs_it_and_from_nothing_else(
    cast: Cast, sara: User
) -> None:
    consents.decline(cast.leila, LASER, by=sara, now=NOW)

    assert held(cast.leila, "laser_therapy", "dry_needling", "exercise_program") == ["laser_therapy"]
    (standing,) = safety.standings(cast.leila, [Treatment("laser_therapy", NOW.date())])
    assert not standing.may_be_given
    assert "ci_laser__refuses_consent__absolute" in [it.rule.code for it in standing.judgement.findings]
    event = AuditEvent.objects.get(deed="consent.declined")
    assert (event.by, event.detail) == (sara, {"code": LASER})


def test_what_she_declines_cannot_be_booked_and_the_desk_is_not_told_why(cast: Cast, sara: User) -> None:
    consents.decline(cast.leila, LASER, by=sara, now=NOW)

    with pytest.raises(Contraindicated) as refused:
        safety.refuse_if_unsafe(cast.leila, [Treatment("laser_therapy", NOW.date())])
    assert str(refused.value) == "Clinician check needed before this visit can be booked."


def test_who_signs_after_all_is_held_no_longer(cast: Cast, sara: User) -> None:
    consents.decline(cast.leila, LASER, by=sara, now=NOW)
    facts.state(cast.leila, {"refuses_consent": True}, by=sara, now=NOW)  # everything, as told to the clinician
    assert held(cast.leila, "laser_therapy", "dry_needling") == ["laser_therapy", "dry_needling"]

    sign(cast.leila, LASER, sara)

    assert held(cast.leila, "laser_therapy", "dry_needling") == []
    assert facts.declined(cast.leila) == {}
    before = Fact.objects.count()
    sign(cast.leila, GENERAL, sara)
    assert Fact.objects.count() == before  # nothing was refused, so nothing is lifted


def test_a_document_that_another_rests_on_holds_that_one_too(cast: Cast, sara: User) -> None:
    consents.decline(cast.leila, "notice_stem_cell_fda_status", by=sara, now=NOW)

    assert held(cast.leila, "stem_cell", "prp") == ["stem_cell"]


def test_at_home_she_says_no_and_may_sign_later(cast: Cast) -> None:
    leila = a_portal_patient()
    assert leila.user
    phone, sheet = screen(leila.user), reverse("portal:consent_sign", args=[document(GENERAL)])

    answer = phone.post(sheet, {"decline": "1"})

    assert answer["Location"] == reverse("portal:consents")
    assert "You said no on" in phone.get(reverse("portal:consents")).content.decode()
    assert Fact.objects.get(patient=leila).origin == Fact.Origin.FORM
    assert held(leila, "laser_therapy") == ["laser_therapy"]


def test_a_clinician_writes_down_a_no_that_was_said_and_nobody_else_may(cast: Cast, sara: User) -> None:
    url, said = reverse("patients:consent_decline", args=[cast.leila.pk]), {"document": document(LASER)}

    assert screen(cast.rosa).post(url, said).status_code == 404
    assert screen(sara).post(url, {"document": str(uuid4())}).status_code == 404
    assert facts.declined(cast.leila) == {}
    screen(sara).post(url, said)

    page = screen(sara).get(reverse("patients:consents", args=[cast.leila.pk])).content.decode()
    assert "Declined" in page
    assert list(facts.declined(cast.leila)) == [LASER]


@pytest.mark.parametrize("how", ["withdrawn at home", "withdrawn by staff", "ended"])
def test_without_a_consent_in_force_a_visit_is_booked_but_not_begun(cast: Cast, sara: User, how: str) -> None:
    leila = a_portal_patient()
    assert leila.user
    # It counts for 180 days.
    signed_at = NOW - timedelta(days=181 if how == "ended" else 1)
    consents.sign(leila, GENERAL, Signature(signed_name="Leila"), slip=uuid4(), by=sara, now=NOW)
    given = consents.sign(leila, LASER, Signature(signed_name="Leila"), slip=uuid4(), by=sara, now=signed_at)
    if how == "withdrawn at home":
        screen(leila.user).post(reverse("portal:consent_copy", args=[given.pk]))
    elif how == "withdrawn by staff":
        screen(sara).post(reverse("patients:consent_withdraw", args=[leila.pk, given.pk]))
    pieces = (cast.sara, a_room("Laser", "room_laser"), a_device("dev_laser_3b"))

    visit = cast.book(at(10), patient=leila, service=service("laser_therapy"), resources=pieces)
    attendance.set_status(visit, "arrived", was="booked", by=cast.rosa, now=at(9, 55))

    with pytest.raises(ConsentMissing, match="Consent to laser therapy"):
        attendance.set_status(visit, "in_room", was="arrived", by=cast.rosa, now=at(10))

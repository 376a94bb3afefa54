"""What was done is written down so that it can be understood and recalled; where it may be done was agreed."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from factories import NOW, consents_signed
from visit_cast import TEN, a_follow_up, a_signed_follow_up, by, page_of, sent, signed_in, the_cast

from clinic.appointments.models import Resource
from patients.actions import facts, signatures
from patients.models import Consent, Patient
from people.models import AuditEvent
from people.rules.refusal import Refused
from programs.actions import treatments
from programs.actions.treatments import CannotBeRight, Given, NotWrittenDown, OutsideConsent, ProductExpired
from programs.models import TreatmentGiven
from programs.rules import agreed
from programs.rules.rulebook import rulebook

pytestmark = pytest.mark.django_db
TODAY = date(2026, 9, 14)
FACET = "cervical_facet:right:C5-C6"
WHOLE: dict[str, Any] = {
    "modality": "prp", "technique": "prp_facet", "regions": (FACET,), "dose": {"ml": 2.5}, "lot": "K-2231",
    "expires_on": TODAY, "guidance": "fluoroscopy",
}  # fmt: skip
Cast = tuple[Patient, Resource]


@pytest.fixture(autouse=True)
def _ten_o_clock() -> Iterator[None]:
    with time_machine.travel(TEN, tick=False):
        yield


@pytest.fixture
def cast() -> Cast:
    return the_cast("physician_interventional")


def signed(cast: Cast, **changed: Any) -> TreatmentGiven:
    linh, doctor = cast
    visit = a_follow_up(linh, doctor, service_code="prp")
    read = frozenset(rule.code for rule in rulebook().rules_of["prp"])
    note = a_signed_follow_up(visit, doctor, at=TEN, given=(Given(**WHOLE | {"read": read} | changed),))
    return TreatmentGiven.objects.get(assessment=note)


def signed_for(patient: Patient, area: str) -> None:
    consents_signed(patient, "prp")
    general = Consent.objects.get(patient=patient, code="consent_general")
    Consent.objects.filter(patient=patient, code="consent_prp").update(withdrawn_at=NOW, withdrawn_by=general.taken_by)
    Consent.objects.create(
        patient=patient, code="consent_prp", area=area, text="x", text_version="x", language="en", signed_name="x",
        signed_at=NOW, valid_from=general.valid_from, valid_until=general.valid_until, taken_by=general.taken_by,
    )  # fmt: skip


def test_a_product_is_kept_with_everything_a_recall_asks_for(cast: Cast) -> None:
    kept = signed(cast)

    assert (kept.lot, kept.expires_on, kept.guidance, kept.dose, kept.regions) == (
        "K-2231", TODAY, "fluoroscopy", {"ml": 2.5}, [FACET],
    )  # fmt: skip
    assert signatures.is_as_signed(kept.assessment, treatments.as_signed(kept.assessment))
    covered = treatments.as_signed(kept.assessment)[0]
    assert (covered["expires_on"], covered["guidance"]) == ("2026-09-14", "fluoroscopy")


@pytest.mark.parametrize(
    ("changed", "refusal", "words"),
    [
        ({"lot": " "}, NotWrittenDown, "write down the lot"),
        ({"expires_on": None}, NotWrittenDown, "the expiry date"),
        ({"dose": {}}, NotWrittenDown, "the volume"),
        ({"regions": ()}, NotWrittenDown, "the place and side"),
        ({"regions": ("cervical_facet:right",)}, NotWrittenDown, "the level"),
        ({"guidance": ""}, NotWrittenDown, "the guidance"),
        ({"guidance": "luck"}, CannotBeRight, "no such guidance"),
        ({"mistyped": {"ml": "2.5.1"}}, CannotBeRight, "“2.5.1” cannot be right"),
        ({"expires_on": TODAY - timedelta(days=1)}, ProductExpired, "lot K-2231 expired on 13 September 2026"),
        ({"was_skipped": True, "note": " "}, NotWrittenDown, "say why it was left out"),
    ],
)
def test_what_is_missing_or_wrong_is_said_and_nothing_is_signed(
    cast: Cast, changed: dict[str, Any], refusal: type[Refused], words: str
) -> None:
    with pytest.raises(refusal, match=words):
        signed(cast, **changed)

    assert not TreatmentGiven.objects.exists()


def test_what_was_typed_wrongly_stays_on_the_page_until_it_is_corrected(cast: Cast) -> None:
    linh, doctor = cast
    visit, screen = a_follow_up(linh, doctor, service_code="prp"), signed_in(by(doctor))
    typed = {"t_prp_technique": "prp_facet", "t_prp_dose_ml": "2,5,1", "t_prp_expires_on": "someday"}

    screen.post(page_of(visit), sent(visit, do="all_no", **typed))
    page = screen.get(page_of(visit)).content.decode()

    assert 'value="2,5,1" aria-invalid="true"' in page
    assert 'value="someday"' in page
    assert "correct what cannot be right" in page


def test_a_treatment_that_a_rule_stops_needs_no_other_reason(cast: Cast) -> None:
    facts.state(cast[0], {"needle_phobia": True}, by=by(cast[1]), now=NOW)

    kept = signed(cast, was_skipped=True)

    assert kept.was_skipped
    assert kept.note.startswith("A safety rule stopped it: ")


@pytest.mark.parametrize(
    ("areas", "places", "beyond"),
    [
        ([], [FACET], []),
        (["cervical facet, right, C5-C6"], [FACET], []),
        (["left"], [FACET], [FACET]),
        (["right, c4-c5"], [FACET], [FACET]),
        (["right, C4-C5", "right, C5-C6"], [FACET], []),
        (["Both sides"], [FACET, "upper_trapezius:left", "upper_trapezius:both"], []),
        (["left"], ["upper_trapezius:both", FACET], ["upper_trapezius:both", FACET]),
        (["upper trapezius"], [FACET], []),  # a place in words cannot be compared
        (["C5-C6"], ["cervical_facet:right"], []),
    ],
)  # fmt: skip
def test_side_and_level_are_compared_with_what_was_signed_for(
    areas: list[str], places: list[str], beyond: list[str]
) -> None:
    assert agreed.outside(areas, places) == beyond


def test_another_side_than_the_consent_is_signed_anew_or_agreed_to_by_name(cast: Cast) -> None:
    signed_for(cast[0], "left, C5-C6")

    with pytest.raises(OutsideConsent, match=r"signed for left, C5-C6, but given at .*right"):
        signed(cast)
    with pytest.raises(OutsideConsent):
        signed(cast, agreed=frozenset({"cervical_facet:right:C6-C7"}))  # agreed to before the place was changed
    kept = signed(cast, agreed=frozenset({FACET}))

    assert kept.note == "The patient agreed by word to a place outside the signed consent."
    event = AuditEvent.objects.get(deed="treatment.outside_consent")
    assert (event.by, event.detail) == (by(cast[1]), {"places": 1})


def test_the_page_shows_what_was_signed_for_and_warns_before_the_signature(cast: Cast) -> None:
    linh, doctor = cast
    signed_for(linh, "left, C5-C6")
    visit, screen = a_follow_up(linh, doctor, service_code="prp"), signed_in(by(doctor))
    tapped = {"t_prp_technique": "prp_facet", "t_prp_regions": [FACET]}

    def page() -> str:
        return screen.get(page_of(visit)).content.decode()

    assert "Signed for: left, C5-C6" in page().replace("Signed for:</", "Signed for:")
    screen.post(page_of(visit), sent(visit, do="all_no", **tapped))
    assert "Another place than the patient signed for" in page()
    assert "compare the place with the consent" in page()
    screen.post(page_of(visit), sent(visit, save="1", t_prp_agreed=FACET, **tapped))
    assert "compare the place with the consent" not in page()

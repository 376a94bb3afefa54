"""How much was given, and where: what can be written down and how it reads."""

import pytest

from patients.rules.rulebook import rulebook as patients_rulebook
from programs.rules import doses
from programs.rules.rulebook import rulebook

REGIONS = patients_rulebook().body_regions


def test_every_treatment_has_its_numbers_and_every_product_its_lot() -> None:
    assert doses.DOSES.keys() == rulebook().modalities.keys()
    assert {it.code for it in rulebook().modalities.values() if it.kind == "injection"} == doses.WITH_LOT


def test_a_dose_reads_with_its_units_and_only_what_was_written_down() -> None:
    assert doses.readable("dry_needling", {"needles": 4}) == ["4 needles"]
    assert doses.readable("prp", {"ml": 3.5}) == ["3.5 ml"]
    assert doses.readable("of_an_older_rulebook", {"ml": 3.5}) == []


@pytest.mark.parametrize(
    ("dose", "wrong"),
    [({"needles": 4}, ""), ({"needles": 400}, "needles"), ({"needles": -1}, "needles"), ({"ml": 1}, "ml")],
)
def test_a_number_that_cannot_be_is_named(dose: dict[str, float], wrong: str) -> None:
    assert doses.problem("dry_needling", dose) == wrong


@pytest.mark.parametrize(
    ("place", "words"),
    [("upper_trapezius:right", "Upper trapezius (right)"), ("cervical_facet:left:C5-C6", "(left, C5-C6)")],
)
def test_a_place_is_a_region_with_a_side_and_perhaps_a_level(place: str, words: str) -> None:
    assert doses.is_a_place(place, REGIONS)
    assert doses.place_words(place, {code: it.label for code, it in REGIONS.items()}).endswith(words)


@pytest.mark.parametrize(
    "place", ["", "upper_trapezius", "nowhere:left", "upper_trapezius:up", "cervical_facet:left:C9"]
)
def test_what_is_no_place_is_refused(place: str) -> None:
    assert not doses.is_a_place(place, REGIONS)

"""Who is taken for whom."""

from datetime import date
from typing import Any

import pytest
from factories import a_patient

from patients.actions.twins import close_matches
from patients.models import Patient
from patients.rules.names import NotAName, alike, clean, fold, plain
from patients.rules.twins import Likeness, Person, likeness

BORN = date(1978, 3, 4)
PHONE = frozenset({"+12025550144"})
LEILA = Person("Leila", "Rahimi", BORN, PHONE, "leila@example.org")


@pytest.mark.parametrize(
    ("new", "kind"),
    [
        (Person("Leila", "Rahimi", BORN), Likeness.SAME),
        (Person("LEYLA", "Rahimi", BORN), Likeness.SAME),
        (Person("Rahimi", "Leila", BORN), Likeness.SAME),
        (Person("Leila Rahimi", "", BORN), Likeness.SAME),
        (Person("Leila", "Rahimi", None, PHONE), Likeness.SAME_CONTACT),
        (Person("Leila", "Rahimi", None), Likeness.SAME_NAME),
        (Person("Dariush", "Rahimi", BORN), Likeness.TWIN),
        (Person("Dariush", "Karimi", date(1975, 1, 1), PHONE), Likeness.SHARED_CONTACT),
        (Person("Ava", "Moor", date(2010, 1, 1), frozenset(), "LEILA@example.org"), Likeness.SHARED_CONTACT),
        (Person("Leila", "Rahimi", date(1950, 1, 1), PHONE), Likeness.SHARED_CONTACT),
        (Person("Leila", "Rahimi", date(1950, 1, 1)), None),
        (Person("Omar", "Moor", BORN), None),
        (Person("Omar", "Moor"), None),
    ],
)
def test_how_alike_two_people_are(new: Person, kind: Likeness | None) -> None:
    assert likeness(new, LEILA) == kind


def test_only_probably_the_same_person_asks_for_a_second_press() -> None:
    assert {kind for kind in Likeness if kind.is_strong} == {Likeness.SAME, Likeness.SAME_CONTACT, Likeness.SAME_NAME}


def test_a_preferred_name_counts_as_a_first_name() -> None:
    known = Person("Elizabeth", "Moor", BORN, preferred_name="Betty")

    assert likeness(Person("Betty", "Moor", BORN), known) == Likeness.SAME


@pytest.mark.parametrize(
    ("one", "other"), [("Jon", "John"), ("Alex", "Alexandra"), ("Gómez", "GOMEZ"), ("O'Brien", "OBrien"), ("李", "李")]
)
def test_names_that_are_alike(one: str, other: str) -> None:
    assert alike(one, other)


@pytest.mark.parametrize(("one", "other"), [("Leila", "Lena"), ("Al", "Alexandra"), ("", ""), ("李", "王")])
def test_names_that_are_not(one: str, other: str) -> None:
    assert not alike(one, other)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Leila \t Rahimi ", "Leila Rahimi"),
        ("O`Brien", "O'Brien"),
        ("Le\u202eila", "Leila"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("Zoe\u0308", "Zoë"),
        ("", ""),
    ],
)
def test_a_name_is_kept_as_written_without_what_cannot_be_seen(typed: str, kept: str) -> None:
    assert clean(typed) == kept


@pytest.mark.parametrize("typed", ["😀", "Leila <b>", "$", "x" * 101, "--", "Leila\ue000"])
def test_what_is_no_name_is_refused(typed: str) -> None:
    with pytest.raises(NotAName):
        clean(typed)


def test_folding_forgets_case_accents_and_hyphens() -> None:
    assert fold("Ångström-Đặng O'Neil") == fold("ANGSTROM Đang oneil")
    assert plain("a\r\nb\x00c") == "a bc"


def test_the_gravest_comes_first_and_five_are_enough(db: None, django_assert_num_queries: Any) -> None:
    for given in ("Dariush", "Sara", "Omid", "Nika", "Ava", "Bita"):
        a_patient(given_name=given, family_name="Rahimi", birth_date=BORN, mobile="")
    same = a_patient(given_name="Leila", family_name="Rahimi", birth_date=BORN, mobile="")

    with django_assert_num_queries(1):
        found = close_matches(Patient(given_name="Leila", family_name="Rahimi", birth_date=BORN))

    assert (found[0].patient, found[0].likeness, len(found)) == (same, Likeness.SAME, 5)


def test_somebody_archived_is_found_too_and_nobody_is_their_own_double(db: None) -> None:
    gone = a_patient(given_name="Leila", family_name="Rahimi", birth_date=BORN)
    Patient.objects.update(archived_at=gone.registered_at)

    assert [match.patient for match in close_matches(Patient(given_name="Leila", family_name="Rahimi"))] == [gone]
    assert close_matches(gone) == []

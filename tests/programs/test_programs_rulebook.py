"""What we know about treatments is whole, and the desk finds in it what it books."""

import pytest

from programs.rules.entries import Dosage
from programs.rules.rulebook import needs_confirmation, rulebook


def test_the_whole_reference_is_there() -> None:
    book = rulebook()
    parts = ("modalities", "services", "exercises", "stop_rules", "posture_items", "templates", "self_care")

    assert {name: len(getattr(book, name)) for name in parts} == {
        "modalities": 10,
        "services": 14,
        "exercises": 35,
        "stop_rules": 6,
        "posture_items": 26,
        "templates": 8,
        "self_care": 10,
    }
    assert (len(book.contraindications), len(book.timing_rules)) == (433, 61)


def test_no_clinician_has_confirmed_a_treatment_a_program_or_an_exercise_yet() -> None:
    book = rulebook()
    claims = [*book.modalities.values(), *book.templates.values(), *book.exercises.values(), *book.services.values()]

    assert all(needs_confirmation(claim) for claim in claims)


def test_cell_based_injection_is_known_but_cannot_be_booked() -> None:
    book = rulebook()

    assert not book.modalities["stem_cell"].enabled_by_default
    assert [code for code, service in book.services.items() if not service.is_enabled] == ["stem_cell"]


def test_every_treatment_can_be_found_under_the_name_the_desk_uses() -> None:
    treatments = {code: it.name for code, it in rulebook().services.items() if it.is_treatment}

    assert treatments == {
        "exercise_program": "Exercise session",
        "exercise_class": "Exercise class",
        "posture_guidance": "Posture check",
        "posture_class": "Posture class",
        "chiropractic_care": "Adjustment",
        "dry_needling": "Dry needling",
        "laser_therapy": "Laser",
        "shockwave": "Shockwave",
        "integrative_medicine": "Integrative visit",
        "prolotherapy": "Prolotherapy",
        "prp": "PRP",
        "stem_cell": "Stem cell",
    }


def test_prp_keeps_an_ultrasound_and_a_centrifuge_and_laser_one_of_two_lasers() -> None:
    services = rulebook().services

    assert services["prp"].devices == (frozenset({"dev_ultrasound"}), frozenset({"dev_centrifuge"}))
    assert services["laser_therapy"].devices == (frozenset({"dev_laser_3b", "dev_laser_4"}),)
    assert services["dry_needling"].devices == ()


def test_a_first_assessment_takes_forty_five_minutes_in_a_consultation_room() -> None:
    service = rulebook().services["first_assessment"]

    assert (service.minutes, service.room_kinds, service.modality) == (45, {"room_consult"}, None)
    assert not service.is_treatment


def test_in_new_york_a_chiropractor_is_never_booked_for_dry_needling() -> None:
    assert rulebook().services["dry_needling"].professions == {"licensed_acupuncturist", "physician"}


def test_a_block_on_a_group_blocks_every_treatment_in_it() -> None:
    book = rulebook()

    assert book.modalities_blocked_by(["all"]) == set(book.modalities)
    assert book.modalities_blocked_by(["hands_on"]) == set(book.modalities) - {"posture_guidance"}
    assert book.modalities_blocked_by(["device", "prp"]) == {"laser_therapy", "shockwave", "prp"}
    assert book.modalities_blocked_by([]) == frozenset()


def test_a_block_nobody_knows_is_never_dropped_in_silence() -> None:
    with pytest.raises(KeyError):
        rulebook().modalities_blocked_by(["hands_off"])


@pytest.mark.parametrize(
    ("dosage", "dose", "frequency"),
    [
        ((1, 10, 5, 3, 7, False, None), "10 times. Hold for 5 seconds.", "3 times a day, every day."),
        (
            (2, 8, 1, 2, 6, True, None),
            "8 times on each side. Hold for 1 second. Do 2 sets.",
            "Twice a day, 6 days a week.",
        ),
        ((1, 1, 0, 1, 5, False, 20), "About 20 minutes.", "Once a day, 5 days a week."),
        ((1, 10, 0, 2, 1, False, 1), "10 times. About 1 minute.", "Twice a day, 1 day a week."),
        ((1, 1, 30, 1, 7, False, None), "Once. Hold for 30 seconds.", "Once a day, every day."),
    ],
)
def test_a_dose_reads_like_something_one_can_do(
    dosage: tuple[int, int, int, int, int, bool, int | None], dose: str, frequency: str
) -> None:
    sets, reps, hold, times, days, each_side, minutes = dosage

    it = Dosage(
        sets=sets,
        reps=reps,
        hold_seconds=hold,
        times_per_day=times,
        days_per_week=days,
        each_side=each_side,
        minutes=minutes,
    )

    assert (it.dose_in_words(), it.frequency_in_words()) == (dose, frequency)

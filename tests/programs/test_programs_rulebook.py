"""What we know about treatments is whole, and anything that cannot be right is refused."""

import shutil
import sys
import time
from pathlib import Path

import pytest
from knowledge_cast import Change, changer

from patients.rules import rulebook as patients
from people.rules import professions
from people.rules.knowledge import KnowledgeError
from programs.rules import rulebook as programs
from programs.rules.entries import Dosage
from programs.rules.rulebook import needs_confirmation, rulebook


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(programs.KNOWLEDGE, tmp_path / "programs"))


@pytest.fixture
def change(folder: Path) -> Change:
    return changer(folder)


def refusal(folder: Path, book: patients.Rulebook | None = None) -> str:
    with pytest.raises(KnowledgeError) as refused:
        programs.load(folder, patients=book or patients.rulebook(), professions=professions.professions())
    return str(refused.value)


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


@pytest.mark.skipif(sys.gettrace() is not None, reason="measuring coverage slows everything down")
def test_everything_is_read_and_checked_well_within_a_third_of_a_second() -> None:
    def load() -> float:
        begun = time.process_time()
        known = professions.load(professions.KNOWLEDGE)
        book = patients.load(patients.KNOWLEDGE, professions=known)
        programs.load(programs.KNOWLEDGE, patients=book, professions=known)
        return time.process_time() - begun

    # The best of three: a busy machine is not a slow rulebook.
    assert min(load() for _ in range(3)) < 0.3


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


SERVICES, MODALITIES, TRAINING = "services.toml", "modalities.toml", "exercises.toml"
TEMPLATES, DANGERS, TIMES = "program_templates.toml", "contraindications.toml", "interactions.toml"
PLACES = "rooms_and_devices.toml"


@pytest.mark.parametrize(
    ("file", "written", "instead", "said"),
    [
        (SERVICES, 'code = "review"', 'code = "first_assessment"', "first_assessment: this code is given twice"),
        (SERVICES, '"nurse_practitioner"', '"wizard"', "first_assessment: profession 'wizard' is not known"),
        (SERVICES, '["room_consult"]', '["room_cellar"]', "first_assessment: room 'room_cellar' is not known"),
        (SERVICES, "devices = []", 'devices = [["dev_x"]]', "first_assessment: device 'dev_x' is not known"),
        (
            SERVICES,
            "devices = []",
            "devices = [[]]",
            "first_assessment: needs somebody, somewhere, and something to choose from for every device",
        ),
        (SERVICES, "minutes = 45", "minutes = 0", "first_assessment: the minutes cannot be right"),
        (SERVICES, "minutes = 45", 'minutes = "45"', "first_assessment: 'minutes' cannot be '45'"),
        (SERVICES, 'modality = "prp"', 'modality = "magic"', "prp: modality 'magic' is not known"),
        (
            SERVICES,
            '["physician_interventional"]',
            '["chiropractor"]',
            "prolotherapy: 'chiropractor' may not perform 'prolotherapy'",
        ),
        (SERVICES, '["room_laser"]', '["room_gym"]', "laser_therapy: 'laser_therapy' may not be given in 'room_gym'"),
        (
            SERVICES,
            "enabled = false",
            "enabled = true",
            "stem_cell: 'stem_cell' is switched off, so it cannot be booked",
        ),
        (PLACES, 'code = "dev_centrifuge"', 'code = "dev_spinner"', "prp: device 'dev_centrifuge' is not known"),
        (PLACES, 'code = "room_gym"', 'code = "gym"', "exercise_program: room 'room_gym' is not known"),
        (
            MODALITIES,
            'modalities = ["chiropractic_care"]',
            'modalities = ["massage"]',
            "manual: modality 'massage' is not known",
        ),
        (MODALITIES, 'code = "manual"', 'code = "prp"', "prp: is a modality and a group"),
        (
            MODALITIES,
            'performed_by = ["physician_interventional"]',
            'performed_by = ["wizard"]',
            "prp: profession 'wizard' is not known",
        ),
        (MODALITIES, '"consent_prp"', '"consent_x"', "prp: consent 'consent_x' is not known"),
        (MODALITIES, '["nprs", "ndi", "psfs", "groc", "headache_days"', '["mood"', "prp: measure 'mood' is not known"),
        (MODALITIES, '"red_flag_uncleared"', '"luck"', "prp: fact 'luck' is not known"),
        (MODALITIES, '"prp_medscape"', '"my_aunt"', "prp: source 'my_aunt' is not known"),
        (
            MODALITIES,
            'code = "prp_facet"',
            'code = "bmac"',
            "[[modality.technique]]: two modalities share the code of a technique",
        ),
        (MODALITIES, 'code = "prp_facet"', 'code = "prp_ligament"', "prp_ligament: this code is given twice"),
        (MODALITIES, "gap_days_min = 28, ", "", "CourseLimits: 'gap_days_min' is missing"),
        (TRAINING, 'escalates_to = "same_day"', 'escalates_to = "soon"', "stop_neuro: urgency 'soon' is not known"),
        (
            TRAINING,
            'modality_technique = "ex_breathing_relaxation"',
            'modality_technique = "ex_x"',
            "ex_diaphragm_breathing: technique 'ex_x' is not known",
        ),
        (
            TRAINING,
            'stop_rules = ["stop_dizzy"]',
            'stop_rules = ["stop_x"]',
            "ex_diaphragm_breathing: stop rule 'stop_x' is not known",
        ),
        (TRAINING, '["severe_anxiety_current"]', '["luck"]', "ex_diaphragm_breathing: fact 'luck' is not known"),
        (
            TRAINING,
            'exercise = "ex_towel_rotation"',
            'exercise = "ex_x"',
            "ex_rotation_arom: exercise 'ex_x' is not known",
        ),
        (TRAINING, "dosage = { sets = 1,", "dose = { sets = 1,", "ex_diaphragm_breathing: 'dosage' is missing"),
        (TRAINING, "reps = 10", "reps = true", "Dosage: 'reps' cannot be True"),
        (
            "posture_checklist.toml",
            '["osha_workstation"]',
            "[]",
            "ps_monitor_height: basis is 'sourced' but no source is named",
        ),
        ("self_care.toml", '"seed_000", "seed_002"', '"my_aunt"', "sc_ice_heat: source 'my_aunt' is not known"),
        (TEMPLATES, 'modality = "posture_guidance"', 'modality = "magic"', "p1_calm: modality 'magic' is not known"),
        (
            TEMPLATES,
            'technique = "sleep_position_review"',
            'technique = "bmac"',
            "p1_calm: technique of posture_guidance 'bmac' is not known",
        ),
        (
            TEMPLATES,
            "gap_days_min = 1, gap_days_target = 1",
            "gap_days_min = 2, gap_days_target = 1",
            "p1_calm: the gaps of 'sleep_position_review' are out of order",
        ),
        (
            TEMPLATES,
            "gap_days_min = 1,",
            "gap_days_min = -1,",
            "p1_calm: the gaps of 'sleep_position_review' are out of order",
        ),
        (
            TEMPLATES,
            "count = 1,",
            "count = 0,",
            "p1_calm: 'sleep_position_review' is given less than once, or before its phase",
        ),
        (
            TEMPLATES,
            "day_end = 3",
            "day_end = 5",
            "tpl_acute_spasm_conservative: phase 'p2_move' begins before 'p1_calm' has ended",
        ),
        (
            TEMPLATES,
            "day_end = 3",
            "day_end = -1",
            "tpl_acute_spasm_conservative: phase 'p1_calm' does not fit into 21 days",
        ),
        (
            TEMPLATES,
            "duration_days = 21",
            "duration_days = 20",
            "tpl_acute_spasm_conservative: phase 'p3_restore' does not fit into 20 days",
        ),
        (TEMPLATES, "[0, 10, 21]", "[10, 0, 21]", "tpl_acute_spasm_conservative: 'reassess_days' are out of order"),
        (
            TEMPLATES,
            '"ex_shoulder_rolls"',
            '"ex_x"',
            "tpl_acute_spasm_conservative.p1_calm: exercise 'ex_x' is not known",
        ),
        (
            TEMPLATES,
            '"ps_sleep_back_side"',
            '"ps_x"',
            "tpl_acute_spasm_conservative.p1_calm: posture item 'ps_x' is not known",
        ),
        (TEMPLATES, '"sc_ice_heat"', '"sc_x"', "tpl_acute_spasm_conservative.p1_calm: self-care 'sc_x' is not known"),
        (
            TEMPLATES,
            '{ code = "nprs" }',
            '{ code = "mood" }',
            "tpl_acute_spasm_conservative.p1_calm: measure 'mood' is not known",
        ),
        (
            TEMPLATES,
            '{ field = "symptom_days"',
            '{ field = "luck"',
            "tpl_acute_spasm_conservative: field 'luck' is not known",
        ),
        (
            TEMPLATES,
            'op = "<=", value = 42',
            'op = "~", value = 42',
            "tpl_acute_spasm_conservative: comparison '~' is not known",
        ),
        (TEMPLATES, '  "suspected_cad"', '  "luck"', "tpl_acute_spasm_conservative: fact 'luck' is not known"),
        (
            TEMPLATES,
            '  "psr_red_flag"',
            '  "psr_x"',
            "tpl_acute_spasm_conservative: stop criterion 'psr_x' is not known",
        ),
        (TEMPLATES, 'field = "red_flag_uncleared"', 'field = "luck"', "psr_red_flag: field 'luck' is not known"),
        (
            DANGERS,
            'severity = "absolute"',
            'severity = "mortal"',
            "ci_prp__red_flag_uncleared__absolute: severity 'mortal' is not known",
        ),
        (
            DANGERS,
            'severity = "absolute"',
            'severity = "caution"',
            "ci_prp__red_flag_uncleared__absolute: severity 'caution' means 'caution', not 'blocked'",
        ),
        (
            DANGERS,
            'fact = "red_flag_uncleared"',
            'fact = "luck"',
            "ci_prp__red_flag_uncleared__absolute: fact 'luck' is not known",
        ),
        (DANGERS, 'op = "is"', 'op = "near"', "ci_prp__red_flag_uncleared__absolute: comparison 'near' is not known"),
        (
            DANGERS,
            'when = [\n  { fact = "red_flag_uncleared", op = "is", value = true },\n]',
            "when = []",
            "ci_prp__red_flag_uncleared__absolute: 'when' is empty, so it would always fire",
        ),
        (
            DANGERS,
            'modality = "prp"',
            'modality = "magic"',
            "ci_prp__red_flag_uncleared__absolute: treatment 'magic' is not known",
        ),
        (
            DANGERS,
            "techniques = []",
            'techniques = ["bmac"]',
            "ci_prp__red_flag_uncleared__absolute: technique of prp 'bmac' is not known",
        ),
        (
            DANGERS,
            "temporary = true",
            'temporary = true\noverride_roles = ["physician"]',
            "ci_prp__red_flag_uncleared__absolute: 'override_roles' do not go with severity 'absolute'",
        ),
        (
            DANGERS,
            "temporary = true",
            'temporary = true\noverride_roles = ["wizard"]',
            "ci_prp__red_flag_uncleared__absolute: profession 'wizard' is not known",
        ),
        (DANGERS, '"incomplete", ', '"perhaps", ', "decision_order: decision 'perhaps' is not known"),
        (TIMES, "min_gap = 7", "min_gap = -1", "int_nsaid_before_prp: 'min_gap' is less than nothing"),
        (
            TIMES,
            'first = "med_nsaid"',
            'first = "med_x"',
            "int_nsaid_before_prp: treatment or event 'med_x' is not known",
        ),
        (
            TIMES,
            "first_techniques = []",
            'first_techniques = ["x"]',
            "int_nsaid_before_prp: technique 'x' is not known",
        ),
        (TIMES, 'kind = "washout_before"', 'kind = "wish"', "int_nsaid_before_prp: kind 'wish' is not known"),
        (TIMES, 'unit = "days"', 'unit = "moons"', "int_nsaid_before_prp: unit 'moons' is not known"),
        (TIMES, 'strength = "hard"', 'strength = "firm"', "int_nsaid_before_prp: strength 'firm' is not known"),
        (
            TIMES,
            "overridable = true",
            "overridable = false",
            "int_nsaid_before_prp: 'overridable' and 'override_roles' do not agree",
        ),
    ],
)
def test_knowledge_that_cannot_be_right_is_refused(
    folder: Path, change: Change, file: str, written: str, instead: str, said: str
) -> None:
    change(file, written, instead)

    assert refusal(folder).partition(": ")[2] == said


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ('blocks = ["all"]', 'blocks = ["everything"]', "rf_fever: modality or group 'everything' is not known"),
        ('same_day = ["hands_on"]', 'same_day = ["hands"]', "triage_rule: modality or group 'hands' is not known"),
    ],
)
def test_a_warning_sign_that_blocks_a_treatment_nobody_gives_is_refused(
    tmp_path: Path, written: str, instead: str, said: str
) -> None:
    patients_folder = Path(shutil.copytree(patients.KNOWLEDGE, tmp_path / "patients"))
    file = patients_folder / "red_flags.toml"
    file.write_text(file.read_text().replace(written, instead, 1))

    book = patients.load(patients_folder, professions=professions.professions())

    assert refusal(programs.KNOWLEDGE, book) == f"red_flags.toml: {said}"

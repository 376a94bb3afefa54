"""A service, a treatment, a room or an exercise that cannot be right is refused, and the words say where."""

import shutil
from pathlib import Path

import pytest
from knowledge_cast import Change, refusal

from patients.rules import rulebook as patients
from people.rules import professions
from programs.rules import rulebook as programs

SERVICES, MODALITIES, TRAINING = "services.toml", "modalities.toml", "exercises.toml"
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

"""A program, a danger or a distance in time that cannot be right is refused, and the words say where."""

from pathlib import Path

import pytest
from knowledge_cast import Change, refusal

TEMPLATES, DANGERS, TIMES = "program_templates.toml", "contraindications.toml", "interactions.toml"


@pytest.mark.parametrize(
    ("file", "written", "instead", "said"),
    [
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

"""What we know about patients is whole, and anything that cannot be right is refused."""

import shutil
from pathlib import Path

import pytest
from knowledge_cast import Change, changer

from patients.rules import rulebook as patients
from patients.rules.rulebook import intake_questions, rulebook
from people.rules.knowledge import Claim, KnowledgeError
from people.rules.professions import professions


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(patients.KNOWLEDGE, tmp_path / "knowledge"))


@pytest.fixture
def change(folder: Path) -> Change:
    return changer(folder)


def refusal(folder: Path) -> str:
    with pytest.raises(KnowledgeError) as refused:
        patients.load(folder, professions=professions())
    return str(refused.value)


def test_the_whole_reference_is_there() -> None:
    book = rulebook()

    assert {name: len(getattr(book, name)) for name in ("red_flags", "combinations", "causes", "symptoms")} == {
        "red_flags": 71,
        "combinations": 17,
        "causes": 34,
        "symptoms": 27,
    }
    assert {name: len(getattr(book, name)) for name in ("facts", "measures", "consents", "sources")} == {
        "facts": 131,
        "measures": 13,
        "consents": 13,
        "sources": 114,
    }


def test_no_clinician_has_confirmed_anything_yet() -> None:
    claims: list[Claim] = [*rulebook().red_flags.values(), *rulebook().causes.values(), *rulebook().facts.values()]

    assert not any(claim.is_confirmed_by_clinician for claim in claims)


def test_an_entry_counts_as_confirmed_once_a_clinician_has_put_a_name_to_it(folder: Path, change: Change) -> None:
    change("red_flags.toml", 'code = "rf_fever"', 'code = "rf_fever"\nconfirmed_by = "Dr Imani Okafor"')

    book = patients.load(folder, professions=professions())

    assert book.red_flags["rf_fever"].is_confirmed_by_clinician
    assert not book.red_flags["rf_chills"].is_confirmed_by_clinician


def test_a_warning_sign_says_all_a_clinician_needs() -> None:
    flag = rulebook().red_flags["rf_fragile_bone"]

    assert (flag.asked_of, flag.urgency, flag.blocks, flag.sets_facts, flag.ask_at, flag.sources, flag.basis) == (
        "patient",
        "refer_before_treatment",
        ("chiropractic_care", "shockwave"),
        ("osteoporosis",),
        ("intake", "every_visit"),
        ("gcare_redflags", "ifompt_history"),
        "sourced",
    )


def test_a_source_can_be_opened_unless_the_clinic_keeps_it_itself() -> None:
    kept = [source.title for source in rulebook().sources.values() if not source.is_online]

    assert kept == [
        "Muscle Spasms in the Neck (patient text the program was founded on)",
        "Neck Spasms (patient text the program was founded on)",
    ]


def test_the_gravest_questions_are_asked_first() -> None:
    ranks = [rulebook().rank(rule.urgency) for rule in intake_questions(40)]

    assert ranks == sorted(ranks, reverse=True)
    assert ranks[0] == rulebook().rank("emergency_now")


def test_a_patient_is_not_asked_what_only_an_examination_or_the_record_can_tell() -> None:
    asked = {rule.code for rule in intake_questions(40)}

    assert rulebook().red_flags.keys() - asked == {
        "rf_age_65_or_over",
        "rf_allergic_reaction",
        "rf_bp_crisis",
        "rf_first_episode_under_20_over_55",
        "rf_midline_bone_tenderness",
        "rf_nystagmus",
        "rf_post_injection_infection",
        "rf_post_manipulation_neuro",
        "rf_post_needling_chest",
        "rf_upper_motor_neuron_signs",
    }


def test_an_injured_patient_is_asked_to_remember_turning_the_head_never_to_try_it() -> None:
    (question,) = (rule for rule in intake_questions(40) if rule.code == "rf_cannot_rotate_45")

    assert question.asked_of == "patient_recall"
    assert question.patient_question.startswith("Without testing it now:")


def test_a_patient_whose_birth_date_is_unknown_is_asked_about_age() -> None:
    more = {rule.code for rule in intake_questions(None)} - {rule.code for rule in intake_questions(40)}

    assert more == {"rf_age_65_or_over", "rf_first_episode_under_20_over_55"}


def test_the_version_changes_with_every_word(folder: Path, change: Change) -> None:
    change("causes.toml", "Too little fluid in the body.", "Too little fluid in the body!")

    changed = patients.load(folder, professions=professions()).version

    assert len(changed) == len(rulebook().version) == 12
    assert changed != rulebook().version


FLAG = "red_flags.toml"


@pytest.mark.parametrize(
    ("file", "written", "instead", "said"),
    [
        (FLAG, 'code = "rf_chills"', 'code = "rf_fever"', "rf_fever: this code is given twice"),
        (FLAG, 'urgency = "same_day"', 'urgency = "soon"', "rf_fever: urgency 'soon' is not known"),
        (FLAG, '"viral_infection"]', '"cold"]', "rf_fever: condition 'cold' is not known"),
        (FLAG, '["recent_fever_illness"]', '["hot"]', "rf_fever: fact 'hot' is not known"),
        (
            FLAG,
            'clearable_by = ["physician"]',
            'clearable_by = ["wizard"]',
            "rf_fever: profession 'wizard' is not known",
        ),
        (FLAG, 'clearable_by = ["physician"]', "clearable_by = []", "rf_fever: 'clearable_by' names nobody"),
        (FLAG, 'asked_of = "patient"', 'asked_of = "aunt"', "rf_fever: asked_of 'aunt' is not known"),
        (FLAG, '["intake", "every_visit"]', '["never"]', "rf_fever: ask_at 'never' is not known"),
        (FLAG, 'answer_type = "yes_no"', 'answer_type = "song"', "rf_fever: answer_type 'song' is not known"),
        (FLAG, 'urgency = "same_day"', "urgency = 2", "rf_fever: 'urgency' cannot be 2"),
        (FLAG, 'blocks = ["all"]', "block = []", "rf_fever: 'block' is not a key of RedFlagRule"),
        (FLAG, 'blocks = ["all"]\n', "", "rf_fever: 'blocks' is missing"),
        (FLAG, '"nhs_meningitis", ', '"my_aunt", ', "rf_fever: source 'my_aunt' is not known"),
        (FLAG, 'number = "nprs_current"', 'number = "luck"', "rf_pain_very_severe: number 'luck' is not known"),
        (FLAG, 'op = ">="', 'op = "near"', "rf_pain_very_severe: comparison 'near' is not known"),
        (
            FLAG,
            'skip_if_any = ["rf_dangerous',
            'skip_if_any = ["rf_fun',
            "rf_cannot_rotate_45: red flag 'rf_fun_mechanism' is not known",
        ),
        (
            FLAG,
            '["rf_bruise_like_marks"], [',
            '["rf_freckles"], [',
            "cmb_bruise_rigidity: red flag 'rf_freckles' is not known",
        ),
        (FLAG, "min_count = 2", "min_count = 0", "cmb_five_d_three_n: asks for nothing, so it would always fire"),
        (
            FLAG,
            "min_count = 2",
            "min_count = 20",
            "cmb_five_d_three_n: 'min_count' is more than 'of' can give, so it would never fire",
        ),
        (
            FLAG,
            "refer_before_treatment = [], ",
            "",
            "triage_rule: 'min_blocks' says nothing for 'refer_before_treatment'",
        ),
        (
            FLAG,
            'rotation_flag = "rf_cannot_rotate_45"',
            'rotation_flag = "rf_turn"',
            "canadian_c_spine_rule: red flag 'rf_turn' is not known",
        ),
        ("urgencies.toml", 'code = "none"', 'code = "fine"', "rf_age_65_or_over: urgency 'none' is not known"),
        ("urgencies.toml", "rank = 3", "rank = true", "emergency_now: 'rank' cannot be True"),
        (
            "causes.toml",
            "linked_red_flags = []",
            'linked_red_flags = ["rf_x"]',
            "overuse_neck_muscles: red flag 'rf_x' is not known",
        ),
        (
            "causes.toml",
            'sources = ["seed_000", "seed_002"]',
            "sources = []",
            "overuse_neck_muscles: basis is 'sourced' but no source is named",
        ),
        (
            "symptoms.toml",
            'measure = "spasm_frequency"',
            'measure = "mood"',
            "involuntary_contraction: measure 'mood' is not known",
        ),
        (
            "symptoms.toml",
            "linked_red_flags = []",
            'linked_red_flags = ["rf_x"]',
            "involuntary_contraction: red flag 'rf_x' is not known",
        ),
        (
            "consents.toml",
            "requires = []",
            'requires = ["consent_x"]',
            "consent_general: consent 'consent_x' is not known",
        ),
        ("consents.toml", "basis_note =", "usual_note =", "consent_general: 'usual_note' is not a key of Consent"),
        (
            "consents.toml",
            'basis_note = "from general knowledge, to be confirmed by a clinician"\n',
            "",
            "consent_general: basis is 'general_knowledge' but 'basis_note' is missing",
        ),
        ("sources.toml", 'code = "ccr"', 'code = "ccr_2"', "age_years: source 'ccr' is not known"),
    ],
)
def test_knowledge_that_cannot_be_right_is_refused(
    folder: Path, change: Change, file: str, written: str, instead: str, said: str
) -> None:
    change(file, written, instead)

    assert refusal(folder).partition(": ")[2] == said


def test_a_number_is_not_asked_for_without_saying_which_number_means_yes(folder: Path, change: Change) -> None:
    change(FLAG, 'positive_when = [{ number = "age_years", op = ">=", value = 65 }]\n', "")

    assert refusal(folder) == (
        "red_flags.toml: rf_age_65_or_over: "
        "a number is asked for, but 'positive_when' does not say which numbers mean yes"
    )


def test_a_refusal_names_the_file_the_entry_and_what_is_wrong(folder: Path, change: Change) -> None:
    change(FLAG, 'urgency = "same_day"', 'urgency = "soon"')

    assert refusal(folder) == "red_flags.toml: rf_fever: urgency 'soon' is not known"

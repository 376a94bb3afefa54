"""Who treats here, and what each profession may decide."""

import shutil
from pathlib import Path

import pytest

from people.rules import professions
from people.rules.knowledge import KnowledgeError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(professions.KNOWLEDGE, tmp_path / "knowledge"))


def test_there_are_fifteen_professions_in_the_order_a_form_offers_them() -> None:
    choices = professions.choices()

    assert len(choices) == 15
    assert choices[0] == ("physician", "Physician (MD/DO), e.g. physiatry, sports, pain, orthopaedics")
    assert [code for code, _ in choices] == list(professions.professions())


def test_a_massage_therapist_may_neither_clear_a_warning_sign_nor_override_a_rule() -> None:
    therapist = professions.professions()["massage_therapist"]

    assert (therapist.may_clear_red_flags, therapist.may_override_relative) == (False, False)


def test_only_these_professions_may_clear_a_warning_sign() -> None:
    may_clear = {code for code, it in professions.professions().items() if it.may_clear_red_flags}

    assert may_clear == {
        "physician",
        "physician_interventional",
        "nurse_practitioner",
        "physician_assistant",
        "chiropractor",
        "physical_therapist",
    }


def test_no_clinician_has_confirmed_the_professions_yet() -> None:
    assert not any(it.is_confirmed_by_clinician for it in professions.professions().values())


@pytest.mark.parametrize(
    ("written", "instead", "entry", "problem"),
    [
        ('code = "chiropractor"', 'code = "physician"', "physician", "this code is given twice"),
        ("may_clear_red_flags = true", "may_clear = true", "physician", "'may_clear' is not a key of Profession"),
        ("may_clear_red_flags = true\n", "", "physician", "'may_clear_red_flags' is missing"),
        ("may_clear_red_flags = true", "may_clear_red_flags = 1", "physician", "'may_clear_red_flags' cannot be 1"),
        ('basis = "general_knowledge"', 'basis = "sourced"', "physician", "basis is 'sourced' but no source is named"),
        ("sources = []", 'sources = ["ccr"]', "physician", "source 'ccr' is not known"),
        ('basis = "general_knowledge"', 'basis = "hearsay"', "physician", "basis 'hearsay' is not known"),
        ("[[profession]]", "[[role]]", "[[profession]]", "the table is empty or missing"),
    ],
)
def test_a_list_of_professions_that_cannot_be_right_is_refused(
    folder: Path, written: str, instead: str, entry: str, problem: str
) -> None:
    file = folder / "professions.toml"
    count = -1 if written == "[[profession]]" else 1
    file.write_text(file.read_text().replace(written, instead, count))

    with pytest.raises(KnowledgeError) as refusal:
        professions.load(folder)

    assert (refusal.value.file, refusal.value.entry, refusal.value.problem) == ("professions.toml", entry, problem)


def test_a_missing_or_broken_file_is_refused_by_its_name(folder: Path) -> None:
    (folder / "professions.toml").write_text("[[profession")

    with pytest.raises(KnowledgeError, match=r"^professions\.toml: file: "):
        professions.load(folder)

    (folder / "professions.toml").unlink()

    with pytest.raises(KnowledgeError, match=r"^professions\.toml: file: "):
        professions.load(folder)

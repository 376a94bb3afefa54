"""A copy of what we know, in which one thing is changed at a time."""

from collections.abc import Callable
from pathlib import Path

import pytest

from patients.rules import rulebook as patients
from people.rules import professions
from people.rules.knowledge import KnowledgeError
from programs.rules import rulebook as programs

Change = Callable[[str, str, str], None]


def changer(folder: Path) -> Change:
    """Puts something else in place of what is written in a file of the folder, once."""

    def put(file: str, written: str, instead: str) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert written in text
        (folder / file).write_text(text.replace(written, instead, 1), encoding="utf-8")

    return put


def refusal(folder: Path, book: patients.Rulebook | None = None) -> str:
    """Why what is written in the folder about treatments is not read."""
    with pytest.raises(KnowledgeError) as refused:
        programs.load(folder, patients=book or patients.rulebook(), professions=professions.professions())
    return str(refused.value)

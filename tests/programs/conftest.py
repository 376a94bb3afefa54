"""What we know about treatments, copied so that a test may change it."""

import shutil
from pathlib import Path

import pytest
from knowledge_cast import Change, changer

from programs.rules import rulebook as programs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(programs.KNOWLEDGE, tmp_path / "programs"))


@pytest.fixture
def change(folder: Path) -> Change:
    return changer(folder)

"""A copy of what we know, in which one thing is changed at a time."""

from collections.abc import Callable
from pathlib import Path

Change = Callable[[str, str, str], None]


def changer(folder: Path) -> Change:
    """Puts something else in place of what is written in a file of the folder, once."""

    def put(file: str, written: str, instead: str) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert written in text
        (folder / file).write_text(text.replace(written, instead, 1), encoding="utf-8")

    return put

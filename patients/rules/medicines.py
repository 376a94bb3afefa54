"""From what a patient writes about medicines to the classes that the rules know."""

import re
from collections.abc import Iterable

from patients.rules.entries import MedicineClass
from patients.rules.names import fold

# A misspelling is taken for the medicine from this length on: shorter names are too like other words.
LONG_ENOUGH = 6


def classes_in(text: str, families: Iterable[MedicineClass]) -> list[MedicineClass]:
    """The classes of the medicines named in `text`, one slip of the pen in a long name forgiven.

    Finding none proves nothing: the patient may have forgotten one, or the list does not have it.
    """
    said = " ".join(re.findall(r"[\w']+", fold_words(text)))
    words = said.split()
    return [family for family in families if any(_names(name, said, words) for name in family.names)]


def fold_words(text: str) -> str:
    """Without case and accents, words kept apart."""
    return " ".join(fold(word) for word in text.replace("-", " ").split())


def _names(name: str, said: str, words: list[str]) -> bool:
    wanted = fold_words(name)
    if f" {wanted} " in f" {said} ":
        return True
    return " " not in wanted and len(wanted) >= LONG_ENOUGH and any(_is_slip(word, wanted) for word in words)


def _is_slip(word: str, wanted: str) -> bool:
    """One letter wrong, missing, doubled or swapped with its neighbour; the first letter is never the slip."""
    if word[:1] != wanted[:1] or abs(len(word) - len(wanted)) > 1:
        return False
    same = 0
    while same < min(len(word), len(wanted)) and word[same] == wanted[same]:
        same += 1
    rest, other = word[same:], wanted[same:]
    swapped = rest[:2] == other[1::-1] and rest[2:] == other[2:]
    return swapped or rest[1:] == other[1:] or rest[1:] == other or rest == other[1:]

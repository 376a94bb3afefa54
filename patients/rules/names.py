"""Names of people: any script, one word or six, and nothing that only looks like a name."""

import unicodedata
from difflib import SequenceMatcher

from django.utils.translation import gettext_lazy as _

from people.rules.refusal import Refused

LONGEST = 100  # letters in a first or last name, as the database holds it

# Persian and many Indian names need the (non-)joiners; every other invisible mark is dropped, because a
# text-direction mark can make one name look like another.
_JOINERS = {"\u200c", "\u200d"}
_DROPPED = {"Cf", "Cc", "Zl", "Zp"}
# Signs, emoji, private and unassigned letters. The typewriter's ` and ´ stand for an apostrophe.
_REFUSED = {"So", "Sm", "Sc", "Sk", "Cs", "Co", "Cn"}
_APOSTROPHES = str.maketrans({"`": "'", "´": "'", "＇": "'"})
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)
_ALIKE = 0.8  # share of letters in the same order; "Jon" and "John" are 0.86, "Leila" and "Lena" 0.67


class NotAName(Refused):
    """The text holds signs that no name has."""


def plain(text: str) -> str:
    """One line of text without invisible marks, blanks collapsed. Raises nothing; for every short field."""
    spaced = "".join(" " if letter.isspace() else letter for letter in unicodedata.normalize("NFC", text))
    kept = (
        letter
        for letter in spaced
        if letter in _JOINERS
        or (unicodedata.category(letter) not in _DROPPED and ord(letter) not in _VARIATION_SELECTORS)
    )
    return " ".join("".join(kept).split())


def clean(text: str) -> str:
    """A name as we keep it. Raises `NotAName` for emoji and signs, and for what is too long to print."""
    name = plain(text.translate(_APOSTROPHES))
    odd = [letter for letter in name if unicodedata.category(letter) in _REFUSED]
    if odd:
        raise NotAName(_("We cannot keep “%(signs)s” in a name. Please use letters.") % {"signs": " ".join(odd[:5])})
    if name and not any(letter.isalpha() for letter in name):
        raise NotAName(_("A name needs at least one letter."))
    if len(name) > LONGEST:
        raise NotAName(_("This name is longer than %(most)d letters. Please shorten it.") % {"most": LONGEST})
    return name


def fold(text: str) -> str:
    """For comparing only: without case, accents, hyphens or blanks."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in letters if letter.isalnum())


def alike(one: str, other: str) -> bool:
    """Whether two names may be the same name, misheard or shortened. An empty one is like nothing."""
    a, b = fold(one), fold(other)
    if not a or not b:
        return False
    short, long = sorted((a, b), key=len)
    is_shortened = len(short) >= 3 and long.startswith(short)  # Alex for Alexandra
    return is_shortened or SequenceMatcher(None, a, b, autojunk=False).ratio() >= _ALIKE

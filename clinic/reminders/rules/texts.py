"""How long a text message is: one text of 160 letters, or of 70 as soon as one letter is not in the phones' own set."""

import unicodedata
from typing import Final

GSM_LIMIT: Final = 160  # septets; GSM 03.38 (3GPP TS 23.038, 6.1.2.1)
OTHER_LIMIT: Final = 70  # UTF-16 units; the same, 6.1.2.3
_OF_MANY: Final = {GSM_LIMIT: 153, OTHER_LIMIT: 67}  # a part gives up room to the header that joins it to the others

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("^{}\\[~]|€\f")  # sent as two: an escape and a letter
# Letters that look the same to a reader and would more than halve the room.
_PLAINER: Final = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "...", "\u00a0": " ", "\u202f": " "}
)


def plainer(text: str) -> str:
    """The same words without typographic quotes, dashes and spaces, and with accents as one letter each."""
    return unicodedata.normalize("NFC", text).translate(_PLAINER)


def is_gsm(text: str) -> bool:
    """Whether every letter is in the phones' own set."""
    return all(letter in _BASIC or letter in _EXTENDED for letter in text)


def limit(text: str) -> int:
    """How many units one text may have."""
    return GSM_LIMIT if is_gsm(text) else OTHER_LIMIT


def length(text: str) -> int:
    """In units of `limit`: septets, or UTF-16 units, of which an emoji takes two."""
    if is_gsm(text):
        return sum(2 if letter in _EXTENDED else 1 for letter in text)
    return len(text.encode("utf-16-le")) // 2


def is_one_text(text: str) -> bool:
    return length(text) <= limit(text)


def parts(text: str) -> int:
    """How many texts the provider charges for. An upper bound by one where a pair is not split over two parts."""
    units, most = length(text), limit(text)
    return 1 if units <= most else -(-units // _OF_MANY[most])

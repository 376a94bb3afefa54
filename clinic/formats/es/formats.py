"""Dates and times as Spanish says them: "martes 3 de marzo", where a page asks for "l j F".

A page names what it shows by Django's letters. Here those letters are looked up as they stand, so that no page
needs a second way of writing a date; a test finds the ones that are missing.
"""

from typing import Final

_OF: Final = r" \d\e "
_YEAR: Final = rf"{_OF}Y"

SPOKEN: Final = {
    "j F": rf"j{_OF}F",
    "j F, H:i": rf"j{_OF}F, H:i",
    "j F Y": rf"j{_OF}F{_YEAR}",
    "j F Y, H:i": rf"j{_OF}F{_YEAR}, H:i",
    "l j F": rf"l j{_OF}F",
    "l j F, H:i": rf"l j{_OF}F, H:i",
    "l j F Y": rf"l j{_OF}F{_YEAR}",
    "F Y": rf"F{_YEAR}",
    # Short ones go without "de". Django writes M with a capital letter, and Spanish does not.
    "j M": "j b",
    "j M, H:i": "j b, H:i",
    "j M Y": "j b Y",
    "j M Y, H:i": "j b Y, H:i",
    "j M Y, H:i:s": "j b Y, H:i:s",
    "D j M": "D j b",
    "D j M, H:i": "D j b, H:i",
    "D j M Y": "D j b Y",
}
globals().update(SPOKEN)

# As in the United States, Mexico and Central America: the point, not the comma of Spain.
DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","

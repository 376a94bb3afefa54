"""Writing with the letters that every phone has, so that one text holds 160 of them."""

import unicodedata

from clinic.reminders.rules import texts


def spelled(text: str) -> str:
    """The same text, where a letter is missing in the phones' own set without its accent: "Zoë" as "Zoe"."""
    plain = texts.plainer(text)
    return plain if texts.is_gsm(plain) else "".join(it if texts.is_gsm(it) else _bare(it) for it in plain)


def _bare(letter: str) -> str:
    bare = "".join(it for it in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(it))
    return bare if texts.is_gsm(bare) else letter

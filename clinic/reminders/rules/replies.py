"""What a patient means who answers a text. In doubt it is `OTHER`, and a person at the desk reads it."""

import re
import tomllib
import unicodedata
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final


class Meaning(StrEnum):
    YES = "yes"
    NO = "no"
    CHANGE = "change"
    STOP = "stop"
    CANCEL = "cancel"  # of the texts by law, of the visit perhaps: a person asks
    START = "start"
    HELP = "help"
    WRONG = "wrong"  # the number is somebody else's
    OTHER = "other"


STOPS: Final = frozenset({Meaning.STOP, Meaning.CANCEL})
# A person looks at these: the answer decides about a visit, asks for somebody, or nobody knows what it means.
FOR_THE_DESK: Final = frozenset(
    {Meaning.NO, Meaning.CHANGE, Meaning.CANCEL, Meaning.HELP, Meaning.WRONG, Meaning.OTHER}
)
_KNOWLEDGE: Final = Path(__file__).parents[1] / "knowledge" / "answers.toml"

_COURTESY: Final = frozenset(
    {"please", "pls", "thanks", "thank", "you", "thx", "hi", "hello", "hola", "gracias", "muchas", "por", "favor"}
)
_NOT_A_WORD: Final = re.compile(r"[\W_]+")
_EMOJI: Final = {"👍": " yes ", "✅": " yes ", "👎": " no "}
_TEXTS_STOP: Final = re.compile(
    r"stop(all)? .*|(please )?(stop|quit) (texting|sending|messaging|the (texts|messages)).*|(please )?unsubscribe .*"
    r"|no (me )?(envie[ns]?|mande[ns]?|escriba[ns]?) mas.*|deje[ns]? de .*"
)


def meaning(text: str) -> Meaning:
    """What this answer says, whatever its case, accents, punctuation or width of letters."""
    words = plain_words(text)
    said = " ".join(words)
    if _TEXTS_STOP.fullmatch(said):
        return Meaning.STOP
    # "Please stop" and "yes, thank you" mean what they say without the manners; "thanks" alone means nothing.
    bare, known = _without_courtesy(words), _means()
    if bare in known:
        return known[bare]
    # "STOP STOP" and "yes 👍" say one thing twice; "no change" says two.
    each = {known.get(word, Meaning.OTHER) for word in bare.split()}
    return each.pop() if len(each) == 1 else Meaning.OTHER


def phrases() -> list[tuple[Meaning, str, str]]:
    """Every answer we know: what it means, in which language, and how it is written."""
    read = tomllib.loads(_KNOWLEDGE.read_text(encoding="utf-8"))
    return [
        (Meaning(meaning), language, phrase)
        for meaning, languages in read.items()
        for language, said in languages.items()
        for phrase in said
    ]


@cache
def _means() -> dict[str, Meaning]:
    return {_without_courtesy(plain_words(phrase)): meaning for meaning, _, phrase in phrases()}


def _without_courtesy(words: list[str]) -> str:
    return " ".join(word for word in words if word not in _COURTESY)


def plain_words(text: str) -> list[str]:
    """Lower case, without accents and punctuation: "ＳＴＯＰ!!" is "stop", "Sí." is "si", "can't" is "cant"."""
    for emoji, word in _EMOJI.items():
        text = text.replace(emoji, word)
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter) and letter not in "'’‘`´")
    # Letters that are drawn and not seen (a byte order mark, a joiner) would hide a STOP.
    seen = "".join(letter for letter in bare if unicodedata.category(letter) != "Cf")
    return _NOT_A_WORD.sub(" ", seen).split()

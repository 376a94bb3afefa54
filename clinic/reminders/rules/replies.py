"""What a patient means who answers a text. In doubt it is `OTHER`, and a person at the desk reads it."""

import re
import unicodedata
from enum import StrEnum
from typing import Final


class Meaning(StrEnum):
    YES = "yes"
    NO = "no"
    CHANGE = "change"
    STOP = "stop"
    CANCEL = "cancel"  # of the texts by law, of the visit perhaps: a person asks
    START = "start"
    HELP = "help"
    OTHER = "other"


STOPS: Final = frozenset({Meaning.STOP, Meaning.CANCEL})
# A person looks at these: the answer decides about a visit, asks for somebody, or nobody knows what it means.
FOR_THE_DESK: Final = frozenset({Meaning.NO, Meaning.CHANGE, Meaning.CANCEL, Meaning.HELP, Meaning.OTHER})

# English and Spanish, without accents. Only the whole answer counts: "yes but later" is no yes.
_WORDS: Final = {
    Meaning.YES: (
        "y|yes|yep|yeah|yup|ok|okay|sure|confirm|confirmed|i confirm|i will be there|ill be there|see you then"
        "|si|vale|claro|de acuerdo|confirmo|confirmar|confirmado|ahi estare|alli estare"
    ),
    Meaning.NO: (
        "n|no|nope|i cant|i cannot|cant come|cannot come|i cant come|i cannot come|i cant make it|cant make it"
        "|no puedo|no puedo ir|no podre ir|no ire"
    ),
    Meaning.CHANGE: (
        "change|change it|reschedule|move|move it|another time|different time|new time"
        "|cambiar|cambio|cambiala|cambiarla|otra hora|otro dia|otra fecha|mover|reprogramar"
    ),
    # 47 CFR 64.1200(a)(10): these words always revoke consent. The Spanish ones say the same.
    Meaning.STOP: (
        "stop|stopall|stop all|quit|end|revoke|opt out|optout|unsubscribe|no more|remove me"
        "|alto|parar|pare|para|basta|baja|detener|no mas|no mas mensajes|cancelar suscripcion|darme de baja"
    ),
    Meaning.CANCEL: "cancel|cancel it|cancelar|cancela|cancelarla|anular",
    Meaning.START: "start|unstop|subscribe|resume|opt in|optin|iniciar|empezar|comenzar|reanudar|alta",
    Meaning.HELP: "help|info|ayuda|informacion",
}
_MEANS: Final = {phrase: meaning for meaning, phrases in _WORDS.items() for phrase in phrases.split("|")}
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
    bare = " ".join(word for word in words if word not in _COURTESY)
    # "Please stop" and "yes, thank you" mean what they say without the manners; "thanks" alone means nothing.
    return _MEANS.get(bare, Meaning.OTHER)


def plain_words(text: str) -> list[str]:
    """Lower case, without accents and punctuation: "ＳＴＯＰ!!" is "stop", "Sí." is "si", "can't" is "cant"."""
    for emoji, word in _EMOJI.items():
        text = text.replace(emoji, word)
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter) and letter not in "'’‘`´")
    # Letters that are drawn and not seen (a byte order mark, a joiner) would hide a STOP.
    seen = "".join(letter for letter in bare if unicodedata.category(letter) != "Cf")
    return _NOT_A_WORD.sub(" ", seen).split()

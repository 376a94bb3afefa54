"""Did we tell her? One answer from everything that was said about a visit at the time it has."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Answer(TextChoices):
    """The best news first."""

    ARRIVED = "arrived", _("Yes, and it arrived.")
    SENT = "sent", _("Yes, it was sent.")
    PERHAPS = "perhaps", _("Perhaps: nobody can say whether it arrived. Call to be sure.")
    COMING = "coming", _("Not yet: it is on its way.")
    NO = "no", _("No. Call.")


@dataclass(frozen=True, slots=True)
class Said:
    """One message about the visit, as far as it matters here. `place` is where it stands in the caller's list."""

    place: int
    state: str
    has_arrived: bool


def did_we_tell(said: Iterable[Said]) -> tuple[Answer, int | None]:
    """The answer, and the place of the message it rests on: the newest of those that left, the next of those to come.

    The newest stands first in the caller's list.
    """
    known = [(_answer(it), it.place) for it in said]
    if not known:
        return Answer.NO, None
    best = min((answer for answer, _place in known), key=list(Answer).index)
    places = [place for answer, place in known if answer == best]
    return best, max(places) if best == Answer.COMING else min(places)


def _answer(it: Said) -> Answer:
    if it.has_arrived:
        return Answer.ARRIVED
    return {
        "sent": Answer.SENT,
        "unknown": Answer.PERHAPS,
        "ready": Answer.COMING,
        "claimed": Answer.COMING,
        "handing": Answer.COMING,
    }.get(it.state, Answer.NO)

"""How often a hand-over that ended in silence is repeated, by what a twin would cost."""

from typing import Final

_MERGES: Final = ("email", "push")
# Whoever does not hear of these stands before a closed door: a twin is the lesser evil on every channel.
_MUST_ARRIVE: Final = ("cancelled", "moved")


def doubts_allowed(*, kind: str, channel: str) -> int:
    """How many silences are followed by another try; after one more nobody sends it again by itself.

    A mail keeps its Message-ID, so that a mailbox can drop the twin, and on a screen the twin takes the place of the
    first. A text message costs money and wakes people.
    """
    return 1 if channel in _MERGES or kind in _MUST_ARRIVE else 0

"""Five ways in which a message is not certainly handed over. What comes next differs for each."""


class Trouble(Exception):
    """A message was not certainly accepted. The text holds the server's code, never an address or a number."""


class Refused(Trouble):
    """For good: this message to this address will never be accepted."""

    def __init__(self, text: str, *, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


class TryLater(Trouble):
    """Nothing left; later it may work."""

    reason = "put_off"


class Unreachable(TryLater):
    """There is no line to the server at all, or it does not know us: somebody has to look."""

    reason = "unreachable"


class InDoubt(Trouble):
    """It was sent and no answer came: it may have been accepted."""


class CalledOff(Trouble):
    """At the last step it was not to be said any more. Nothing left."""

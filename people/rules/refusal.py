"""How a clinic rule says no."""


class Refused(Exception):
    """A rule of the clinic forbids it. The text is for the screen: plain words that say what to do."""


class NotAllowed(Refused):
    """This person may not do this."""


class ChangedMeanwhile(Refused):
    """Somebody else changed it first. Nothing was saved."""

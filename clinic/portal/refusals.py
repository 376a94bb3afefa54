"""How a rule of the clinic says no to a patient: plain words, and never why a clinician has to look."""

from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.appointments.rules import arriving
from clinic.appointments.rules import class_refusals as classes
from clinic.appointments.rules import refusals as book
from people.rules.refusal import ChangedMeanwhile, Refused
from programs.actions.safety import Contraindicated, HeldByRedFlag, SwitchedOff, TooNear

# Their own words were written for whoever reads them, the patient too.
FOR_EVERYBODY: Final = (
    arriving.NotNear,
    book.InThePast,
    book.TooSoon,
    book.TooFarAhead,
    book.DayIsFull,
    book.NotForPatients,
    book.OutsideHours,
    book.NothingChosen,
    book.TooLateToUndo,
    classes.ClassFull,
    classes.ClassIsOver,
)


# The first that fits: what is narrower stands before what it is a kind of.
IN_OTHER_WORDS: Final[tuple[tuple[tuple[type[Refused], ...], Any], ...]] = (
    ((TooNear,), _("That day is too near another treatment of yours. Choose another day.")),
    ((SwitchedOff, book.NotOffered), _("The clinic does not give this at the moment. Please call us.")),
    ((HeldByRedFlag, Contraindicated), _("We want to speak with you before this visit. Please call us.")),
    ((book.SlotTaken, book.Unfit), _("Somebody else took that time a moment ago. Choose another time.")),
    ((book.AlreadyBooked, classes.SitsAlready), _("This visit is booked already. It is in your list of visits.")),
    (
        (ChangedMeanwhile, book.CannotBecome, book.NotExpected),
        _("The clinic changed this visit a moment ago. Please look at it again."),
    ),
)


def said(refused: Refused) -> str:
    """What the patient reads instead of what the desk would."""
    if isinstance(refused, FOR_EVERYBODY):
        return str(refused)
    if isinstance(refused, book.SlotTaken) and refused.kinds == {"patient"}:
        return gettext("You already have a visit at that time. Choose another time.")
    for kinds, words in IN_OTHER_WORDS:
        if isinstance(refused, kinds):
            return str(words)
    # The desk's words may say what a patient must not learn from a screen.
    return gettext("This cannot be done here. Please call us.")

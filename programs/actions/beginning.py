"""What every treatment waits for before it begins: when the patient is called in, and when it is written down."""

from collections.abc import Collection
from datetime import datetime

from django.utils.translation import gettext as _

from patients.models import Patient
from people.models import User
from people.rules.refusal import NotAllowed, Refused
from programs.actions import checkpoints, consents, safety
from programs.actions.safety import NO_FACTS, Standing, Treatment
from programs.actions.safety_file import TODAY, Nearby
from programs.models import PlannedSession, SafetyDecision
from programs.rules.contraindications import Facts
from programs.rules.rulebook import rulebook


class NotGivenHere(Refused):
    """The rulebook leaves it switched off. No page offers it, and none that was made up gets it written down."""


def let_begin(
    patient: Patient,
    treatment: Treatment,
    session: PlannedSession | None,
    *,
    given_by: Collection[str],
    by: User,
    now: datetime,
    words: str,
    history: Facts = NO_FACTS,
    nearby: Nearby = TODAY,
) -> Standing:
    """A treatment begins only if it is safe today, its consents are signed and its plan was looked at in time.

    `given_by` are the professions of whoever gives it, `words` those for a treatment that is not safe. Keeps on which
    ground it began. Part of the caller's transaction.

    Raises `NotGivenHere`, `NotAllowed`, `HeldByRedFlag`, `Contraindicated`, `ConsentMissing` and `NotDecided`.
    """
    modality = rulebook().modalities[treatment.modality]
    for it in (modality, modality.techniques.get(treatment.technique)):
        if it is not None and not it.enabled_by_default:
            raise NotGivenHere(_("“%(name)s” is switched off in the rulebook, so it is not given.") % {"name": it.name})
    if modality.givers(treatment.technique).isdisjoint(given_by):
        raise NotAllowed(_("Whoever gives “%(name)s” may not do so in this way.") % {"name": modality.name})
    (found,) = safety.decide(
        patient, [treatment], SafetyDecision.Moment.STARTED, history=history, by=by, now=now, words=words, nearby=nearby
    )
    consents.refuse_unless_given(patient, treatment.modality, on=treatment.on)
    checkpoints.refuse_if_undecided(session, on=treatment.on)
    return found

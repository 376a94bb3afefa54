"""What must wait until a clinician has looked: open warning signs hold treatments back."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from patients.models import Patient, RedFlag
from patients.rules.rulebook import rulebook as patients_rulebook
from people.rules.refusal import Refused
from programs.rules.rulebook import rulebook

EVERYTHING = "all"


class HeldByRedFlag(Refused):
    """An open warning sign forbids it. The words are for the desk, so they never say which one."""


def held_modalities(patient: Patient) -> frozenset[str]:
    """The treatments this patient must not be booked for, by their codes."""
    book = patients_rulebook()
    blocks: set[str] = set()
    for flag in RedFlag.objects.open().filter(patient=patient):
        rule = book.red_flags.get(flag.code)
        # A flag or an urgency that a newer rulebook no longer knows holds everything: never less than before.
        blocks.update(rule.blocks if rule else [EVERYTHING])
        blocks.update(book.min_blocks.get(flag.urgency, [EVERYTHING]))
    return rulebook().modalities_blocked_by(blocks)


def refuse_if_held(patient: Patient, modality_codes: Iterable[str | None]) -> None:
    """Let the treatments pass only if no open warning sign holds one of them back.

    An assessment has no modality and is never held: it is how a warning sign gets looked at.
    Raises `HeldByRedFlag`.
    """
    treatments = {code for code in modality_codes if code}
    if treatments and treatments & held_modalities(patient):
        raise HeldByRedFlag(_("Clinician check needed before this visit can be booked."))

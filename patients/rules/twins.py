"""Is this somebody we already know? Compared, shown, and never decided for the person at the desk."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from patients.rules.names import alike, fold


class Likeness(TextChoices):
    """What two people share, gravest first: the order in which they are shown."""

    SAME = "same", _("Same birth date and a similar name")
    SAME_CONTACT = "same_contact", _("Same phone or e-mail and a similar name")
    SAME_NAME = "same_name", _("Same name; one birth date is not known")
    TWIN = "twin", _("Same birth date and last name, another first name: a twin?")
    SHARED_CONTACT = "shared_contact", _("Same phone or e-mail")

    @property
    def is_strong(self) -> bool:
        """Probably the same person: registering asks once more. Twins and households do not."""
        return self in {Likeness.SAME, Likeness.SAME_CONTACT, Likeness.SAME_NAME}


@dataclass(frozen=True, slots=True)
class Person:
    """What is compared of a person. Phones are in E.164."""

    given_name: str
    family_name: str
    birth_date: date | None = None
    phones: frozenset[str] = frozenset()
    email: str = ""
    preferred_name: str = ""


def likeness(new: Person, known: Person) -> Likeness | None:
    """How alike two people are, or None when they only happen to be people."""
    both_born = new.birth_date is not None and known.birth_date is not None
    same_birth = both_born and new.birth_date == known.birth_date
    shares_contact = bool(new.phones & known.phones) or bool(new.email and new.email.lower() == known.email.lower())
    similar = _similar(new, known)
    found = [
        (same_birth and similar, Likeness.SAME),
        # A mother and her daughter may share phone and name: then the birth dates tell them apart.
        (shares_contact and similar and not (both_born and not same_birth), Likeness.SAME_CONTACT),
        (not both_born and name_key(new) == name_key(known), Likeness.SAME_NAME),
        (same_birth and alike(new.family_name, known.family_name), Likeness.TWIN),
        (shares_contact, Likeness.SHARED_CONTACT),
    ]
    return next((kind for holds, kind in found if holds), None)


def closest(kinds: Iterable[Likeness]) -> list[int]:
    """Positions of the gravest first."""
    order = list(Likeness)
    return [place for place, _kind in sorted(enumerate(kinds), key=lambda pair: order.index(pair[1]))]


def name_key(person: Person) -> tuple[str, ...]:
    """Equal for the same name whichever part was typed first."""
    return tuple(sorted(filter(None, (fold(person.given_name), fold(person.family_name)))))


def _similar(new: Person, known: Person) -> bool:
    if name_key(new) == name_key(known):
        return True
    if not (new.given_name and new.family_name and known.given_name and known.family_name):
        return alike(new.given_name + new.family_name, known.given_name + known.family_name)
    return _in_order(new, known) or _in_order(Person(given_name=new.family_name, family_name=new.given_name), known)


def _in_order(new: Person, known: Person) -> bool:
    given = [known.given_name, known.preferred_name]
    return alike(new.family_name, known.family_name) and any(alike(new.given_name, each) for each in given)

"""Looking for people who may be the one in front of us. Reads only: nobody is ever merged."""

from dataclasses import dataclass

from patients.models import Patient
from patients.rules.names import plain
from patients.rules.search import MOST_WORDS
from patients.rules.twins import Likeness, Person, closest, likeness

MOST_SHOWN = 5
MOST_COMPARED = 200  # at a million patients about 40 share a birth date


@dataclass(frozen=True, slots=True)
class Match:
    patient: Patient
    likeness: Likeness


def close_matches(new: Patient) -> list[Match]:
    """Registered people much like `new`, who need not be saved: the gravest first, at most five. One query."""
    person = as_person(new)
    known = (
        # The archived too: who comes back is restored, not registered again.
        Patient.objects.exclude(pk=new.pk).sharing(
            birth_date=person.birth_date,
            phones=person.phones,
            email=person.email,
            words=plain(new.full_name).lower().split()[:MOST_WORDS],
        )
    )
    found = [Match(each, kind) for each in known[:MOST_COMPARED] if (kind := likeness(person, as_person(each)))]
    return [found[place] for place in closest(match.likeness for match in found)][:MOST_SHOWN]


def as_person(patient: Patient) -> Person:
    return Person(
        given_name=patient.given_name,
        family_name=patient.family_name,
        preferred_name=patient.preferred_name,
        birth_date=patient.birth_date,
        phones=frozenset(str(phone) for phone in (patient.mobile, patient.phone) if phone),
        email=patient.email,
    )

"""Made-up patients by the hundred thousand."""

import random
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import psycopg

from clinic.demo.names import ORIGINS


def add_patients(admin: "psycopg.Connection[tuple[Any, ...]]", count: int, *, registered_at: datetime) -> None:
    """Made-up people, the same every time: names as frequent as names are, birth dates and telephones spread evenly."""
    add_people(admin, _people(count), registered_at=registered_at)


def add_people(
    admin: "psycopg.Connection[tuple[Any, ...]]", people: Iterable[Mapping[str, Any]], *, registered_at: datetime
) -> None:
    """Patients as these say: names, sex, birth date, mobile and e-mail. All of them in one COPY."""
    columns = _PATIENT_BLANKS | {"id", "given_name", "family_name", "birth_date", "sex", "mobile", "email"}
    names = sorted(columns | {"may_be_mailed", "registered_at"})
    with admin.cursor().copy(f"COPY patients_patient ({', '.join(names)}) FROM STDIN") as copy:
        for person in people:
            known = {"id": uuid.uuid4(), "may_be_mailed": True, "registered_at": registered_at}
            row = dict.fromkeys(_PATIENT_BLANKS, "") | known | dict(person)
            copy.write_row([row[name] for name in names])


_PATIENT_BLANKS = {
    *("title", "preferred_name", "phone", "address", "city", "region", "postal_code", "country", "desk_note"),
}


def _people(count: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(360)  # noqa: S311  for show
    born = date(1930, 1, 1)
    origins = [tuple(names.split() for names in origin) for origin in ORIGINS.values()]
    for n in range(count):
        women, men, families = origins[n % len(origins)]
        sex, given = chance.choice((("female", women), ("male", men)))
        family = chance.choice(families)
        # A second name makes rare names: without them every fragment would find a thousand people.
        if chance.random() < 0.6:
            family = f"{family}-{_word(chance)}"
        yield {
            "id": f"{chance.getrandbits(128):032x}",
            "given_name": chance.choice(given),
            "family_name": family,
            "birth_date": born + timedelta(days=chance.randrange(30_000)),
            "sex": sex,
            "mobile": f"+1202{n + 2_000_000:07d}",
            "email": "",
        }


def _word(chance: random.Random) -> str:
    return "".join(chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in range(3)).title()

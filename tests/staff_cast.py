"""Jo Newman, who is asked to work here."""

from typing import Any

from factories import NOW

from people.actions import staff
from people.models import Invitation, User
from people.rules.permissions import Role

PASSWORD = "correct horse battery staple"
JO = {"name": "Jo Newman", "role": Role.FRONT_DESK}


def invite(by: User, email: str = "jo@example.org", **fields: Any) -> tuple[Invitation, str]:
    return staff.invite(email, by=by, now=fields.pop("now", NOW), **JO | fields)

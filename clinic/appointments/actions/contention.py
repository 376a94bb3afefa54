"""When two desks want the same thing in the same instant."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection
from django.db.utils import DatabaseError, IntegrityError

P = ParamSpec("P")
R = TypeVar("R")

TIMES = 3
# deadlock_detected, serialization_failure: PostgreSQL undid all of it and says that trying again may work.
UNDONE = {"40P01", "40001"}


def tried_again(deed: Callable[P, R]) -> Callable[P, R]:
    """Do it again when PostgreSQL undid it for no fault of ours. Stands outside of `@transaction.atomic`.

    Inside somebody else's transaction only they can begin again, so there the error is passed on.
    """

    @wraps(deed)
    def tried(*args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(TIMES):
            try:
                return deed(*args, **kwargs)
            except OperationalError as error:
                if connection.in_atomic_block or sqlstate(error) not in UNDONE:
                    raise
        return deed(*args, **kwargs)

    return tried


def sqlstate(error: DatabaseError) -> str:
    return getattr(error.__cause__, "sqlstate", None) or ""


def broken_rule(error: IntegrityError) -> str:
    """The name of the constraint that refused."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""

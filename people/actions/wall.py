"""The second wall: in a patient's request PostgreSQL itself shows her own rows, whatever a page asks for (ADR 0014).

The first wall is `visible_to`. This one stands when somebody forgets it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, TypeVar
from uuid import UUID

from django.db import OperationalError, connection, transaction
from psycopg.pq import TransactionStatus

from people.models import User

PORTAL: Final = "clinic_portal"
_NOBODY: Final = "none"  # PostgreSQL's word for: as we signed in
_TIMES: Final = 3
# deadlock_detected, serialization_failure: PostgreSQL undid all of it and says that trying again may work.
_UNDONE: Final = {"40P01", "40001"}
R = TypeVar("R")


class WrongSide(RuntimeError):
    """A programming error, never a patient's: a request would go on with the rows of somebody else."""


@dataclass(slots=True)
class _Wall:
    account: UUID
    patient: UUID | None = None
    has_open_door: bool = False


_around: ContextVar[_Wall | None] = ContextVar("the wall around this request", default=None)


def answered(user: User, answer: Callable[[], R]) -> R:
    """What `answer` gives behind the wall of this patient. It is asked again where PostgreSQL undid it.

    An action cannot try again by itself here: it works inside of the request's transaction.
    """
    for _ in range(_TIMES - 1):
        try:
            with _behind_it(user):
                return answer()
        except OperationalError as error:
            if connection.in_atomic_block or getattr(error.__cause__, "sqlstate", "") not in _UNDONE:
                raise
    with _behind_it(user):
        return answer()


@contextmanager
def _behind_it(user: User) -> Iterator[None]:
    """One transaction in the portal's role. Everything is set for this transaction alone.

    A setting of the session would wait in the connection for whoever comes next.
    """
    if (wall := _around.get()) is not None:
        if wall.account != user.pk:
            raise WrongSide("This request is somebody else's already.")
        yield
        return
    is_inner = connection.in_atomic_block
    token = _around.set(_Wall(user.pk))
    try:
        with transaction.atomic():
            _set(role=PORTAL, user_id=str(user.pk), patient_id="")
            yield
            if is_inner and not connection.needs_rollback:
                # Only a commit or a rollback forgets what was set: an inner transaction hands it on.
                _set(role=_NOBODY, user_id="", patient_id="")
    finally:
        _around.reset(token)


def open_only(patient_id: UUID) -> None:
    """From here on the request is about this record and no other. Outside of a patient's request it does nothing.

    The caller has seen that the account may open it.
    """
    wall = _around.get()
    if wall is None or wall.patient == patient_id:
        return
    if wall.patient is not None:
        raise WrongSide("This request is about another record already.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.patient_id', %s, true)", [str(patient_id)])
    wall.patient = patient_id


@contextmanager
def seen_by_the_clinic() -> Iterator[None]:
    """The door: what cannot be worked out from one patient's rows alone, such as which times are free.

    For actions only, around as little as can be; what comes back through it must tell nothing of others.
    tests/architecture lists who uses it.
    """
    wall = _around.get()
    if wall is None or wall.has_open_door:
        yield
        return
    _set(role=_NOBODY)
    wall.has_open_door = True
    try:
        yield
    finally:
        wall.has_open_door = False
        # After an error PostgreSQL takes no statement until the rollback, which shuts the door as well.
        if not (connection.needs_rollback or _is_broken()):
            _set(role=PORTAL)


def _is_broken() -> bool:
    return bool(connection.connection.info.transaction_status == TransactionStatus.INERROR)


def _set(*, role: str, **settings: str) -> None:
    wanted = [("role", role), *((f"app.{name}", value) for name, value in settings.items())]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT " + ", ".join(["set_config(%s, %s, true)"] * len(wanted)),
            [word for pair in wanted for word in pair],
        )

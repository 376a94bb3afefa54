"""Which rows PostgreSQL shows in a patient's request: one rule for every table (ADR 0014).

Put into the database by `grant_app` after each migration, so that no table is without one. A table of which nothing is
said here, and that leads to no patient, is closed to the portal altogether.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.db import connection, models
from django.db.backends.utils import CursorWrapper

from patients.models import Patient
from people.actions.wall import PORTAL

# An unset setting is NULL and one that was set for a transaction before is '': both are nobody.
_ME: Final = "nullif(current_setting('app.user_id', true), '')::uuid"
_HER: Final = "nullif(current_setting('app.patient_id', true), '')::uuid"
_NOBODY: Final = "false"


@dataclass(frozen=True, slots=True)
class RowRule:
    """SQL conditions on a row: whether the portal sees it, may write it over, and may add it."""

    sees: str
    changes: str = _NOBODY
    adds: str = _NOBODY
    column: str = ""  # the only one that may be written over; such a row is never dropped

    @property
    def is_owned(self) -> bool:
        return self.changes != _NOBODY


def _among(column: str, wanted: str, rows: str) -> str:
    return f"{column} IN (SELECT {wanted} FROM {rows})"  # noqa: S608  our own words, nobody's input


def _for(condition: str) -> RowRule:
    """Seen, changed and added where the same is true."""
    return RowRule(condition, condition, condition)


_SHOWN: Final = RowRule("true")
_MINE: Final = f"user_id = {_ME}"
_HERS: Final = f"patient_id = {_HER}"

# The clinic's own: services, hours, rooms, texts. Nothing in them is about a patient.
_SHOWN_TO_ALL: Final = frozenset(
    {
        "people_clinic",
        "people_site",
        "programs_plantemplate",
        "programs_rulechange",
        "programs_servicesetting",
        "appointments_groupsession",
        "appointments_bookingpolicy",
        "appointments_shift",
        "appointments_closure",
        "reminders_reminderpolicy",
        "reminders_ownwords",
        "patients_recordpolicy",
    }
)
# What hangs on an account and not on a record.
_OF_AN_ACCOUNT: Final = {
    # Staff are named on many pages; another patient's account is nobody's business.
    "people_user": RowRule(
        f"id = {_ME} OR role <> 'patient' OR {_among('id', 'user_id', 'patients_patient')}"
        f" OR {_among('id', 'user_id', 'patients_helper')}",
        # To lock a row is to change it. Nobody makes herself a member of staff.
        changes=f"id = {_ME}",
        column="name",
    ),
    # Lines about nobody's record, such as those of the system, tell of no patient.
    "people_auditevent": RowRule(
        f"by_id = {_ME} OR patient_id = {_HER} OR (by_id IS NULL AND patient_id IS NULL)", adds="true"
    ),
    "account_emailaddress": _for(_MINE),
    "mfa_authenticator": _for(_MINE),
    "usersessions_usersession": _for(_MINE),
    "reminders_pushsubscription": _for(_MINE),
    # A session does not say whose it is; the list of devices does.
    "django_session": _for(_among("session_key", "session_key", "usersessions_usersession")),
}
# Rows without a patient are the clinic's: a room, or a rule for everybody.
_PARTLY_THE_CLINICS: Final = {
    "appointments_resource": RowRule(f"patient_id IS NULL OR {_HERS}", _HERS, _HERS),
    "reminders_sendingrule": RowRule(f"patient_id IS NULL OR {_HERS}", _HERS, _HERS),
}
# Her own records, and those of whom she helps at this moment (`PatientQuerySet.opened_by`).
_HER_RECORDS: Final = f"{_MINE} OR id = {_HER} OR " + _among(
    "id", "patient_id", f"patients_helper WHERE {_MINE} AND ended_at IS NULL AND ends_at > now()"
)
_SAID: Final[Mapping[str, RowRule]] = {
    **dict.fromkeys(_SHOWN_TO_ALL, _SHOWN),
    **_OF_AN_ACCOUNT,
    **_PARTLY_THE_CLINICS,
    # More than the one that is open: an account is asked for whom it is. Nothing that hangs on the others.
    "patients_patient": RowRule(_HER_RECORDS, changes=_HER_RECORDS),
    "patients_helper": RowRule(f"{_MINE} OR {_HERS}", f"{_MINE} OR {_HERS}", _HERS),
}


def rule_of(model: type[models.Model]) -> RowRule | None:
    """Who sees the rows of this table; None where the portal sees none of it."""
    return _rules().get(model._meta.db_table)


@cache
def _rules() -> Mapping[str, RowRule]:
    """For every table that is not named above: the record it belongs to, at once or through the row it belongs to."""
    found = dict(_SAID)
    waiting = [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table not in found]
    while True:
        led = _led(waiting, found, _surely) or _led(waiting, found, _perhaps)
        if not led:
            return found
        found |= led
        waiting = [model for model in waiting if model._meta.db_table not in found]


def _led(
    waiting: Sequence[type[models.Model]],
    known: Mapping[str, RowRule],
    way: Callable[[type[models.Model], Mapping[str, RowRule]], str],
) -> dict[str, RowRule]:
    found = ((model._meta.db_table, way(model, known)) for model in waiting)
    return {table: _for(condition) for table, condition in found if condition}


def _surely(model: type[models.Model], known: Mapping[str, RowRule]) -> str:
    """The shortest way from any row to its patient; "" if there is none, or none yet."""
    links = [it for it in model._meta.concrete_fields if it.is_relation]
    if direct := next((it for it in links if it.related_model is Patient), None):
        return f"{direct.column} = {_HER}"
    return next((_in_parent(it) for it in links if not it.null and _is_owned(it, known)), "")


def _perhaps(model: type[models.Model], known: Mapping[str, RowRule]) -> str:
    """For rows that may hang on this or on that: any one of them says whose it is."""
    return " OR ".join(_in_parent(it) for it in model._meta.concrete_fields if it.is_relation and _is_owned(it, known))


def _is_owned(link: "models.Field[Any, Any]", known: Mapping[str, RowRule]) -> bool:
    parent = link.related_model
    if not isinstance(parent, type) or not issubclass(parent, models.Model):
        return False
    table = parent._meta.db_table
    return table in known and table not in _OF_AN_ACCOUNT | _PARTLY_THE_CLINICS and known[table].is_owned


def _in_parent(link: "models.Field[Any, Any]") -> str:
    parent: Any = link.related_model
    # The parent's own rule holds inside as well: it gives only her rows.
    return _among(str(link.column), parent._meta.pk.column, parent._meta.db_table)


def enforce(role: str, add_only: frozenset[str]) -> None:
    """Put the rule of every table into the database: `role` sees all, the portal what is said here.

    Run as the owner of the tables. Where nothing changed nothing is locked.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {PORTAL}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {PORTAL}")
        in_force = _in_force(cursor, role)
        for model in apps.get_models(include_auto_created=True):
            if not model._meta.managed or model._meta.proxy:
                continue
            table = model._meta.db_table
            statements = list(_statements(table, role, rule_of(model), is_add_only=table in add_only))
            mark = hashlib.sha256("\n".join(statements).encode()).hexdigest()
            if in_force.get(table) != mark:
                for statement in statements:
                    cursor.execute(statement)
                cursor.execute(f"COMMENT ON POLICY {_name(role)} ON {_quoted(table)} IS '{mark}'")


def _in_force(cursor: CursorWrapper, role: str) -> dict[str, str]:
    """What was put into each table last time, by its mark."""
    cursor.execute(
        "SELECT relname, obj_description(pg_policy.oid, 'pg_policy') FROM pg_policy"
        " JOIN pg_class ON pg_class.oid = polrelid WHERE polname = %s",
        [f"all_for_{role}"],
    )
    return dict(cursor.fetchall())


def _statements(table: str, role: str, rule: RowRule | None, *, is_add_only: bool) -> Iterator[str]:
    on = _quoted(table)
    yield f"ALTER TABLE {on} ENABLE ROW LEVEL SECURITY"
    yield f"DROP POLICY IF EXISTS {_name(role)} ON {on}"
    # For a role without BYPASSRLS. Exactly `true`: with any other condition no index of names or times would be used.
    yield f"CREATE POLICY {_name(role)} ON {on} TO {_quoted(role)} USING (true) WITH CHECK (true)"
    yield f"REVOKE ALL ON {on} FROM {PORTAL}"
    for name in ("seen", "changed", "dropped", "added"):
        yield f"DROP POLICY IF EXISTS {name}_by_her ON {on}"
    if rule is None:
        return
    if is_add_only:
        rule = replace(rule, changes=_NOBODY)
    yield f"GRANT SELECT ON {on} TO {PORTAL}"
    yield f"CREATE POLICY seen_by_her ON {on} FOR SELECT TO {PORTAL} USING ({rule.sees})"
    if rule.changes != _NOBODY:
        yield f"GRANT UPDATE {f'({rule.column})' if rule.column else ', DELETE'} ON {on} TO {PORTAL}"
        both = f"USING ({rule.changes}) WITH CHECK ({rule.changes})"
        yield f"CREATE POLICY changed_by_her ON {on} FOR UPDATE TO {PORTAL} {both}"
        yield f"CREATE POLICY dropped_by_her ON {on} FOR DELETE TO {PORTAL} USING ({rule.changes})"
    if rule.adds != _NOBODY:
        yield f"GRANT INSERT ON {on} TO {PORTAL}"
        yield f"CREATE POLICY added_by_her ON {on} FOR INSERT TO {PORTAL} WITH CHECK ({rule.adds})"


def _name(role: str) -> str:
    return _quoted(f"all_for_{role}")


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)

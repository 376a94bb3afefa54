"""Rows of several tables in one statement: a deed and every line about it go to the database at once."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import AutoField, Model
from django.db.models.sql import InsertQuery


def create_together(*batches: Sequence[Model]) -> None:
    """Insert all of it or nothing, as `bulk_create` would, but in one query. Its caller adds the line for the trail.

    Keys that the database gives are not read back. Rows may point at each other: foreign keys are checked at commit.
    Raises `IntegrityError` for the first rule of the database that says no.
    """
    *others, (last, params) = [_insert(rows) for rows in batches if rows]
    named = ", ".join(f"part_{nth} AS ({statement})" for nth, (statement, _) in enumerate(others))
    values = [value for _, of_part in others for value in of_part]
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {named} {last}" if named else last, [*values, *params])
    for row in (row for rows in batches for row in rows):
        row._state.adding, row._state.db = False, connection.alias


def _insert(rows: Sequence[Model]) -> tuple[str, Sequence[Any]]:
    """The statement that Django's own `bulk_create` would send."""
    model = type(rows[0])
    fields = [it for it in model._meta.concrete_fields if not (it.generated or isinstance(it, AutoField))]
    query = InsertQuery(model)
    query.insert_values(fields, list(rows))
    ((statement, params),) = query.get_compiler(connection=connection).as_sql()
    return statement, params

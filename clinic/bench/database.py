"""A database that lives as long as one benchmark, made and filled as the clinic's own is."""

import atexit
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

import environ
import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from psycopg import sql

from clinic.bootstrap.environment import SUPERUSER, password_of


@dataclass(frozen=True, slots=True)
class OwnDatabase:
    """`url` is for processes that are started to work on it; Django itself is connected already, as the plain role."""

    name: str
    url: str
    owner_url: str

    @contextmanager
    def as_admin(self) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
        """A superuser's connection, for filling tables quickly. Commits at the end."""
        with psycopg.connect(**_parts(_admin_url()) | {"dbname": self.name}) as admin:
            yield admin

    def raw(self) -> "psycopg.Connection[tuple[Any, ...]]":
        """The plain role without Django: what the floors are measured with."""
        return psycopg.connect(**_parts(self.url), autocommit=True)


@contextmanager
def own_database(purpose: str) -> Iterator[OwnDatabase]:
    """Make and migrate a database, connect Django to it as the runtime role, and drop it at the end."""
    name = f"bench_{purpose}_{os.getpid()}"
    runtime, owner = (_url_of(os.environ[key], name) for key in ("DATABASE_URL", "DATABASE_OWNER_URL"))
    before = dict(connection.settings_dict)
    try:
        _create(name, template=_migrated())
        _connect(runtime)
        yield OwnDatabase(name, runtime, owner)
    finally:
        connection.close()
        connection.settings_dict.update(before)
        _drop(name)


@cache
def _migrated() -> str:
    """The name of a database as the product is installed, made once in a process: a copy takes a tenth of the time."""
    name = f"bench_migrated_{os.getpid()}"
    atexit.register(_drop, name)
    _create(name, template="template0")
    _connect(_url_of(os.environ["DATABASE_OWNER_URL"], name))
    call_command("migrate", verbosity=0, interactive=False)
    call_command("grant_app", _parts(os.environ["DATABASE_URL"])["user"], stdout=io.StringIO())
    connection.close()
    return name


def _create(name: str, *, template: str) -> None:
    owner = _parts(os.environ["DATABASE_OWNER_URL"])["user"]
    made = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
    _as_admin(made.format(sql.Identifier(name), sql.Identifier(template), sql.Identifier(owner)))


def _drop(name: str) -> None:
    _as_admin(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def fill(admin: "psycopg.Connection[tuple[Any, ...]]", table: str, statements: Sequence[str]) -> None:
    """Run INSERTs into a big table with its exclusion constraints put aside, and let these check all of it at the end.

    Foreign keys are not looked up row by row: of a million rows that alone would take minutes.
    """
    found = admin.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'x'",
        [table],
    ).fetchall()
    admin.execute("SET session_replication_role = replica")
    admin.execute("SET maintenance_work_mem = '512MB'")  # else the constraint over a million visits takes minutes
    for name, _ in found:
        admin.execute(_altered(table, "DROP CONSTRAINT {}", name))
    for statement in statements:
        admin.execute(sql.SQL(statement))
    for name, definition in found:
        admin.execute(_altered(table, f"ADD CONSTRAINT {{}} {definition}", name))
    admin.execute("SET session_replication_role = DEFAULT")


def tidy(database: OwnDatabase) -> None:
    """Let PostgreSQL learn what lies where, as autovacuum does overnight."""
    with psycopg.connect(**_parts(_admin_url()) | {"dbname": database.name}, autocommit=True) as admin:
        admin.execute("VACUUM ANALYZE")


def _altered(table: str, what: str, constraint: str) -> sql.Composed:
    change = sql.SQL(what).format(sql.Identifier(constraint))
    return sql.SQL("ALTER TABLE {} ").format(sql.Identifier(table)) + change


def _admin_url() -> str:
    """The superuser of tests and CI, or of the embedded server, whose password lies in a file of ours."""
    if url := os.environ.get("DATABASE_ADMIN_URL"):
        return url
    if os.environ.get("CLINIC_MODE") != "embedded":
        raise CommandError("A benchmark makes a database of its own: set DATABASE_ADMIN_URL.")
    host = quote(unquote(_parts(os.environ["DATABASE_URL"])["host"]), safe="")
    return f"postgres://{SUPERUSER}:{password_of(SUPERUSER, settings.DATA_DIR)}@{host}/postgres"


def _as_admin(statement: sql.Composed) -> None:
    with psycopg.connect(**_parts(_admin_url()), autocommit=True) as admin:
        admin.execute(statement)


def _connect(url: str) -> None:
    parts = _parts(url)
    connection.close()
    connection.settings_dict.update(NAME=parts["dbname"], USER=parts["user"], PASSWORD=parts["password"])


def _url_of(url: str, name: str) -> str:
    return f"{url.rpartition('/')[0]}/{name}"


def _parts(url: str) -> dict[str, Any]:
    parts = environ.Env.db_url_config(url)
    keys = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return {key: unquote(str(parts[name])) for key, name in keys.items() if parts.get(name)}

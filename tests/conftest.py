"""The ground every test stands on: a migrated database, opened as the plain role the clinic runs as."""

import importlib.util
import io
import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import environ
import hypothesis
import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import TransactionTestCase
from django.test.utils import setup_databases, teardown_databases

if importlib.util.find_spec("playwright") is None:  # a bare machine has no browser, and needs none for `manage.py test`
    collect_ignore_glob = ["browser", "browser/*", "journeys/*", "*/*passkeys*"]

# Each process counts its rate limits in a Redis database of its own.
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + 1
os.environ["REDIS_URL"] = settings.REDIS_URL = re.sub(r"db=\d+", f"db={_worker}", settings.REDIS_URL)
settings.CACHES["default"]["LOCATION"] = settings.REDIS_URL
# How long an example takes tells of what else the machine does. CI tries the same examples in each run of one commit.
hypothesis.settings.register_profile(
    "clinic",
    hypothesis.settings.get_profile("ci" if "CI" in os.environ else "default"),
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("clinic")
# Argon2 is slow on purpose; here nobody has a password to lose.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _credentials(url: str) -> dict[str, Any]:
    parts = environ.Env.db_url_config(url)
    return {"USER": parts["USER"], "PASSWORD": parts["PASSWORD"], "HOST": unquote(parts["HOST"]), "PORT": parts["PORT"]}


def _connect_as(url: str) -> None:
    connection.close()
    connection.settings_dict.update(_credentials(url))


def _admin(database: str) -> "psycopg.Connection[tuple[Any, ...]]":
    admin = _credentials(os.environ["DATABASE_ADMIN_URL"])
    return psycopg.connect(
        dbname=database,
        user=admin["USER"],
        password=admin["PASSWORD"],
        host=admin["HOST"],
        port=admin["PORT"] or None,
        autocommit=True,
    )


def _on_the_server(statement: str) -> None:
    with _admin("postgres") as opened:
        opened.execute(statement)


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """Make and migrate the database as its owner; run every test as the plain role.

    A test database opened by its owner or a superuser would make every test of a trigger or a
    privilege falsely green.
    """
    runtime = os.environ["DATABASE_URL"]
    worker = getattr(request.config, "workerinput", {}).get("workerid", "alone")
    connection.settings_dict["TEST"]["NAME"] = f"test_clinic_{os.environ.get('PYTEST_DB', '')}{worker}"
    with django_db_blocker.unblock():
        _connect_as(os.environ["DATABASE_OWNER_URL"])
        made = setup_databases(verbosity=0, interactive=False)
        call_command("grant_app", _credentials(runtime)["USER"], stdout=io.StringIO())
        _connect_as(runtime)
        # Benchmarks make databases of their own: from a copy, they need not migrate each.
        ours = connection.settings_dict["NAME"]
        os.environ["EMPTY_DATABASE"] = empty = f"{ours}_empty"
        _on_the_server(f'DROP DATABASE IF EXISTS "{empty}"')
        _on_the_server(f'CREATE DATABASE "{empty}" TEMPLATE "{ours}"')
    yield
    with django_db_blocker.unblock():
        _on_the_server(f'DROP DATABASE "{empty}"')
        _connect_as(os.environ["DATABASE_OWNER_URL"])
        teardown_databases(made, verbosity=0)


def _empty_all_tables(self: TransactionTestCase) -> None:
    """After a test that commits: what the runtime role may not do (the audit trail) the superuser does.

    Without keys and triggers, and only where there is anything: TRUNCATE makes the files of every table anew.
    """
    tables = [t for t in connection.introspection.django_table_names(only_existing=True) if t != "django_content_type"]
    connection.close()
    with _admin(connection.settings_dict["NAME"]) as opened:
        opened.execute("SET session_replication_role = replica")
        used = " UNION ALL ".join(f"(SELECT '{table}' FROM \"{table}\" LIMIT 1)" for table in tables)
        for (table,) in opened.execute(used).fetchall():
            opened.execute(f'DELETE FROM "{table}"')


TransactionTestCase._fixture_teardown = _empty_all_tables  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _nothing_left_in_the_cache() -> None:
    """Rate limits of one test must not refuse the next."""
    cache.clear()

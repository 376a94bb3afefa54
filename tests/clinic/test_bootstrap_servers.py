"""The servers a command brings along: shared, healed, gone when nobody needs them. Real processes throughout."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psycopg
import pytest
from processes_cast import family, lives, soon

from clinic.bootstrap.environment import DATABASE, RUNTIME, password_of
from clinic.bootstrap.locks import Running, running
from clinic.bootstrap.places import CHECKOUT, Places
from clinic.bootstrap.servers import forget

# What a management command does before it becomes Django; then it waits for a line and ends.
A_COMMAND = """
import sys
from pathlib import Path
from clinic.bootstrap.places import Places
from clinic.bootstrap.session import servers_at_hand
servers_at_hand(Places(Path(sys.argv[1])), sys.argv[2])
print("at hand", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def places() -> Iterator[Places]:
    """A data folder whose path is too long for a socket and has spaces in it; the servers' user may pass through."""
    top = Path(tempfile.mkdtemp(prefix="a clinic "))
    folder = top / ("with a long name, " * 8).strip()
    folder.mkdir()
    top.chmod(0o711)
    places = Places(folder / "its data")
    places.make()
    yield places
    forget(places)
    shutil.rmtree(top)


@contextmanager
def a_command(places: Places, mode: str = "embedded") -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", A_COMMAND, str(places.data), mode]
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "at hand\n"
        yield process
        with suppress(BrokenPipeError):
            process.communicate("\n", timeout=10)
    assert soon(lambda: running(places.data) is None)


def ask(places: Places, statement: str, user: str = "clinic_owner") -> list[tuple[object, ...]]:
    sockets = (places.data / "sockets").readlink()
    password = password_of(user, places.data)
    with psycopg.connect(host=str(sockets), dbname=DATABASE, user=user, password=password) as database:
        answer = database.execute(statement)
        return answer.fetchall() if answer.description else []


def holder(places: Places) -> Running:
    found = running(places.data)
    assert found is not None
    return found


def postmaster(places: Places) -> int:
    return int((places.data / "servers" / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def test_what_was_committed_outlives_a_kill_of_everything(places: Places) -> None:
    with a_command(places) as command:
        ask(places, "CREATE TABLE visit AS SELECT 'ten o''clock' AS at")
        for pid in [command.pid, *family(holder(places).pid)]:
            with suppress(ProcessLookupError):  # its parent's death took it along
                os.kill(pid, signal.SIGKILL)

    with a_command(places):
        found = ask(places, "SELECT at FROM visit")

    assert found == [("ten o'clock",)]


def test_nothing_survives_when_the_one_who_runs_the_servers_is_killed(places: Places) -> None:
    with a_command(places):
        servers = family(holder(places).pid)

        os.kill(holder(places).pid, signal.SIGKILL)

        assert len(servers) > 5
        assert soon(lambda: not any(lives(pid) for pid in servers))


def test_two_commands_at_once_share_the_servers_and_the_last_one_ends_them(places: Places) -> None:
    with a_command(places) as second:
        with subprocess.Popen(
            [sys.executable, "-c", A_COMMAND, str(places.data), "embedded"],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as first:
            first.stdout.readline()
            shared = holder(places)
            first.kill()
        time.sleep(0.5)  # longer than the keeper's look for users

        assert ask(places, "SELECT 1") == [(1,)]
        assert holder(places) == shared
        assert second.poll() is None
        servers = family(shared.pid)

    assert soon(lambda: not any(lives(pid) for pid in servers))


def test_a_killed_postgresql_comes_back_by_itself(places: Places) -> None:
    with a_command(places):
        killed = postmaster(places)

        os.kill(killed, signal.SIGKILL)

        def answers_again() -> bool:
            with suppress(psycopg.OperationalError, FileNotFoundError):
                return postmaster(places) != killed and ask(places, "SELECT 1") == [(1,)]
            return False

        assert soon(answers_again, seconds=20)


def test_a_throw_away_clinic_vanishes_when_its_tests_are_killed(places: Places) -> None:
    with a_command(places, "test") as tests:
        sockets = (places.data / "sockets").readlink()

        tests.kill()

        assert soon(lambda: not places.data.exists())
        assert not sockets.exists()
    places.make()


def test_the_application_can_neither_own_nor_create_nor_connect_without_its_password(places: Places) -> None:
    with a_command(places):
        (rights,) = ask(
            places,
            f"SELECT rolsuper, rolcreatedb, rolcreaterole, rolinherit FROM pg_roles WHERE rolname = '{RUNTIME}'",
        )
        sockets = (places.data / "sockets").readlink()

        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(host=str(sockets), dbname=DATABASE, user=RUNTIME, password="guessed")

    assert rights == (False, False, False, False)


def test_a_clinic_made_before_the_portal_had_a_role_gets_it_at_its_next_start(places: Places) -> None:
    with a_command(places):
        ask(places, "DROP ROLE clinic_portal", user="postgres")
        (places.data / "servers" / "postgres" / "portal_role").unlink()

    with a_command(places):
        found = ask(places, "SELECT pg_has_role('clinic_app', 'clinic_portal', 'MEMBER')")

    assert found == [(True,)]


def test_secrets_and_sockets_are_closed_to_everybody_else(places: Places) -> None:
    with a_command(places):
        secrets = {path.name for path in places.data.glob("password_of_*")} | {"secret_key"}
        private = [*(places.data / name for name in secrets), places.logs, (places.data / "sockets").readlink()]

        assert len(secrets) == 4
        assert [oct(path.stat().st_mode & 0o077) for path in private] == ["0o0"] * len(private)


def test_a_command_waits_while_the_servers_are_being_closed(places: Places) -> None:
    closing: IO[str]
    with (places.data / "users.lock").open("w") as closing:
        fcntl.flock(closing, fcntl.LOCK_EX)
        late = subprocess.Popen(
            [sys.executable, "-c", A_COMMAND, str(places.data), "embedded"],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        time.sleep(1)
        assert running(places.data) is None

    with late:
        assert late.stdout.readline() == "at hand\n"
        late.communicate("\n", timeout=10)
    assert soon(lambda: running(places.data) is None)
    assert "sockets" not in (places.data / "servers.lock").read_text()  # for who comes between the two locks' ends

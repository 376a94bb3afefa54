"""The embedded PostgreSQL: made once, reached only through a socket that only its own user can open."""

import asyncio
import os
import re
import shutil
import signal
import struct
import subprocess
from contextlib import suppress
from pathlib import Path

from clinic.bootstrap.account import Account
from clinic.bootstrap.environment import DATABASE, OWNER, PORTAL, RUNTIME, SUPERUSER, password_of
from clinic.bootstrap.leash import dies_with_us
from clinic.bootstrap.supervisor import Program
from clinic.bootstrap.trouble import Trouble, need_room, trouble_with

_NEW_CLUSTER_MEGABYTES = 200
_RUNNING_MEGABYTES = 30
_FIRST_WITH_BUILTIN_LOCALE = 17
_PROTOCOL = 196608  # version 3.0 of PostgreSQL's messages
_EXTENSIONS = ("btree_gist", "pg_trgm", "unaccent")
_HAS_PORTAL = "portal_role"  # an empty file in the folder of a cluster that has the role
_WHO_MAY_CONNECT = "local all all scram-sha-256\n"  # in place of initdb's lines, which trust everybody
_SETTINGS = {"listen_addresses": "", "unix_socket_permissions": "0700", "max_connections": "100"}
# 200: on a throw-away server two test processes race fifty desks each at the same time.
_THROW_AWAY_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
}


class Cluster:
    """One PostgreSQL data directory and the programs that may open it."""

    def __init__(self, directory: Path, bin_folder: Path, account: Account, log: Path) -> None:
        self.directory, self._bin, self._account, self._log = directory, bin_folder, account, log

    def make_if_missing(self, data: Path) -> None:
        """Make roles, database and extensions in a folder that gets its name only when all is done."""
        if self.directory.exists():
            self._refuse_another_version()
            need_room(self.directory, _RUNNING_MEGABYTES, "PostgreSQL")
            self._give_portal_role()
            return
        need_room(self.directory, _NEW_CLUSTER_MEGABYTES, "a new database")
        unfinished = self.directory.with_name("postgres.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        self._run("initdb", f"--pgdata={unfinished}", f"--username={SUPERUSER}", *self._locale())
        (unfinished / "pg_hba.conf").write_text(_WHO_MAY_CONNECT)
        self._single_user(unfinished, "postgres", _roles(data) + _PORTAL_ROLE)
        (unfinished / _HAS_PORTAL).touch()
        self._single_user(unfinished, DATABASE, [f"CREATE EXTENSION {name}" for name in _EXTENSIONS])
        unfinished.rename(self.directory)

    def program(self, sockets: Path, *, throw_away: bool) -> Program:
        """The server itself. SIGINT is PostgreSQL's "fast" stop: it ends sessions and writes everything down."""
        settings = {**_SETTINGS, "unix_socket_directories": str(sockets), "timezone": "UTC", "log_timezone": "UTC"}
        settings |= _THROW_AWAY_SETTINGS if throw_away else {}
        self._forget_dead_postmaster()
        return Program(
            name="PostgreSQL",
            command=[self._bin / "postgres", "-D", self.directory, *(f"--{key}={it}" for key, it in settings.items())],
            folder=self.directory,
            log=self._log,
            environment={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            is_ready=lambda: _answers(sockets / ".s.PGSQL.5432"),
            stop_signal=signal.SIGINT,
            orphan_signal=signal.SIGQUIT,  # at once, without waiting for sessions; the next start recovers
            grace_seconds=30,
            patience_seconds=300,  # recovery after a crash reads the log of the last minutes
            account=self._account,
        )

    def _give_portal_role(self) -> None:
        """To a clinic that was made before the portal had a role of its own. No server runs: we hold the lock."""
        if not (self.directory / _HAS_PORTAL).exists():
            self._forget_dead_postmaster()
            self._single_user(self.directory, "postgres", _PORTAL_ROLE)
            (self.directory / _HAS_PORTAL).touch()

    def _forget_dead_postmaster(self) -> None:
        # After a kill -9 the number in this file may by now belong to any program of the same user, and
        # PostgreSQL would refuse to start until it ends. We hold the lock, so no postmaster of ours lives.
        file = self.directory / "postmaster.pid"
        if file.exists() and not _is_postgres(file.read_text().partition("\n")[0]):
            file.unlink()

    def _refuse_another_version(self) -> None:
        version_file = self.directory / "PG_VERSION"
        written_by = version_file.read_text().strip() if version_file.exists() else "an unknown version"
        if written_by != str(self._major()):
            raise Trouble(
                f"The data in {self.directory} were written by PostgreSQL {written_by}, and this is {self._major()}. "
                "Dump them with the old version and load them into a new CLINIC_DATA (docs/deploy.md)."
            )

    def _major(self) -> int:
        answer = subprocess.run([self._bin / "postgres", "--version"], capture_output=True, text=True, check=True)
        return int(re.findall(r"PostgreSQL\) (\d+)", answer.stdout)[0])

    def _locale(self) -> list[str]:
        if self._major() >= _FIRST_WITH_BUILTIN_LOCALE:
            return ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        return ["--encoding=UTF8", "--locale=C.UTF-8"]

    def _single_user(self, directory: Path, database: str, statements: list[str]) -> None:
        # One statement a line. No server, no socket, no moment in which a half-made database could be reached.
        options = ["--single", "-D", str(directory), "-c", "exit_on_error=on", database]
        self._run("postgres", *options, words="".join(f"{statement};\n" for statement in statements))

    def _run(self, program: str, *arguments: str, words: str = "") -> None:
        done = subprocess.run(
            [self._bin / program, *arguments],
            input=words,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            cwd=self.directory.parent,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            preexec_fn=dies_with_us(signal.SIGKILL),
            **self._account.identity(),
        )
        if done.returncode != 0:
            self._log.write_text(done.stdout)
            raise trouble_with("making the database", done.stdout, self._log)


def _roles(data: Path) -> list[str]:
    """The superuser is for nobody but us; the owner migrates; the application only works."""
    superuser, owner, runtime = (password_of(role, data) for role in (SUPERUSER, OWNER, RUNTIME))
    return [
        f"ALTER ROLE {SUPERUSER} PASSWORD '{superuser}'",
        f"CREATE ROLE {OWNER} LOGIN CREATEDB PASSWORD '{owner}'",
        f"CREATE ROLE {RUNTIME} LOGIN PASSWORD '{runtime}'",
        f"CREATE DATABASE {DATABASE} OWNER {OWNER}",
    ]


# On one line each; made twice it is made once.
_PORTAL_ROLE = [
    f"DO $$ BEGIN CREATE ROLE {PORTAL}; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    # It takes the portal's place only where it says so, and else plans as if there were no rules (ADR 0014).
    f"ALTER ROLE {RUNTIME} NOINHERIT BYPASSRLS",
    f"GRANT {PORTAL} TO {RUNTIME}",
]


async def _answers(socket: Path) -> bool:
    """True once it asks for a password; while it still recovers it answers with an error.

    Not by the status line in postmaster.pid: after a `kill -9` that is still the word of the dead.
    """
    with suppress(OSError, TimeoutError):
        reader, writer = await asyncio.open_unix_connection(str(socket))
        wishes = f"user\0{SUPERUSER}\0database\0{DATABASE}\0\0".encode()
        writer.write(struct.pack("!ii", len(wishes) + 8, _PROTOCOL) + wishes)
        answer = await asyncio.wait_for(reader.read(1), timeout=2)
        writer.close()
        return answer == b"R"
    return False


def _is_postgres(pid: str) -> bool:
    try:
        return Path(f"/proc/{int(pid)}/comm").read_text().strip() == "postgres"
    except (OSError, ValueError):
        return False

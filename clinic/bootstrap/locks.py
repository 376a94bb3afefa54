"""Who runs the servers of a data folder, and who still needs them.

Both are kernel locks on open files: they end with their holder however it dies, so nothing has to be cleaned up
and a `kill -9` leaves no stale "already running".
"""

import fcntl
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_SERVERS_LOCK, _USERS_LOCK = "servers.lock", "users.lock"
_TRIES, _TRY_SECONDS = 5, 0.02


@dataclass(frozen=True)
class Running:
    """What the holder of the servers tells everyone else."""

    holder: str  # "up", or "command" while the keeper runs them for commands
    pid: int
    sockets: Path | None = None  # known once the servers answer
    url: str = ""


class ServersLock:
    """At most one process runs PostgreSQL and Valkey on one data folder."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    @classmethod
    def take(cls, data: Path, holder: str) -> "ServersLock | None":
        """Become the one who runs the servers; None if somebody already does."""
        file = (data / _SERVERS_LOCK).open("a+")
        for _ in range(_TRIES):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_TRY_SECONDS)  # perhaps only somebody who asks who is `running`
                continue
            lock = cls(file)
            lock.tell(Running(holder, os.getpid()))
            return lock
        file.close()
        return None

    def tell(self, running: Running) -> None:
        """Let commands know where the servers answer."""
        facts = {"holder": running.holder, "pid": running.pid, "url": running.url}
        if running.sockets:
            facts["sockets"] = str(running.sockets)
        self._file.truncate(0)  # opened for appending, so the write below begins at the start again
        self._file.write(json.dumps(facts))
        self._file.flush()

    def release(self) -> None:
        """Let somebody else run the servers: ours are down. Without this the kernel does it when we end."""
        self._file.close()


def running(data: Path) -> Running | None:
    """Who runs the servers of this data folder now, or None."""
    path = data / _SERVERS_LOCK
    if not path.exists():
        return None
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read(file)
    return None


class UsersLock:
    """Shared by every command that uses the servers. The keeper ends when it can have it alone."""

    def __init__(self, data: Path) -> None:
        self._path = data / _USERS_LOCK
        self._file: IO[str] | None = None

    def join(self) -> None:
        """Count as a user until this process ends, through every `exec` on the way.

        Waits while a keeper is closing the servers, so that they cannot vanish under us.
        """
        # A bare descriptor: Python closes a file object that nobody holds, and the lock with it.
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        os.set_inheritable(descriptor, True)

    def nobody_is_left(self) -> bool:
        """True, and no user may join any more, once the last one has gone."""
        self._file = self._file or self._path.open("a")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _read(file: IO[str]) -> Running:
    try:
        facts = json.loads(file.read())
    except ValueError:  # read between the holder's truncate and its write
        return Running("command", 0)
    sockets = facts.get("sockets")
    if not _lives(facts["pid"]):  # what the holder before wrote, read before the present one replaced it
        return Running("command", 0)
    return Running(facts["holder"], facts["pid"], Path(sockets) if sockets else None, facts["url"])


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True

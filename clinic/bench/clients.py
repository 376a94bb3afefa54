"""Several clients at once: processes, each with a connection of its own, that start together."""

import multiprocessing
import os
import resource
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path

from django.db import connections

from clinic.bench.database import OwnDatabase
from clinic.bench.frame import Timing

PATIENCE = 120  # seconds, for a server or a client that does not come up

Deed = Callable[[int], Callable[[], object]]  # of the nth client: what it does again and again


@dataclass(frozen=True, slots=True)
class Crowd:
    """What all clients together did. `per_second` counts from the first start to the last end."""

    timing: Timing
    per_second: float


def together(clients: int, deed: Deed, *, times: int) -> Crowd:
    """Let each client do its deed `times` times."""
    # A connection that a child inherits is the parent's too: neither could trust what it hears.
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    barrier = fork.Barrier(clients)
    lines, children = [], []
    for nth in range(clients):
        ours, theirs = fork.Pipe(duplex=False)
        child = fork.Process(target=_client, args=(nth, deed, times, barrier, theirs))
        child.start()
        theirs.close()  # so that a client that died is heard: its line ends
        lines.append(ours)
        children.append(child)
    found = [line.recv() for line in lines]
    for child in children:
        child.join()
    rounds = [taken for _, _, taken in found]
    span = max(ended for _, ended, _ in found) - min(began for began, _, _ in found)
    flat = tuple(each for taken in rounds for each in taken)
    return Crowd(Timing(flat), len(flat) / span)


def _client(nth: int, deed: Deed, times: int, barrier: Barrier, line: "Connection[object, object]") -> None:
    do, taken = deed(nth), []
    do()  # opens the connection
    barrier.wait(PATIENCE)
    began = time.monotonic()
    for _ in range(times):
        at = time.perf_counter()
        do()
        taken.append((time.perf_counter() - at) * 1000)
    line.send((began, time.monotonic(), taken))
    connections.close_all()


@dataclass(frozen=True, slots=True)
class WebServer:
    port: int
    pid: int  # of the process whose children are the workers

    def worker_mb(self) -> float:
        """What the largest worker holds in memory now (resident set)."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        pages = [int(Path(f"/proc/{child}/statm").read_text().split()[1]) for child in children]
        return max(pages) * resource.getpagesize() / 1_000_000


@contextmanager
def web_server(database: OwnDatabase) -> Iterator[WebServer]:
    """The clinic's own pages on the benchmark's database, as `manage.py up` serves them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = subprocess.Popen(  # noqa: S603  our own command
        [
            *(sys.executable, "-m", "gunicorn", "clinic.wsgi", "--bind", f"127.0.0.1:{port}"),
            # Clients wait for each other before they start, with their lines open.
            *("--workers", "2", "--threads", "4", "--keep-alive", str(PATIENCE)),
        ],
        env=os.environ | {"DATABASE_URL": database.url, "DATABASE_OWNER_URL": database.owner_url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield WebServer(port, server.pid)
    finally:
        server.terminate()
        server.wait(PATIENCE)


def _wait_for(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except (OSError, urllib.error.URLError):
            if time.monotonic() > end:
                raise
            time.sleep(0.2)

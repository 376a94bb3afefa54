"""`manage.py up`: the whole clinic on one machine, from nothing to a page that answers, until Ctrl-C."""

import argparse
import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from clinic.bootstrap.environment import environment
from clinic.bootstrap.handover import is_prepared, prepare
from clinic.bootstrap.install import install
from clinic.bootstrap.locks import Running, ServersLock, running
from clinic.bootstrap.places import Places
from clinic.bootstrap.servers import servers_for
from clinic.bootstrap.supervisor import Program, Supervisor, stop_on
from clinic.bootstrap.trouble import Trouble

_WAIT_FOR_COMMANDS_SECONDS = 10
_GRACE_SECONDS = 10
_WORKER_GRACE_SECONDS = 40  # what it has begun to send it ends: killed in the middle, a mail would be sent twice
_SIGN_INS = "demo_sign_ins.txt"


def up(places: Places, arguments: list[str]) -> int:
    """Run the clinic until somebody stops it; 0 then, `Trouble` if it cannot start."""
    options = _options(arguments)
    if options.empty and not options.owner and not is_prepared(places):
        options.owner = _ask_for_owner()
    _refuse_if_up_already(places)
    _refuse_taken_port(options.port)
    with suppress(asyncio.CancelledError):  # Ctrl-C or SIGTERM: the ordinary end
        asyncio.run(_run(places, options))
    return 0


async def _run(places: Places, options: argparse.Namespace) -> None:
    stop_on(signal.SIGINT, signal.SIGTERM)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup means: go on when the terminal closes
        stop_on(signal.SIGHUP)
    await install(places, _say)
    places.make()
    lock = await _servers_lock(places)
    url = f"http://127.0.0.1:{options.port}"
    servers = servers_for(places)
    variables = {"CLINIC_URL": url, **environment(places, servers.sockets, "embedded")}
    supervisor = Supervisor(_say)
    try:
        _say("Starting PostgreSQL and Valkey ...")
        await supervisor.start(*servers.programs)
        clinic = ["--clinic", "empty", "--owner", options.owner] if options.empty else ["--clinic", "demo"]
        await prepare(places, variables, *clinic)
        _say("Starting web, worker and beat ...")
        await supervisor.start(*_clinic(places, variables, options.port))
        lock.tell(Running("up", os.getpid(), servers.sockets, url))
        _say(f"Ready: {url}/")
        _say_sign_ins(places)
        await asyncio.Event().wait()
    finally:
        _say("Stopping ...")
        await supervisor.stop()
        servers.tidy()
        lock.release()


async def _servers_lock(places: Places) -> ServersLock:
    for _ in range(_WAIT_FOR_COMMANDS_SECONDS):
        if lock := ServersLock.take(places.data, "up"):
            return lock
        _say("Another command uses this clinic's database; waiting for it to end ...")
        await asyncio.sleep(1)
    raise Trouble("Another command still uses this clinic's database. End it, then start again.")


def _clinic(places: Places, variables: Mapping[str, str], port: int) -> list[Program]:
    """Our own three processes, as docs/deploy.md has them run in production."""
    celery = ["celery", "--app", "clinic"]
    web = ["gunicorn", "clinic.wsgi:application", "--worker-class", "gthread", "--workers", "2", "--threads", "4"]
    commands = {
        "web": [*web, "--bind", f"127.0.0.1:{port}", "--preload", "--no-control-socket", *["--graceful-timeout", "5"]],
        # One worker has no neighbours to greet, which would cost it a second.
        "worker": [*celery, "worker", "--concurrency", "2", "--without-mingle", "--without-gossip"],
        "beat": [*celery, "beat", "--schedule", str(places.data / "beat-schedule"), "--pidfile", ""],
    }

    async def web_answers() -> bool:
        return await _answers(port)

    async def is_ready() -> bool:
        return True  # the worker and beat need nobody's patience: what is due waits in the database

    return [
        Program(
            name=name,
            command=[places.python, "-m", "clinic.bootstrap.leash", *command],
            folder=places.checkout,
            log=places.logs / f"{name}.log",
            environment=variables,
            is_ready=web_answers if name == "web" else is_ready,
            orphan_signal=signal.SIGKILL,
            grace_seconds=_WORKER_GRACE_SECONDS if name == "worker" else _GRACE_SECONDS,
        )
        for name, command in commands.items()
    ]


async def _answers(port: int) -> bool:
    """True if the web server says that it is well, the database included."""
    with suppress(OSError, TimeoutError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        status = await asyncio.wait_for(reader.readline(), timeout=5)
        writer.close()
        return b" 200 " in status
    return False


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py up", description="Run the clinic on this machine.")
    parser.add_argument("--port", type=int, default=8000, help="where the pages answer (default 8000)")
    parser.add_argument("--empty", action="store_true", help="an empty clinic for real work instead of the demo")
    parser.add_argument("--owner", default="", metavar="EMAIL", help="who gets the invitation to an empty clinic")
    options = parser.parse_args(arguments)
    if options.owner and not options.empty:
        parser.error("--owner goes with --empty")
    if not 0 < options.port < 65536:
        parser.error("a port is a number from 1 to 65535")
    return options


def _ask_for_owner() -> str:
    if not sys.stdin.isatty():
        raise Trouble("--empty needs the owner's e-mail: python3 manage.py up --empty --owner you@example.org")
    answer = ""
    while "@" not in answer:
        answer = input("The owner's e-mail: ").strip()
    return answer


def _refuse_if_up_already(places: Places) -> None:
    found = running(places.data)
    if found and found.holder == "up":
        raise Trouble(f"This clinic is up already ({found.url or 'starting'}, process {found.pid}).")


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does: a port just left is free
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise Trouble(f"Port {port} is reserved for root. Choose one from 1024 up: --port 8000") from None
        except OSError:
            raise Trouble(f"Port {port} is taken. Choose another: python3 manage.py up --port {port + 1}") from None


def _say_sign_ins(places: Places) -> None:
    file: Path = places.data / _SIGN_INS
    if file.exists():
        _say(file.read_text().rstrip())


def _say(line: str) -> None:
    print(line, flush=True)

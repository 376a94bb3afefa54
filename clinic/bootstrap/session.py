"""One management command on the clinic's data: finds the servers running, or has them run for its own duration."""

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NoReturn

from clinic.bootstrap.environment import environment
from clinic.bootstrap.handover import become, is_prepared, prepare
from clinic.bootstrap.install import install
from clinic.bootstrap.keeper import ANOTHER_WAS_FASTER, READY
from clinic.bootstrap.locks import UsersLock, running
from clinic.bootstrap.places import Places
from clinic.bootstrap.servers import forget
from clinic.bootstrap.trouble import Trouble

_NEED_NO_TABLES = frozenset({"check", "grant_app", "help", "makemigrations", "migrate", "showmigrations", "sqlmigrate"})
_WAIT_SECONDS = 0.05


def run_command(places: Places, arguments: list[str]) -> NoReturn:
    """Become `manage.py <arguments>` in `.venv`, with the servers at hand until it ends."""
    asyncio.run(install(places, _tell))
    places.make()
    sockets, url = servers_at_hand(places, "embedded")
    variables = environment(places, sockets, "embedded")
    if url:
        variables.setdefault("CLINIC_URL", url)
    if not is_prepared(places) and arguments[0] not in _NEED_NO_TABLES:
        asyncio.run(prepare(places, variables))
    become(places, ["manage.py", *arguments], variables)


def run_tests(places: Places, arguments: list[str]) -> NoReturn:
    """Become pytest in `.venv`, on a clinic that vanishes when it ends."""
    asyncio.run(install(places, _tell))
    folder = Path(tempfile.mkdtemp(prefix="clinic-test-"))
    folder.chmod(0o711)
    throw_away = Places(folder, places.checkout)
    try:
        throw_away.make()
        sockets, _ = servers_at_hand(throw_away, "test")
    except BaseException:
        forget(throw_away)
        raise
    become(places, ["-m", "pytest", *arguments], environment(throw_away, sockets, "test"))


def servers_at_hand(places: Places, mode: str) -> tuple[Path, str]:
    """Where the servers answer, starting them if nobody has. They stay until this process ends."""
    UsersLock(places.data).join()
    while True:
        found = running(places.data)
        if found is None:
            _start_keeper(places, mode)
        elif found.sockets:
            return found.sockets, found.url
        else:
            time.sleep(_WAIT_SECONDS)


def _start_keeper(places: Places, mode: str) -> None:
    command: list[str | Path] = [sys.executable, "-m", "clinic.bootstrap.keeper", places.data, mode]
    with (places.logs / "keeper.log").open("ab") as log:
        keeper = subprocess.Popen(
            command,
            cwd=places.checkout,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the command; the keeper ends when nobody needs it
        )
    answer = keeper.stdout.readline().decode().strip() if keeper.stdout else ""
    if answer not in (READY, ANOTHER_WAS_FASTER):
        raise Trouble(answer or f"The servers did not start; {log.name} says why.")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # standard output belongs to the command

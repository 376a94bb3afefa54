"""From here on it is Django: a child that prepares the database, and the exec that makes us `manage.py` in `.venv`."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import NoReturn

from clinic.bootstrap.environment import as_owner
from clinic.bootstrap.leash import dies_with_us
from clinic.bootstrap.places import Places
from clinic.bootstrap.trouble import Trouble

_PREPARED = "prepared"


def is_prepared(places: Places) -> bool:
    """True once the tables exist, so that a command may expect them."""
    return (places.data / _PREPARED).exists()


async def prepare(places: Places, variables: Mapping[str, str], *options: str) -> None:
    """Migrate, grant and whatever `options` ask of `clinic.bootstrap.prepare`, its words going to the terminal."""
    process = await asyncio.create_subprocess_exec(
        places.python,
        *["-m", "clinic.bootstrap.prepare", "--runtime-url", variables["DATABASE_URL"], *options],
        cwd=places.checkout,
        env=as_owner(variables),
        stdin=asyncio.subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for us: we end it, then the servers under it
        preexec_fn=dies_with_us(signal.SIGTERM),
    )
    try:
        code = await process.wait()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
    if code != 0:
        raise Trouble("Preparing the database failed; the lines above say why.")
    (places.data / _PREPARED).touch()


def become(places: Places, arguments: list[str], variables: Mapping[str, str]) -> NoReturn:
    """Go on as the Python of `.venv`: its exit code, its terminal and its signals are then the command's own."""
    sys.stdout.flush()
    os.chdir(places.checkout)
    # The full path as argv[0]: by it Python finds its virtual environment.
    os.execve(places.python, [str(places.python), *arguments], dict(variables))  # noqa: S606  (our own program)

"""Runs the servers in the background while commands need them. Started by the first, it ends after the last.

A process of its own, so that the command that happened to come first may end first, be it by `kill -9`.
"""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from clinic.bootstrap.environment import environment
from clinic.bootstrap.locks import Running, ServersLock, UsersLock
from clinic.bootstrap.places import Places
from clinic.bootstrap.servers import Servers, forget, servers_for
from clinic.bootstrap.supervisor import Supervisor, stop_on
from clinic.bootstrap.trouble import Trouble, trouble_on_disk

READY, ANOTHER_WAS_FASTER = "ready", "another keeper was faster"
_LOOK_SECONDS = 0.1


async def keep(places: Places, lock: ServersLock, servers: Servers) -> None:
    """Start the servers, tell where they are, and stop them when nobody uses them any more."""
    supervisor = Supervisor(say=_note)
    users = UsersLock(places.data)
    stop_on(signal.SIGTERM)
    try:
        await supervisor.start(*servers.programs)
        lock.tell(Running("command", os.getpid(), servers.sockets))
        _answer(READY)
        while not users.nobody_is_left():
            await asyncio.sleep(_LOOK_SECONDS)
    finally:
        # A command may join before this process is gone: it must not find the sockets that are being closed.
        lock.tell(Running("command", os.getpid()))
        await supervisor.stop()
        servers.tidy()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("mode", choices=["embedded", "test"])
    options = parser.parse_args()
    places = Places(options.data)
    throw_away = options.mode == "test"
    try:
        lock = ServersLock.take(places.data, "command")
        if lock is None:
            _answer(ANOTHER_WAS_FASTER)
            return
        servers = servers_for(places, throw_away=throw_away)
        environment(places, servers.sockets, options.mode)  # makes the secrets while nobody else can
        asyncio.run(keep(places, lock, servers))
    except Trouble as trouble:
        _answer(str(trouble))
    except OSError as error:
        _answer(str(trouble_on_disk(error)))
    except asyncio.CancelledError:
        pass
    finally:
        if throw_away:
            forget(places)


def _answer(line: str) -> None:
    """Say it to the command that waits for us, once; afterwards it does not listen any more."""
    if not sys.stdout.closed:
        print(line, flush=True)
        sys.stdout.close()


def _note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # keeper.log


if __name__ == "__main__":
    main()

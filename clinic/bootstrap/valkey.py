"""The embedded Valkey: Celery's broker and the cache, on a socket beside PostgreSQL's."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

from clinic.bootstrap.account import Account
from clinic.bootstrap.supervisor import Program


def valkey(server: Path, folder: Path, sockets: Path, account: Account, log: Path) -> Program:
    """The server, with an append-only file so that a crash costs at most the last second."""
    account.owns(folder)
    socket = sockets / "valkey.sock"

    async def answers() -> bool:
        with suppress(OSError, TimeoutError):
            reader, writer = await asyncio.open_unix_connection(str(socket))
            writer.write(b"PING\r\n")
            answer = await asyncio.wait_for(reader.readline(), timeout=2)
            writer.close()
            return answer.startswith(b"+PONG")  # while it still reads its file it answers -LOADING
        return False

    # The folder is where it starts, not an option: an option with a space in it is two to Valkey.
    options = ["--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"]
    options += ["--appendonly", "yes", "--save", ""]
    return Program(
        name="Valkey",
        command=[server, *options],
        folder=folder,
        log=log,
        environment={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        is_ready=answers,
        account=account,
    )

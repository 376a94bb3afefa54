"""PostgreSQL and Valkey of one data folder, ready to be started."""

import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from clinic.bootstrap.account import Account
from clinic.bootstrap.places import Places
from clinic.bootstrap.postgres import Cluster
from clinic.bootstrap.programs import SYSTEM_HOME, ServerPrograms
from clinic.bootstrap.supervisor import Program
from clinic.bootstrap.valkey import valkey

# A socket's path may have 107 bytes, and the checkout's own may be longer.
_SHORT = Path("/tmp")  # noqa: S108  (only ever a private folder in it, see _sockets)


@dataclass(frozen=True)
class Servers:
    """What to start, in order, and the folder of the sockets on which it answers."""

    programs: tuple[Program, Program]
    sockets: Path

    def tidy(self) -> None:
        """Once they have stopped: leave no empty folder in /tmp. After a `kill -9` the next start uses it again."""
        with suppress(OSError):
            self.sockets.rmdir()


def servers_for(places: Places, *, throw_away: bool = False) -> Servers:
    """Make what the servers need, if it is not there yet. Only the holder of the servers' lock may call this."""
    places.make()
    home, account = _home(places)
    binaries = ServerPrograms.found(places, account)
    sockets = _sockets(places, account)
    cluster = Cluster(home / "postgres", binaries.postgres_bin, account, places.logs / "postgres.log")
    cluster.make_if_missing(places.data)
    broker = valkey(binaries.valkey_server, home / "valkey", sockets, account, places.logs / "valkey.log")
    return Servers((cluster.program(sockets, throw_away=throw_away), broker), sockets)


def forget(places: Places) -> None:
    """Remove a throw-away clinic, wherever its parts lie."""
    for link in (places.data / "servers", places.data / "sockets"):
        if link.is_symlink():
            shutil.rmtree(link.readlink(), ignore_errors=True)
    shutil.rmtree(places.data, ignore_errors=True)


def _home(places: Places) -> tuple[Path, Account]:
    """The servers' folder, and whose it is.

    `servers` in the data folder; or, where that lies in a folder closed to the servers' account,
    a link to one in /var/lib. The link keeps the two together when the checkout moves.
    """
    home = places.data / "servers"
    account = Account.for_data(home)
    if not home.exists():
        home.unlink(missing_ok=True)  # a link whose target is gone
        if account.is_somebody_else and not account.may_pass(places.data):
            SYSTEM_HOME.mkdir(mode=0o755, exist_ok=True)
            home.symlink_to(tempfile.mkdtemp(dir=SYSTEM_HOME, prefix="clinic-"))
    account.owns(home)
    return home.resolve(), account


def _sockets(places: Places, account: Account) -> Path:
    """The folder of the sockets: the one of last time while it is still ours alone, else a new one."""
    link = places.data / "sockets"
    if link.is_symlink():
        folder = link.readlink()
        if folder.is_dir() and not folder.is_symlink():
            found = folder.stat()
            # /tmp is everybody's: a folder that somebody put in our place would see every password go by.
            if (found.st_uid, found.st_mode & 0o777) == (account.uid, 0o700):
                return folder
        link.unlink()
    folder = Path(tempfile.mkdtemp(prefix="clinic-", dir=_SHORT if os.access(_SHORT, os.W_OK) else None))
    account.owns(folder)
    link.symlink_to(folder)
    return folder

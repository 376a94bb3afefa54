"""Who the servers run as. PostgreSQL refuses to run as root, and rightly."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinic.bootstrap.trouble import Trouble

_UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user of this machine, as far as starting programs in its name goes."""

    uid: int
    gid: int

    @classmethod
    def for_data(cls, folder: Path) -> "Account":
        """The owner of data that exist, else ourselves, else (for root) the least mighty user there is."""
        if folder.exists():
            found = folder.stat()
            if os.geteuid() not in (0, found.st_uid):
                raise Trouble(f"{folder} belongs to {_name(found.st_uid)}. Start as that user or as root.")
            if found.st_uid != 0:
                return cls(found.st_uid, found.st_gid)
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        for name in _UNPRIVILEGED:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid)
        raise Trouble("PostgreSQL does not run as root. Start as an ordinary user, or: adduser --system postgres")

    @property
    def is_somebody_else(self) -> bool:
        return self.uid != os.geteuid()

    def identity(self) -> dict[str, Any]:
        """What `Popen` needs to start a program in this name."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_somebody_else else {}

    def may_run(self, program: Path) -> bool:
        """True if every folder on the way lets this user through, and the file lets it run."""
        return self._finds("-f", program) and self._finds("-x", program)

    def may_pass(self, folder: Path) -> bool:
        """True if this user can reach what lies in the folder."""
        return self._finds("-x", folder)

    def owns(self, folder: Path) -> None:
        """Make a private folder of this user."""
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        if self.is_somebody_else:
            os.chown(folder, self.uid, self.gid)

    def _finds(self, what: str, path: Path) -> bool:
        # A process of that user, because only the kernel knows every rule: modes, groups, ACLs, mounts.
        return subprocess.run(["test", what, path], check=False, **self.identity()).returncode == 0


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"

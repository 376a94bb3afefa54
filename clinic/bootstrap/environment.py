"""What every Django process of this clinic finds in its environment."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from clinic.bootstrap.places import Places

SUPERUSER, OWNER, RUNTIME = "postgres", "clinic_owner", "clinic_app"
PORTAL = "clinic_portal"  # nobody signs in as it: the application is it in patients' requests (people.actions.wall)
DATABASE = "clinic"


def kept_secret(data: Path, name: str) -> str:
    """A random word, made at its first use and kept in a file that only this user reads."""
    file = data / name
    if file.exists() and (word := file.read_text().strip()):
        return word
    word = secrets.token_urlsafe(32)
    unfinished = file.with_suffix(".new")  # a full disk must not leave an empty secret behind
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(word)
    unfinished.rename(file)
    return word


def password_of(role: str, data: Path) -> str:
    return kept_secret(data, f"password_of_{role}")


def environment(places: Places, sockets: Path, mode: str) -> dict[str, str]:
    """Our own environment plus the way to the servers.

    The application connects as `clinic_app`, which owns nothing: an owner or superuser could
    switch off the append-only triggers that the audit rests on.
    """
    variables = {
        **os.environ,
        "CLINIC_MODE": mode,
        "CLINIC_DATA": str(places.data),
        "DATABASE_URL": _url(RUNTIME, places.data, sockets),
        "DATABASE_OWNER_URL": _url(OWNER, places.data, sockets),
        "REDIS_URL": f"unix://{quote(str(sockets))}/valkey.sock?db=0",
        "SECRET_KEY": kept_secret(places.data, "secret_key"),
        "DJANGO_SETTINGS_MODULE": "clinic.settings",
        "PYTHONUNBUFFERED": "1",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }
    if mode == "test":
        variables["DATABASE_ADMIN_URL"] = _url(SUPERUSER, places.data, sockets)
    # Each of our processes would compile all of Django at every start: 7 of 15 seconds, measured.
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    return variables


def as_owner(variables: Mapping[str, str]) -> dict[str, str]:
    """The same, for what changes the schema."""
    return {**variables, "DATABASE_URL": variables["DATABASE_OWNER_URL"]}


def _url(role: str, data: Path, sockets: Path) -> str:
    return f"postgres://{role}:{password_of(role, data)}@{quote(str(sockets), safe='')}/{DATABASE}"

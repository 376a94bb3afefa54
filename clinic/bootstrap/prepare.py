"""Brings the database and the page assets up to date, in one start of Django. Runs inside `.venv`."""

import argparse
import hashlib
import io
import sys
from pathlib import Path
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection

from clinic.bootstrap.environment import RUNTIME


def main(arguments: list[str]) -> None:
    """Migrate as the owner (our DATABASE_URL), then create the clinic as the application will."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runtime-url", required=True)
    parser.add_argument("--clinic", choices=["demo", "empty", "none"], default="none")
    parser.add_argument("--owner")
    options = parser.parse_args(arguments)

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("grant_app", RUNTIME, stdout=io.StringIO())
    _become(options.runtime_url)
    if options.clinic != "none":
        collect_changed_assets()
    if options.clinic == "demo":
        call_command("demo_clinic")
    elif options.clinic == "empty" and options.owner:
        call_command("start_clinic", owner=options.owner)


def _become(url: str) -> None:
    """Go on as the runtime role: an owner would pass the row rules and triggers that the demo must obey."""
    connection.close()
    role = urlsplit(url)
    connection.settings_dict.update(USER=role.username, PASSWORD=role.password)


def collect_changed_assets() -> None:
    """Put the page assets where they are served from, unless these are there already."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    digest = _digest_of_assets()
    if stamp.exists() and stamp.read_text() == digest:
        return
    print("Collecting page assets ...", file=sys.stderr, flush=True)
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.write_text(digest)


def _digest_of_assets() -> str:
    """Names, sizes and times of every asset: reading them all would cost the start a second."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


if __name__ == "__main__":
    main(sys.argv[1:])

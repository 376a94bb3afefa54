"""Decides what a `manage.py` command needs before Django can run it."""

import os
import sys

from clinic.bootstrap.environment import as_owner
from clinic.bootstrap.places import Places
from clinic.bootstrap.session import run_command, run_tests
from clinic.bootstrap.trouble import Trouble, trouble_on_disk
from clinic.bootstrap.up import up

_CHANGE_THE_SCHEMA = frozenset({"migrate", "grant_app"})
_USAGE = """\
python3 manage.py up [--port N] [--empty [--owner EMAIL]]   run the clinic on this machine
python3 manage.py test [what pytest takes]                  run every test on throw-away servers
python3 manage.py COMMAND ...                               any Django command on the clinic's data
python3 manage.py help                                      list those commands"""


def run(arguments: list[str]) -> int:
    """The exit code of `manage.py <arguments>`, unless it becomes another program on the way."""
    try:
        return _run(arguments)
    except Trouble as trouble:
        return _refuse(trouble)
    except OSError as error:
        return _refuse(trouble_on_disk(error))
    except KeyboardInterrupt:
        return 130


def _run(arguments: list[str]) -> int:
    command = arguments[0] if arguments else "--help"
    if command in ("--help", "-h"):
        print(_USAGE)
        return 0
    if "DATABASE_URL" in os.environ:
        return _with_given_servers(command, arguments)
    if command == "test":
        run_tests(Places.here(), arguments[1:])
    elif command != "up":
        run_command(Places.here(), arguments)
    return up(Places.here(), arguments[1:])


def _with_given_servers(command: str, arguments: list[str]) -> int:
    """Production, or a process of a clinic whose servers run already: start nothing, install nothing."""
    if command in ("up", "test"):
        raise Trouble(f"DATABASE_URL is set, but `{command}` brings its own servers. Unset it, or see docs/deploy.md.")
    if "REDIS_URL" not in os.environ:
        raise Trouble("DATABASE_URL is set but REDIS_URL is not. Set both (docs/deploy.md), or neither.")
    if command in _CHANGE_THE_SCHEMA and "DATABASE_OWNER_URL" in os.environ:
        os.environ.update(as_owner(os.environ))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    try:
        from django.core.management import execute_from_command_line  # noqa: PLC0415  (only `.venv` has it)
    except ImportError:
        raise Trouble(f"{sys.executable} has no Django. With DATABASE_URL set nothing is installed here.") from None
    execute_from_command_line(["manage.py", *arguments])
    return 0


def _refuse(trouble: Trouble) -> int:
    print(f"manage.py: {trouble}", file=sys.stderr)
    return 1

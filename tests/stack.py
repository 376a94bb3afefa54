"""The running product for tests that use it from outside: `manage.py up`, its SMTP server, and a Chromium."""

import atexit
import email
import email.policy
import fcntl
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from processes_cast import family, lives, soon

from clinic.bootstrap.places import Places
from clinic.bootstrap.servers import forget

ROOT = Path(__file__).parents[1]
OURS = re.compile(r"^(CLINIC_|DATABASE_|REDIS_|EMAIL_|SECRET_KEY|DJANGO_|PYTEST_|VIRTUAL_ENV)")
# Debian's Chromium without a window of its own: the same pages for two thirds of the processor time.
CHROMIUM = shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
PATIENCE = 180  # seconds until `up` is ready
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def a_free_port() -> int:
    """Each test process looks in a range of its own: two that look at once would find the same one."""
    first = 21_000 + 1_000 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for port in random.sample(range(first, first + 1_000), 50):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError(f"no free port from {first} on")


@dataclass
class Inbox:
    """A real SMTP server on loopback that keeps what it accepts."""

    letters: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content or b""
        letter = email.message_from_bytes(
            content if isinstance(content, bytes) else content.encode(), policy=email.policy.default
        )
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        return [letter for letter in self.letters if address in str(letter["To"])]

    def wait_for(self, address: str, words: str, *, seconds: float = 60) -> EmailMessage:
        """The newest letter to `address` that says `words`, waited for as a person would."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for letter in reversed(self.to(address)):
                if words in text_of(letter) or words in str(letter["Subject"]):
                    return letter
            time.sleep(0.2)
        subjects = [str(letter["Subject"]) for letter in self.letters]
        raise AssertionError(f"no letter to {address} that says {words!r} within {seconds} s: {subjects}")


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    return str(body.get_content()) if body else ""


@dataclass
class Stack:
    url: str
    data: Path
    inbox: Inbox
    process: subprocess.Popen[str]
    lines: list[str]

    def manage(self, *arguments: str) -> str:
        """One management command beside the running clinic."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment(self.data),
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return done.stdout


def environment(data: Path, **more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not OURS.match(name)}
    return clean | {"CLINIC_DATA": str(data), "DEMO_TIME_ZONE": where_it_is_morning()} | more


def where_it_is_morning() -> str:
    """A zone in which it is ten now, on the day that it is by UTC: a demo clinic whose day lies ahead at any hour."""
    ahead = max(10 - datetime.now(UTC).hour, -12)  # hours; at eleven in the evening it is eleven there
    return f"Etc/GMT{-ahead:+d}"  # these names count the other way round


@contextmanager
def running(*options: str) -> Iterator[Stack]:
    """`manage.py up` on a data folder of its own, until the block ends. Without options: the demo clinic."""
    data = _a_data_folder()
    if not options:
        # Making the demo clinic takes longer than most tests: each begins with a copy of one that was up before.
        _copy_the_demo_clinic(data)
        (data / "sockets").unlink()
    try:
        with _up(data, *options, ends_with=signal.SIGKILL) as stack:
            yield stack
    finally:
        forget(Places(data))


def _copy_the_demo_clinic(to: Path) -> None:
    """The data of a demo clinic that was up once, and is closed again. The test processes of a run share it."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    made = Path(tempfile.gettempdir()) / f"clinic-demo-{run}"
    with _one_at_a_time():
        if not made.exists():  # nobody made it yet, or who did has ended and taken it along
            first = _a_data_folder()
            with _up(first):
                pass
            first.rename(made)
            atexit.register(_forget_the_demo_clinic, made)
        subprocess.run(["cp", "-a", f"{made}/.", str(to)], check=True)


def _forget_the_demo_clinic(made: Path) -> None:
    with _one_at_a_time():
        forget(Places(made))


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with Path(__file__).open() as held:  # as good a file as any to wait at, and it leaves none behind
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _a_data_folder() -> Path:
    data = Path(tempfile.mkdtemp(prefix="clinic-"))
    data.chmod(0o711)  # started by root, PostgreSQL runs as somebody else and must reach its part
    return data


@contextmanager
def _up(data: Path, *options: str, ends_with: signal.Signals = signal.SIGINT) -> Iterator[Stack]:
    inbox = Inbox()
    server = Controller(inbox, hostname="127.0.0.1", port=a_free_port())
    server.start()
    port = a_free_port()  # only now: while nobody was at either, both could have been the same
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--port", str(port), *options],
        cwd=ROOT,
        env=environment(data, EMAIL_URL=f"smtp://127.0.0.1:{server.port}"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(process.stdout or ()), daemon=True)
    reader.start()
    try:
        end = time.monotonic() + PATIENCE
        while not any("Ready:" in line for line in lines):
            assert process.poll() is None, "".join(lines)
            assert time.monotonic() < end, "".join(lines)
            time.sleep(0.1)
        yield Stack(f"http://127.0.0.1:{port}", data, inbox, process, lines)
    finally:
        everybody = family(process.pid)
        process.send_signal(ends_with)  # killed, it leaves nobody behind, and data that can be thrown away: sooner
        process.wait(timeout=60)
        assert soon(lambda: not any(lives(pid) for pid in everybody), 30)
        reader.join(timeout=10)
        if process.stdout:
            process.stdout.close()
        server.stop()


def browser_options() -> dict[str, Any]:
    return {"executable_path": CHROMIUM, "args": FLAGS, "headless": True}

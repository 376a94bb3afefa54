"""Starts programs in order, starts again what dies, stops them in reverse.

For the embedded mode only: in production systemd or a container runtime does this (docs/deploy.md).
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from clinic.bootstrap.account import Account
from clinic.bootstrap.leash import dies_with_us
from clinic.bootstrap.trouble import trouble_with

_POLL_SECONDS = 0.05
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 30.0
_STEADY_AFTER_SECONDS = 10.0
_TRIES_BEFORE_READY = 4  # after a kill -9, PostgreSQL refuses until its last backend has noticed
_LOG_KEPT_BYTES = 1_000_000


@dataclass(frozen=True)
class Program:
    """One server: how to start it, when it is ready, and how it wants to be told to stop."""

    name: str
    command: Sequence[str | Path]
    folder: Path
    log: Path
    environment: Mapping[str, str]
    is_ready: Callable[[], Awaitable[bool]]
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGTERM  # what the kernel sends it if the supervisor is killed
    grace_seconds: float = 10.0
    patience_seconds: float = 60.0
    account: Account | None = None


@dataclass
class _Kept:
    program: Program
    process: asyncio.subprocess.Process | None = None
    deaths: int = 0


def stop_on(*signals: signal.Signals) -> None:
    """End the running task in its `finally` blocks when one of these arrives; a second one does not wait for them."""
    if task := asyncio.current_task():
        for number in signals:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)


@dataclass
class Supervisor:
    """Keeps programs alive until told to stop."""

    say: Callable[[str], None]
    _kept: list[tuple[_Kept, asyncio.Task[None]]] = field(default_factory=list)
    _stopping: bool = False

    async def start(self, *programs: Program) -> None:
        """Start these together and wait until each is ready. Raises `Trouble` with a program's last words."""
        started = [_Kept(program) for program in programs]
        self._kept += [(kept, asyncio.create_task(self._keep(kept))) for kept in started]
        for kept in started:
            await self._wait_until_ready(kept)

    async def stop(self) -> None:
        """Stop in reverse order, so that nothing loses what it stands on."""
        self._stopping = True
        for kept, task in reversed(self._kept):
            if kept.process is None or kept.process.returncode is not None:
                task.cancel()  # it is down and waits for its next try
            else:
                with suppress(ProcessLookupError):
                    kept.process.send_signal(kept.program.stop_signal)
            _, late = await asyncio.wait({task}, timeout=kept.program.grace_seconds)
            if late and kept.process:
                _sweep(kept.process.pid)
                await asyncio.wait(late)

    async def _keep(self, kept: _Kept) -> None:
        pause = _FIRST_PAUSE_SECONDS
        clock = asyncio.get_running_loop().time
        while not self._stopping:
            started_at = clock()
            kept.process = await _spawn(kept.program)
            code = await kept.process.wait()
            _sweep(kept.process.pid)
            if self._stopping:
                return
            kept.deaths += 1
            if clock() - started_at > _STEADY_AFTER_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            self.say(f"{kept.program.name} {_ended(code)}; starting it again.")
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _wait_until_ready(self, kept: _Kept) -> None:
        program = kept.program
        give_up_at = asyncio.get_running_loop().time() + program.patience_seconds
        while not await program.is_ready():
            late = asyncio.get_running_loop().time() > give_up_at
            if late or kept.deaths >= _TRIES_BEFORE_READY:
                raise trouble_with(f"starting {program.name}", _last_words(program.log), program.log)
            await asyncio.sleep(_POLL_SECONDS)


async def _spawn(program: Program) -> asyncio.subprocess.Process:
    _rotate(program.log)
    with program.log.open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *program.command,
            cwd=program.folder,
            env=program.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Its own session: Ctrl-C in the terminal reaches only us, and we stop the rest in order.
            start_new_session=True,
            preexec_fn=dies_with_us(program.orphan_signal),
            **(program.account.identity() if program.account else {}),
        )


def _sweep(group: int) -> None:
    """End what a dead master left behind: a Celery pool child would go on with its task, unseen."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LOG_KEPT_BYTES:
        log.replace(log.with_suffix(".log.1"))


def _last_words(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:] if log.exists() else ""


def _ended(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"

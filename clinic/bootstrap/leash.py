"""Ties a process to its parent, so that nothing survives a `kill -9` of the one who started it.

As a program, `python -m clinic.bootstrap.leash gunicorn ...` runs a module whose own children are tied as well:
a Celery pool child would otherwise finish its task with nobody left to hear of it.
"""

import ctypes
import os
import runpy
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def dies_with_us(last_signal: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the kernel sends the child this signal when its parent dies.

    It runs after the change of user, which would clear it. Linux only; elsewhere children may outlive us.
    """
    parent = os.getpid()

    def tie() -> None:
        if sys.platform == "linux":
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(last_signal))
            if os.getppid() != parent:  # it died before the knot held
                os._exit(1)

    return tie


def _tie_fork() -> None:
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


if __name__ == "__main__":
    os.register_at_fork(after_in_child=_tie_fork)
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)

"""One slip on trial: a forked process runs the engine's tests on the module with the slip in it."""

import ast
import importlib
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from typing import Final

from clinic.mutation.engines import Engine
from clinic.mutation.slips import Slip

ROOT: Final = Path(__file__).parents[2]
LEAST_SECONDS: Final = 10
# The machine may be busier during a trial than while the sound engine was tested.
TIMES_AS_LONG: Final = 10


class TestsFail(Exception):
    """The tests already fail without any slip, so they would notice every one."""

    __test__ = False


def survivors(engine: Engine, slips: Iterable[Slip], *, jobs: int) -> Iterator[Slip]:
    """The slips that no test notices. At most `jobs` trials at once.

    Raises `TestsFail` if the tests do not pass on the engine as it is.
    """
    sys.path[:0] = [path for path in (str(ROOT), str(ROOT / "tests")) if path not in sys.path]
    began = time.monotonic()
    # In this process: what it imports, every forked one has ready.
    if _tests_find_something(engine):
        raise TestsFail(engine.path)
    seconds = max(LEAST_SECONDS, int(TIMES_AS_LONG * (time.monotonic() - began)))
    stale = _importers(engine.module)
    running: dict[int, Slip] = {}
    waiting = iter(slips)
    while True:
        while len(running) < jobs and (slip := next(waiting, None)) is not None:
            running[_put_on_trial(engine, slip, stale, seconds)] = slip
        if not running:
            return
        process, status = os.wait()
        ended = running.pop(process)
        if status == 0:
            yield ended


def _put_on_trial(engine: Engine, slip: Slip, stale: Iterable[str], seconds: int) -> int:
    """The process id. It ends with nought only if every test passed; a slip that never ends is ended."""
    process = os.fork()
    if process:
        return process
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        _replace(engine, slip, stale)
        noticed = _tests_find_something(engine)
    except BaseException:  # noqa: BLE001 - whatever it is, the slip has been noticed
        noticed = True
    os._exit(1 if noticed else 0)


def _replace(engine: Engine, slip: Slip, stale: Iterable[str]) -> None:
    for name in stale:
        sys.modules.pop(name, None)
    module = module_from_spec(ModuleSpec(engine.module, None, origin=engine.path))
    sys.modules[engine.module] = module
    exec(compile(slip.source, engine.path, "exec"), module.__dict__)  # noqa: S102 - our own source, one slip in it
    house, _, name = engine.module.rpartition(".")
    setattr(sys.modules[house], name, module)


def _tests_find_something(engine: Engine) -> bool:
    """One file after the other, the quickest first: most slips are found before a rulebook has to be read anew."""
    return any(_fails(ROOT / test) for test in engine.tests)


def _fails(test: Path) -> bool:
    pytest = importlib.import_module("pytest")  # a test tool: it is not there where patients are treated
    # Drawn examples would make the share another one at every run; told ones say what the tests really pin.
    chosen = ["-m", "not hypothesis and not django_db", "-p", "_hypothesis_pytestplugin"]
    # Nothing of conftest.py: it opens the database, and an engine has none.
    alone = ["-c", os.devnull, "--rootdir", str(ROOT), "--noconftest", "--import-mode=importlib", "-W", "ignore"]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    with Path(os.devnull).open("w") as nowhere:
        out, err = os.dup(1), os.dup(2)
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        try:
            found = pytest.main(["-x", "-q", "--tb=no", "-p", "no:cacheprovider", *chosen, *alone, str(test)])
        finally:
            os.dup2(out, 1)
            os.dup2(err, 2)
            os.close(out)
            os.close(err)
    return bool(found != 0)


def _importers(module: str) -> frozenset[str]:
    """The loaded modules of ours that hold something of `module`, however indirectly: they must be loaded anew."""
    imports = {
        name: _imported(file.read_text(encoding="utf-8"))
        for name, it in sys.modules.copy().items()
        if _is_ours(file := Path(getattr(it, "__file__", None) or os.devnull))
    }
    # Tests are found again by their file, whatever they import.
    found = {module} | {name for name in imports if "test_" in name}
    while more := {name for name, needed in imports.items() if name not in found and needed & found}:
        found |= more
    return frozenset(found)


def _is_ours(file: Path) -> bool:
    return file.suffix == ".py" and file.is_relative_to(ROOT) and file.relative_to(ROOT).parts[0] in _HOUSES


def _imported(source: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


_HOUSES: Final = ("people", "patients", "programs", "clinic", "tests")

"""The rig put to the test: variants that are known to be wrong must be found out."""

import sys
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from celery import Celery
from django.utils import timezone

from clinic.reminders.proving import world, wrong
from clinic.reminders.proving.findings import Bounds, Findings
from clinic.reminders.proving.processes import kill
from clinic.reminders.proving.rig import Rig

_LATER: Final = timedelta(seconds=6)
_STARTED_WITHIN: Final = 30  # seconds


def no_fence(rig: Rig) -> Findings:
    """Half of the visits fall out while the messages leave, and nobody asks again."""
    trial = rig.owe(count=60)
    with rig.office.thinking(0.1):
        worker = rig.processes.start(sys.executable, "-m", wrong.__name__, "no-fence")
        try:
            trial.wait_for(3)
            for it in trial.owed[30:]:
                world.call_off(it.visit_id, now=timezone.now())
                trial.untrue_since[it.key] = time.time()
                trial.faults += 1
            trial.wait(seconds=20)
        finally:
            kill(worker)
    return trial.found("control: no fence", bounds=Bounds())


def any_hour(rig: Rig) -> Findings:
    """It is ten in the evening where they live, and nobody looks at the clock."""
    trial = rig.owe(at_hour=22, count=20)
    worker = rig.processes.start(sys.executable, "-m", wrong.__name__, "any-hour")
    try:
        trial.wait(seconds=20)
    finally:
        kill(worker)
    return trial.found("control: any hour", bounds=Bounds())


def waiting_tasks(rig: Rig) -> Findings:
    """Reminders that wait for their time in the broker, and two workers in the best of health."""
    options = ["--concurrency", "2", "--without-mingle", "--without-gossip", "--loglevel", "WARNING"]
    command = [sys.executable, "-m", "celery", "--app", wrong.__name__, "worker", *options]
    workers = [rig.processes.start(*command) for _ in range(2)]
    try:
        celery = Celery("prove", broker=rig.broker.url)
        _wait_for(celery, len(workers))
        trial = rig.owe(count=20)
        # By name in a mapping: no module of ours may spell what this does.
        when: dict[str, Any] = {"eta": timezone.now() + _LATER}
        for it in trial.owed:
            celery.send_task(wrong.REMIND, [it.key], retry=False, **when)
        end = time.monotonic() + _LATER.total_seconds() + 20
        while time.monotonic() < end and len(trial.deliveries()) <= len(trial.owed):
            time.sleep(0.2)
    finally:
        for worker in workers:
            kill(worker)
    return trial.found("control: ETA tasks", bounds=Bounds(unresolved=len(trial.owed)))


def _wait_for(celery: Celery, workers: int) -> None:
    end = time.monotonic() + _STARTED_WITHIN
    while len(celery.control.ping(timeout=0.5) or []) < workers and time.monotonic() < end:
        pass


ALL: Final[Mapping[str, Callable[[Rig], Findings]]] = {
    "no fence": no_fence,
    "any hour": any_hour,
    "ETA tasks": waiting_tasks,
}
EXPECTED: Final = {"no fence": "said when not true", "any hour": "said at night", "ETA tasks": "doubled"}

"""R1 to R12: what is done to reminders on their way, and what may come of it at most."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

from django.utils import timezone

from clinic.reminders.actions import planning
from clinic.reminders.models import Message
from clinic.reminders.proving import world
from clinic.reminders.proving.findings import Bounds, Findings
from clinic.reminders.proving.processes import Process, kill
from clinic.reminders.proving.rig import LEASE_SECONDS, Rig, Trial

Experiment = Callable[[Rig], Findings]
_TWINS_FOR_A_KILL: Final = 0.1


def quiet(rig: Rig) -> Findings:
    """Nothing happens. Each comes once."""
    trial = rig.owe()
    with _workers(rig):
        trial.wait()
    return trial.found("R0 no fault", bounds=Bounds())


def kills(rig: Rig) -> Findings:
    """R1, R8: whoever sends is killed, again and again."""
    return _killed(rig, "email", "R1 kill -9, e-mail")


def kills_of_texts(rig: Rig) -> Findings:
    """R2: the same with texts, which are never sent twice."""
    return _killed(rig, "sms", "R2 kill -9, texts")


def _killed(rig: Rig, channel: str, name: str) -> Findings:
    trial = rig.owe(channel=channel)
    with _workers(rig) as workers:
        trial.wait_for(1)
        most = max(5, len(trial.owed) // 15)

        def strike() -> None:
            if trial.faults >= most:
                return
            # At the next few mails: what is killed between two looks proves little.
            trial.wait_for(len(trial.deliveries()) + rig.chance.randrange(1, 12), seconds=1)
            if victim := rig.a_victim(workers):
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
                    trial.faults += 1
            for n, worker in enumerate(workers):
                if worker.poll() is not None:
                    kill(worker)  # its children: a pool without its worker sends no more
                    workers[n] = rig.processes.worker()

        trial.wait(strike)
    texts = channel == "sms"
    # SMTP allows no better than the one in flight; two silences about the same message leave it to a person.
    may_double = 0 if texts else max(1, round(_TWINS_FOR_A_KILL * trial.faults))
    return trial.found(name, bounds=Bounds(doubled=may_double, unresolved=trial.faults if texts else 2))


def lost_answers(rig: Rig) -> Findings:
    """R3: the server takes a mail, and the line breaks before it says so."""
    trial, before = rig.owe(), rig.office.lost
    rig.office.loses = 0.02
    try:
        with _workers(rig):
            trial.wait()
    finally:
        rig.office.loses = 0.0
    trial.faults = rig.office.lost - before
    return trial.found("R3 answers lost", bounds=Bounds(doubled=trial.faults, unresolved=2))


def server_down(rig: Rig) -> Findings:
    """R4: the mail server is away three times, says "later", and refuses one for good."""
    trial = rig.owe()
    rig.office.answers = ["451 later", "421 closing"]
    with _workers(rig):
        for share in (0.1, 0.4, 0.7):
            trial.wait_for(int(share * len(trial.owed)))
            rig.office.close()
            trial.faults += 1
            time.sleep(1.5)
            rig.office.open()
            _soon(trial)
        trial.wait(lambda: _soon(trial))
    # A server that goes away in the middle of a mail may have taken it.
    return trial.found("R4 server away", bounds=Bounds(doubled=trial.faults))


def _soon(trial: Trial) -> None:
    """Half an hour of pauses passes at once."""
    waiting = Message.objects.filter(pk__in=[it.message_id for it in trial.owed], state=Message.State.READY)
    waiting.filter(reason__in=["unreachable", "put_off"]).update(not_before=timezone.now())


def changes(rig: Rig) -> Findings:
    """R5, R10: visits are cancelled and moved, and patients say STOP, while the messages leave."""
    trial = rig.owe()
    deeds = [world.call_off, world.move]
    left = list(trial.owed)
    rig.chance.shuffle(left)

    def change() -> None:
        for _ in range(max(1, len(trial.owed) // 40)):
            if left:
                it = left.pop()
                if trial.faults % 3 == 2:
                    world.decline(it.visit_id)
                else:
                    deeds[trial.faults % 3](it.visit_id, now=timezone.now())
                trial.untrue_since[it.key] = time.time()
                trial.faults += 1

    with _workers(rig):
        trial.wait_for(1)
        trial.wait(change)
    world.forgive()
    return trial.found("R5 moves, cancels, STOP", bounds=Bounds())


def beats(rig: Rig) -> Findings:
    """R6: two beats, one of them two hours ahead, and two planners in one second."""
    trial = rig.owe()
    planning.plan(now=timezone.now())
    before = Message.objects.count()
    ahead = {"LD_PRELOAD": _FAKETIME, "FAKETIME": "+2h"} if os.path.exists(_FAKETIME) else {}  # noqa: PTH110
    with _workers(rig):
        two = [rig.processes.beat(), rig.processes.beat(**ahead)]
        trial.faults = len(two)
        trial.wait(lambda: planning.plan(now=timezone.now()))
        for beat in two:
            kill(beat)
    made = trial.found("R6 two beats", bounds=Bounds())
    extra = Message.objects.count() - before
    return made if not extra else _and(made, f"{extra} planned twice")


_FAKETIME: Final = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


def broker_lost(rig: Rig) -> Findings:
    """R7: the broker is killed in the middle, loses all it held, and comes back."""
    trial = rig.owe()
    with _workers(rig):
        trial.wait_for(len(trial.owed) // 4)
        rig.broker.kill()
        trial.faults = 1
        trial.wait_for(len(trial.owed) // 2)
        rig.broker.start()
        trial.wait()
    return trial.found("R7 broker killed", bounds=Bounds())


def night(rig: Rig) -> Findings:
    """R9: it is ten in the evening where they live. Nobody is woken."""
    trial = rig.owe(at_hour=22, count=20)
    with _workers(rig):
        trial.wait(seconds=6)
    return trial.found("R9 at night", bounds=Bounds(nothing_leaves=True))


def zombie(rig: Rig) -> Findings:
    """R11: a worker stops for longer than its lease, and comes back believing that it still holds its messages."""
    trial = rig.owe()
    with _workers(rig) as workers:
        for share in (0.1, 0.5):
            trial.wait_for(int(share * len(trial.owed)))
            os.killpg(workers[0].pid, signal.SIGSTOP)
            trial.faults += 1
            end = time.monotonic() + LEASE_SECONDS + 2
            trial.wait(seconds=end - time.monotonic())
            os.killpg(workers[0].pid, signal.SIGCONT)
        trial.wait()
    return trial.found("R11 zombie", bounds=Bounds(doubled=3 * trial.faults, unresolved=1))


def deploy(rig: Rig) -> Findings:
    """R12: every connection to the database is cut, and the workers are replaced as a deploy does."""
    trial = rig.owe()
    with _workers(rig) as workers:
        trial.wait_for(len(trial.owed) // 4)
        trial.faults += rig.cut()
        trial.wait_for(len(trial.owed) // 2)
        for n, worker in enumerate(workers):
            rig.processes.end(worker)
            workers[n] = rig.processes.worker()
            trial.faults += 1
        trial.wait()
    return trial.found("R12 cut and deploy", bounds=Bounds(doubled=2))


@contextmanager
def _workers(rig: Rig, count: int = 2) -> Iterator[list[Process]]:
    workers = [rig.processes.worker() for _ in range(count)]
    try:
        yield workers
    finally:
        for worker in workers:
            kill(worker)


def _and(made: Findings, breach: str) -> Findings:
    values = {name: getattr(made, name) for name in made.__dataclass_fields__}
    return Findings(**values | {"breaches": (*made.breaches, breach)})


ALL: Final[Mapping[str, Experiment]] = {
    "R0": quiet,
    "R1": kills,
    "R2": kills_of_texts,
    "R3": lost_answers,
    "R4": server_down,
    "R5": changes,
    "R6": beats,
    "R7": broker_lost,
    "R9": night,
    "R11": zombie,
    "R12": deploy,
}

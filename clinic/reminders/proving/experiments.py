"""R1 to R12: what is done to reminders on their way, and what may come of it at most."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from typing import Final

from django.utils import timezone

from clinic.reminders.models import Message
from clinic.reminders.proving import changes, clocks
from clinic.reminders.proving.findings import Bounds, Findings
from clinic.reminders.proving.processes import Process, kill
from clinic.reminders.proving.rig import LEASE_SECONDS, Rig, Trial

Experiment = Callable[[Rig], Findings]
_TWINS_FOR_A_KILL: Final = 0.1
_KILLED_WORKERS: Final = 4
_CHILDREN_KILLED: Final = 8
_REFUSED: Final = 2  # an address and a text
_LOST_SHARE: Final = 0.02  # of the answers
_AWAY_SECONDS: Final = 3
_MANY: Final = 10  # times as many messages
_AT_MOST_LATE: Final = 60  # seconds, p99


def quiet(rig: Rig) -> Findings:
    """Nothing happens. Each comes once."""
    trial = rig.owe()
    with rig.workers():
        trial.wait()
    return trial.found("R0 no fault", bounds=Bounds())


def kills(rig: Rig) -> Findings:
    """R1: whoever sends is killed, again and again, as the kernel does when memory is short."""
    return _killed(rig, "email", "R1 kill -9, e-mail")


def kills_of_texts(rig: Rig) -> Findings:
    """R2: the same with texts, which are never sent twice; the provider is asked about the doubtful ones."""
    return _killed(rig, "sms", "R2 kill -9, texts")


def _killed(rig: Rig, channel: str, name: str) -> Findings:
    trial = rig.owe(channel=channel)
    # The less the server thinks, the more of a mail's time is ours to be killed in.
    with rig.office.thinking(0), rig.workers(_KILLED_WORKERS) as workers:
        trial.wait_for(1)
        most = max(5, len(trial.owed) // 15)

        def strike() -> None:
            if trial.faults < most and (victim := rig.a_victim(workers)):
                _kill_one(victim, trial, within=rig.chance.uniform(0, 0.05))
            _start_again(rig, workers)

        trial.wait(strike)
    # SMTP allows no better than the one in flight; two silences about the same message leave it to a person.
    is_mail = channel == "email"
    may_double = max(1, round(_TWINS_FOR_A_KILL * trial.faults)) if is_mail else 0
    return trial.found(name, bounds=Bounds(doubled=may_double, unresolved=2 if is_mail else 0))


def _start_again(rig: Rig, workers: list[Process]) -> None:
    """What died, as whatever runs the clinic does."""
    for n, worker in enumerate(workers):
        if worker.poll() is not None:
            kill(worker)  # its children: a pool without its worker sends no more
            workers[n] = rig.processes.worker()


def _kill_one(pid: int, trial: Trial, *, within: float = 0.0) -> None:
    """By somebody else, at any moment: we come to strike only while our post office pauses, having just answered."""
    stroke = f"sleep {within:.3f}; kill -9 {pid}"
    killed = subprocess.run(["/bin/sh", "-c", stroke], check=False, stderr=subprocess.DEVNULL)  # noqa: S603  our own
    trial.faults += killed.returncode == 0


def children_killed(rig: Rig) -> Findings:
    """R8: Celery alone: nobody looks by himself, beat says when, and the children that carry its word are killed."""
    trial = rig.owe()
    with rig.workers(1, LOOKOUT_SECONDS="3600") as workers:
        beat = rig.processes.beat()

        def strike() -> None:
            if trial.faults < _CHILDREN_KILLED:
                trial.wait_for(len(trial.deliveries()) + 10, seconds=5, is_poking=False)
                if victim := rig.a_victim(workers, or_a_worker=False):
                    _kill_one(victim, trial)

        trial.wait(strike, is_poking=False)
        kill(beat)
    return trial.found("R8 children of the pool", bounds=Bounds(doubled=1, unresolved=1))


def lost_answers(rig: Rig) -> Findings:
    """R3: the server takes a mail, and the line breaks before it says so."""
    trial, before = rig.owe(), rig.office.lost
    rig.office.loses = _LOST_SHARE
    try:
        with rig.workers():
            trial.wait()
    finally:
        rig.office.loses = 0.0
    trial.faults = rig.office.lost - before
    return trial.found("R3 answers lost, e-mail", bounds=Bounds(doubled=trial.faults, unresolved=2))


def lost_answers_about_texts(rig: Rig) -> Findings:
    """R3: a text is not sent again for want of an answer: the provider is asked what became of it."""
    trial, before = rig.owe(channel="sms"), rig.gateway.lost
    rig.gateway.loses = _LOST_SHARE
    try:
        with rig.workers():
            trial.wait()
    finally:
        rig.gateway.loses = 0.0
    trial.faults = rig.gateway.lost - before
    return trial.found("R3 answers lost, texts", bounds=Bounds())


def server_down(rig: Rig) -> Findings:
    """R4: the mail server is away three times, says "later", refuses an address and a text for good."""
    trial, before = rig.owe(), rig.office.refused
    rig.office.answers = ["451 later", "421 closing", "554 not here"]
    rig.office.strangers = {rig.chance.choice(trial.owed).address}
    with rig.workers():
        for share in (0.1, 0.4, 0.7):
            trial.wait_for(int(share * len(trial.owed)))
            rig.office.close()
            trial.faults += 1
            time.sleep(1.5)
            rig.office.open()
            _soon(trial)
        trial.wait(lambda: _soon(trial))
    rig.office.strangers = set()
    # A server that goes away in the middle of a mail may have taken it. What it refuses is not tried again.
    refused = rig.office.refused - before
    bounds = Bounds(doubled=trial.faults, refused=_REFUSED)
    return trial.found("R4 server away", bounds=bounds).also(tried_again_although_refused=refused - _REFUSED)


def _soon(trial: Trial) -> None:
    """Half an hour of pauses passes at once."""
    waiting = Message.objects.filter(pk__in=[it.message_id for it in trial.owed], state=Message.State.READY)
    waiting.filter(reason__in=["unreachable", "put_off"]).update(not_before=timezone.now())


def broker_lost(rig: Rig) -> Findings:
    """R7: the broker forgets all, is full of "look now", takes nothing more, hangs, is killed and comes back empty."""
    trial = rig.owe()
    with rig.workers() as workers:

        def until(eighths: int, *, is_poking: bool = True) -> None:
            trial.wait(
                lambda: _start_again(rig, workers),
                is_over=lambda: trial.is_settled() or len(trial.deliveries()) * 8 >= eighths * len(trial.owed),
                is_poking=is_poking,
            )

        until(1)
        rig.broker.forget_all()
        for _ in range(len(trial.owed)):
            rig.poke()
        until(2)
        rig.broker.be_full(True)
        workers[0] = _replaced(rig, workers[0])  # whoever starts now finds no broker to work with, and ends
        until(4)
        rig.broker.be_full(False)
        rig.broker.hang()
        until(5, is_poking=False)
        rig.broker.wake()
        until(6)
        rig.broker.kill()
        until(7)
        rig.broker.start()
        trial.faults = 5
        until(8)
        trial.wait(lambda: _start_again(rig, workers))
    return trial.found("R7 broker lost", bounds=Bounds())


def zombie(rig: Rig) -> Findings:
    """R11: a worker stops for longer than its lease, and comes back believing that it still holds its messages."""
    # Two children and the lookout: each may hold one mail at the moment it is stopped.
    return _stopped(rig, "email", "R11 zombie, e-mail", twins_each=3)


def zombie_with_texts(rig: Rig) -> Findings:
    """R11: the same with texts."""
    return _stopped(rig, "sms", "R11 zombie, texts", twins_each=0)


def _stopped(rig: Rig, channel: str, name: str, *, twins_each: int) -> Findings:
    trial = rig.owe(channel=channel)
    with rig.workers() as workers:
        for share in (0.1, 0.5):
            trial.wait_for(int(share * len(trial.owed)))
            os.killpg(workers[0].pid, signal.SIGSTOP)
            trial.faults += 1
            end = time.monotonic() + LEASE_SECONDS + 2
            trial.wait(seconds=end - time.monotonic())
            time.sleep(max(0, end - time.monotonic()))
            os.killpg(workers[0].pid, signal.SIGCONT)
        trial.wait()
        time.sleep(LEASE_SECONDS)  # the zombie ends what it was about to do
    return trial.found(name, bounds=Bounds(doubled=twins_each * trial.faults, unresolved=twins_each and 1))


def deploy(rig: Rig) -> Findings:
    """R12: ten times as many at once; the database goes away, and the workers are replaced as a deploy does."""
    trial = rig.owe(count=_MANY * rig.messages)
    with rig.workers() as workers:
        trial.wait_for(len(trial.owed) // 4)
        trial.faults += rig.away(_AWAY_SECONDS)
        trial.wait_for(len(trial.owed) // 2)
        for n, worker in enumerate(workers):
            workers[n] = _replaced(rig, worker)
            trial.faults += 1
        trial.wait()
    return trial.found("R12 cut and deploy", bounds=Bounds(late_p99=_AT_MOST_LATE))


def _replaced(rig: Rig, worker: Process) -> Process:
    """It may end what it holds; then another one starts."""
    rig.processes.end(worker)
    return rig.processes.worker()


ALL: Final[Mapping[str, Experiment]] = {
    "R0": quiet,
    "R1": kills,
    "R2": kills_of_texts,
    "R3": lost_answers,
    "R3-texts": lost_answers_about_texts,
    "R4": server_down,
    "R5": changes.changes,
    "R6": clocks.beats,
    "R7": broker_lost,
    "R8": children_killed,
    "R9": clocks.clock_changes,
    "R9-night": clocks.night,
    "R10": changes.stops,
    "R11": zombie,
    "R11-texts": zombie_with_texts,
    "R12": deploy,
}

"""What the ledgers of the other side say, held against what the clinic believes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from clinic.reminders.models import Message
from clinic.reminders.proving.world import Owed

State = Message.State
GRACE_SECONDS: Final = 1.0  # after a cancellation, a move or a STOP
_SPEAK_FROM, _SPEAK_UNTIL = 8, 20  # o’clock where they live


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message that the other side took."""

    key: str
    at: float  # time.time(), or what the clock of an experiment said


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """One experiment's. A breach is a sentence."""

    name: str
    owed: int
    taken: int
    lost: int
    doubled: int
    after_cancel: int
    at_night: int
    unresolved: int
    late_p99: float
    faults: int = 0
    seconds: float = 0.0
    breaches: tuple[str, ...] = field(default=())

    def as_line(self) -> str:
        verdict = "; ".join(self.breaches) or "holds"
        return (
            f"{self.name:<24} owed {self.owed:>6}  taken {self.taken:>6}  lost {self.lost}  doubled {self.doubled}  "
            f"after cancel {self.after_cancel}  at night {self.at_night}  unresolved {self.unresolved}  "
            f"late p99 {self.late_p99:5.1f} s  faults {self.faults:>3}  {self.seconds:5.1f} s  {verdict}"
        )

    def also(self, **breaches: int) -> "Findings":
        """With what only this experiment can know: how often each happened, named as it is said."""
        said = tuple(f"{count} {name.replace('_', ' ')}" for name, count in breaches.items() if count)
        return replace(self, breaches=(*self.breaches, *said))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What may go wrong at most. Losing is never allowed, nor is telling what is not so or waking anybody."""

    doubled: float = 0
    unresolved: int = 0
    refused: int = 0  # exactly: what the other side refused for good, and the clinic shows as failed
    late_p99: float = float("inf")  # seconds
    nothing_leaves: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an experiment saw. `due` and `untrue_since` are by the key of a message; due by default at `began`."""

    owed: Sequence[Owed]
    deliveries: Sequence[Delivery]
    began: float
    ended: float
    faults: int
    due: Mapping[str, float] = field(default_factory=dict)
    untrue_since: Mapping[str, float] = field(default_factory=dict)


def found(name: str, seen: Seen, *, bounds: Bounds) -> Findings:
    """Counted at the other side; only what is unresolved or refused is asked of the clinic."""
    zones = {it.key: ZoneInfo(it.zone) for it in seen.owed}
    ours = [it for it in seen.deliveries if it.key in zones]
    counts = Counter(it.key for it in ours)
    states = dict(Message.objects.filter(pk__in=[it.message_id for it in seen.owed]).values_list("pk", "state"))
    of_state: dict[str, set[str]] = {}
    for it in seen.owed:
        of_state.setdefault(states.get(it.message_id, ""), set()).add(it.key)
    unresolved = set().union(*(of_state.get(state, set()) for state in (*Message.OPEN, State.UNKNOWN)))
    refused = of_state.get(State.FAILED, set())
    silent = {it.key for it in seen.owed if not counts[it.key]}
    late = sorted(it.at - seen.due.get(it.key, seen.began) for it in ours)
    made = Findings(
        name=name,
        owed=len(seen.owed),
        taken=len(ours),
        lost=0 if bounds.nothing_leaves else len(silent - unresolved - refused - set(seen.untrue_since)),
        doubled=len(ours) - len(counts),
        after_cancel=sum(it.at > seen.untrue_since.get(it.key, it.at) + GRACE_SECONDS for it in ours),
        at_night=sum(_is_night(it.at, zones[it.key]) for it in ours),
        unresolved=0 if bounds.nothing_leaves else len(unresolved),
        late_p99=late[int(0.99 * (len(late) - 1))] if late else 0.0,
        faults=seen.faults,
        seconds=seen.ended - seen.began if not seen.due else 0.0,
    )
    # Who wants no mail any more may have been told by a text meanwhile.
    believed = len(silent & of_state.get(State.SENT, set()) - set(seen.untrue_since))
    early = sum(it < -1 for it in late)
    return _judged(made, bounds, believed=believed, refused=len(refused), early=early)


def _is_night(at: float, zone: ZoneInfo) -> bool:
    return not _SPEAK_FROM <= datetime.fromtimestamp(at, UTC).astimezone(zone).hour < _SPEAK_UNTIL


def _judged(made: Findings, bounds: Bounds, *, believed: int, refused: int, early: int) -> Findings:
    wrong = {
        f"{made.lost} lost": made.lost,
        f"{believed} believed to be sent": believed,
        f"{made.doubled} doubled, at most {bounds.doubled:g}": made.doubled > bounds.doubled,
        f"{made.after_cancel} said when not true": made.after_cancel,
        f"{made.at_night} said at night": made.at_night,
        f"{early} said too early": early,
        f"{made.unresolved} unresolved, at most {bounds.unresolved}": made.unresolved > bounds.unresolved,
        f"{refused} given up, {bounds.refused} refused": refused != bounds.refused,
        f"late by {made.late_p99:.1f} s, at most {bounds.late_p99:g}": made.late_p99 > bounds.late_p99,
        f"{made.taken} left where nothing may": bounds.nothing_leaves and made.taken,
    }
    return replace(made, breaches=tuple(said for said, is_so in wrong.items() if is_so))

"""What the ledgers of the other side say, held against what the clinic believes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from clinic.reminders.models import Message
from clinic.reminders.proving.world import Owed

State = Message.State
GRACE_SECONDS = 1.0  # after a cancellation, a move or a STOP


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message that the other side took."""

    key: str
    at: float  # time.time()


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """One experiment's. A breach is a sentence."""

    name: str
    owed: int
    taken: int
    lost: int
    doubled: int
    after_cancel: int
    unresolved: int
    late_p99: float
    faults: int = 0
    seconds: float = 0.0
    breaches: tuple[str, ...] = field(default=())

    def as_line(self) -> str:
        verdict = "; ".join(self.breaches) or "holds"
        return (
            f"{self.name:<22} owed {self.owed:>5}  taken {self.taken:>5}  lost {self.lost}  doubled {self.doubled}  "
            f"after cancel {self.after_cancel}  unresolved {self.unresolved}  late p99 {self.late_p99:5.1f} s  "
            f"faults {self.faults:>3}  {self.seconds:5.1f} s  {verdict}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What may go wrong at most. Losing is never allowed, nor is telling what is not so."""

    doubled: float = 0
    unresolved: int = 0
    nothing_leaves: bool = False


def found(
    name: str,
    owed: Sequence[Owed],
    deliveries: Sequence[Delivery],
    *,
    untrue_since: Mapping[str, float],
    began: float,
    faults: int,
    ended: float,
    bounds: Bounds,
) -> Findings:
    """`untrue_since` is when a message stopped being true, by its key."""
    keys = {it.key for it in owed}
    ours = [it for it in deliveries if it.key in keys]
    counts = Counter(it.key for it in ours)
    states = dict(Message.objects.filter(pk__in=[it.message_id for it in owed]).values_list("pk", "state"))
    unresolved = {it.key for it in owed if states[it.message_id] in {*Message.OPEN, State.UNKNOWN}}
    lost = [it for it in owed if not counts[it.key] and it.key not in {*untrue_since, *unresolved}]
    believed = [it for it in owed if states[it.message_id] == State.SENT and not counts[it.key]]
    late = sorted(it.at - began for it in ours)
    made = Findings(
        name=name,
        owed=len(owed),
        taken=len(ours),
        lost=0 if bounds.nothing_leaves else len(lost),
        doubled=len(ours) - len(counts),
        after_cancel=sum(it.at > untrue_since.get(it.key, it.at) + GRACE_SECONDS for it in ours),
        unresolved=0 if bounds.nothing_leaves else len(unresolved),
        late_p99=late[int(0.99 * (len(late) - 1))] if late else 0.0,
        faults=faults,
        seconds=ended - began,
    )
    return _judged(made, bounds, believed=len(believed))


def _judged(made: Findings, bounds: Bounds, *, believed: int) -> Findings:
    wrong = {
        f"{made.lost} lost": made.lost,
        f"{believed} believed to be sent": believed,
        f"{made.doubled} doubled, at most {bounds.doubled:g}": made.doubled > bounds.doubled,
        f"{made.after_cancel} said when not true": made.after_cancel,
        f"{made.unresolved} unresolved, at most {bounds.unresolved}": made.unresolved > bounds.unresolved,
        f"{made.taken} left where nothing may": bounds.nothing_leaves and made.taken,
    }
    values = {name: getattr(made, name) for name in made.__dataclass_fields__}
    return Findings(**values | {"breaches": tuple(said for said, is_so in wrong.items() if is_so)})

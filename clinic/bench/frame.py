"""What every benchmark has in common: a name, its options, and a table whose last line is a ratio."""

import json
import statistics
import time
import tracemalloc
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

Cell = str | int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What was measured. `last` is the sentence to read first: the ratio to the floor, and the goal."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    last: str
    figures: Mapping[str, float] = field(default_factory=dict)  # the same for machines, named with their unit
    is_wrong: bool = False  # not slow but wrong, such as a double booking: the command fails

    def as_text(self) -> str:
        lines = [list(self.columns), *([_shown(cell) for cell in row] for row in self.rows)]
        widths = [max(len(line[n]) for line in lines) for n in range(len(self.columns))]
        drawn = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
        return "\n".join([self.title, "", drawn[0], "  ".join("-" * width for width in widths), *drawn[1:], self.last])

    def as_json(self) -> str:
        rows = [
            {
                name: round(cell, 3) if isinstance(cell, float) else cell
                for name, cell in zip(self.columns, row, strict=True)
            }
            for row in self.rows
        ]
        return json.dumps({"title": self.title, "rows": rows, "figures": dict(self.figures), "last": self.last})


class Bench:
    """One benchmark. `run` is called with nothing but its options and brings its own database (`own_database`)."""

    name: ClassVar[str]
    help: ClassVar[str]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The sizes that can be chosen; the defaults are those of the goals."""

    def run(self, options: Mapping[str, Any]) -> Table:
        raise AssertionError(f"{type(self).__name__} measures nothing.")


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of each round."""

    rounds: tuple[float, ...]

    @property
    def p50(self) -> float:
        return statistics.median(self.rounds)

    @property
    def p95(self) -> float:
        return sorted(self.rounds)[max(0, round(0.95 * len(self.rounds)) - 1)]


Times = Mapping[str, Timing]


def growth(first: Times, grown: Times, name: str, *, floor: str) -> float:
    """How much longer it takes with more data, beyond what the floor of the same minutes does."""
    return (grown[name].p50 / grown[floor].p50) / (first[name].p50 / first[floor].p50)


def timed_in_turn(deeds: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, Timing]:
    """Time every deed `rounds` times in turn: a slow minute is slow for all. A first round is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in deeds}
    for turn in range(rounds + 1):
        for name, deed in deeds.items():
            began = time.perf_counter()
            deed()
            if turn:
                taken[name].append((time.perf_counter() - began) * 1000)
    return {name: Timing(tuple(times)) for name, times in taken.items()}


def peak_mb(deed: Callable[[], object]) -> float:
    """The most memory that Python held for one such deed, beyond what it held before."""
    deed()  # what is learnt once and kept does not count
    tracemalloc.start()
    try:
        deed()
        return tracemalloc.get_traced_memory()[1] / 1_000_000
    finally:
        tracemalloc.stop()


def _shown(cell: Cell) -> str:
    return f"{cell:,.2f}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else cell

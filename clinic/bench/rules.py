"""How many times a second the rules answer whether a treatment may be given."""

import random
import time
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from clinic.bench.frame import Bench, Table
from patients.rules.rulebook import rulebook as patients_rulebook
from programs.rules.contraindications import Facts
from programs.rules.rulebook import ProgramRulebook
from programs.rules.rulebook import rulebook as programs_rulebook

GOAL: Final = 10_000  # checks a second on one core
KNOWN: Final = (0, 20, 60, 131)  # facts of a patient: nothing asked yet, a form, a long record, everything
# One check per treatment without a technique: the rules of all techniques count, which is the most work there is.
Ask = tuple[str, Facts]


class RulesBench(Bench):
    name = "rules"
    help = "Contraindication checks a second on one core, for patients of whom little or everything is known."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--checks", type=int, default=20_000, help="of each kind of patient")
        parser.add_argument("--seed", type=int, default=1)

    def run(self, options: Mapping[str, Any]) -> Table:
        book, chance = programs_rulebook(), random.Random(options["seed"])  # noqa: S311  # made-up facts, no secret
        rows = [_row(known, book, options["checks"], chance) for known in KNOWN]
        slowest = min(row[1] for row in rows)
        verdict = "met" if slowest >= GOAL else "MISSED"
        return Table(
            title=f"{len(book.contraindications)} rules of {len(book.modalities)} treatments.",
            columns=["facts known", "checks/s", "x goal", "look-ups/s", "x look-up"],
            rows=rows,
            last=f"At least {slowest / GOAL:.1f} x the goal of {GOAL:,} checks a second on one core: {verdict}.",
            figures={"checks_per_s": slowest, "times_goal": slowest / GOAL},
        )


def _row(
    known: int, book: ProgramRulebook, checks: int, chance: random.Random
) -> tuple[int, float, float, float, float]:
    asks = [(modality, _facts(known, chance)) for _n in range(20) for modality in book.modalities]
    ours = _rate(lambda ask: book.judge(*ask), asks, checks)
    floor = _rate(
        lambda ask: [ask[1].get(test.fact) for rule in book.rules_of[ask[0]] for test in rule.when], asks, checks
    )
    return known, ours, ours / GOAL, floor, floor / ours


def _rate(deed: Callable[[Ask], object], asks: Sequence[Ask], checks: int) -> float:
    # Time of this process only: what others do on the machine in the same second is not our work.
    began = time.process_time()
    for nth in range(checks):
        deed(asks[nth % len(asks)])
    return checks / (time.process_time() - began)


def _facts(known: int, chance: random.Random) -> Facts:
    every = patients_rulebook().facts
    some = chance.sample(sorted(every), min(known, len(every)))
    return {code: chance.uniform(0, 200) if every[code].is_number else chance.random() < 0.1 for code in some}

"""What happened, program by program, and whether any session that was given broke a rule."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from clinic.bench.frame import Table
from clinic.simulation import checker, rows, world
from clinic.simulation.checker import Breach
from clinic.simulation.story import Told
from clinic.simulation.world import Asked, Say

COUNTED = (
    "delivered",
    "missed",
    "called off",
    "left out",
    "booked",
    "repaired",
    "moved",
    "eased",
    "flares",
    "pauses",
    "revised",
)


@dataclass(frozen=True, slots=True)
class Report:
    asked: Asked
    told: Mapping[str, Told]
    breaches: Sequence[Breach]

    def as_text(self) -> str:
        by_template = Counter(it.template for it in self.breaches)
        table = Table(
            title=f"{self.asked.patients} patients of each program, {self.asked.weeks} weeks, seed {self.asked.seed}.",
            columns=["program", "patients", *COUNTED, "refused", "weeks to the end", "breaches"],
            rows=[
                (
                    code, it.patients, *(it.counts[name] for name in COUNTED), it.refused.total(),
                    mean(it.weeks) if it.weeks else 0.0, by_template[code],
                )
                for code, it in self.told.items()
            ],
            last=self._last(),
        )  # fmt: skip
        return "\n".join(
            [table.as_text(), "", *self._refusals(), "", *self._given_way(), "", *map(self._breach, self.breaches)]
        )

    @property
    def unhelped(self) -> int:
        """How often what the solver named as a help was none."""
        return sum(it.counts["unhelped"] for it in self.told.values())

    def _last(self) -> str:
        given = sum(it.counts["delivered"] for it in self.told.values())
        return f"{given} sessions given, {len(self.breaches)} breaches of a rule (goal 0)" + (
            f", {self.unhelped} times nothing helped that was said to" if self.unhelped else ""
        )

    def _refusals(self) -> list[str]:
        every = sum((it.refused for it in self.told.values()), Counter[str]())
        return ["Refused, and why:", *(f"{count:6}  {why}" for why, count in every.most_common())]

    def _given_way(self) -> list[str]:
        every = sum((it.given_way for it in self.told.values()), Counter[str]())
        return ["Given way by the patient, where nothing else would do:"] + [
            f"{count:6}  {what}" for what, count in every.most_common()
        ]

    def _breach(self, it: Breach) -> str:
        again = f"manage.py simulate --seed {self.asked.seed} --patients {self.asked.patients}"
        return f"BREACH {it.template} {it.patient}, {it.on}: {it.what} ({again} --weeks {self.asked.weeks})"


def lived(asked: Asked, *, say: Say) -> Report:
    """Live it on the database Django is connected to, and check it."""
    with world.ids_by(asked.seed):
        made = world.a_world(asked)
        made.live(say)
    return Report(asked, made.told, checker.breaches(rows.given()))

"""The day board of twenty clinicians, the list, the week and the question whether anything is new, as whole pages."""

from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.utils import timezone

from clinic.appointments.models import Appointment
from clinic.bench.big_clinic import BigClinic, a_big_clinic
from clinic.bench.database import own_database
from clinic.bench.floor import FLOOR, bare_view, queries_of
from clinic.bench.frame import Bench, Table, Timing, growth, peak_mb, timed_in_turn
from people.models import User
from people.rules.permissions import Role

DAY = "day of everybody, as a grid"
WEEK = "week of everybody"
MOST_DAY_MS, MOST_WEEK_MS, MOST_QUERIES, MOST_GROWTH = 100, 250, 10, 1.25


class Board(Bench):
    name = "board"
    help = "Whole pages of the day board, from 50000 and 1000000 visits, against a bare view of the same run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--visits", type=int, default=50_000)
        parser.add_argument(
            "--grown", type=int, default=1_000_000, help="the same with so many visits; 0 leaves it out"
        )
        parser.add_argument("--patients", type=int, default=20_000)
        parser.add_argument("--rounds", type=int, default=30)

    def run(self, options: Mapping[str, Any]) -> Table:
        sizes = [size for size in (options["visits"], options["grown"]) if size]
        measured = [_measured(size, options) for size in sizes]
        first, grown = measured[0], measured[-1]
        timings, queries = first.times, first.queries
        day = timings[DAY].p50
        grows = [growth(timings, grown.times, name, floor=FLOOR) for name in (DAY, WEEK)]
        return Table(
            title=(
                f"Pages of the desk from {' and '.join(f'{size:,}' for size in sizes)} visits, "
                f"filled in {' and '.join(f'{it.filled_in:.0f}' for it in measured)} s; {first.shown} on the day."
            ),
            columns=["page", "visits", "p50 ms", "p95 ms", "x floor", "queries", "peak MB"],
            rows=[
                (name, size, taken.p50, taken.p95, taken.p50 / it.times[FLOOR].p50, it.queries[name], it.peaks[name])
                for size, it in zip(sizes, measured, strict=True)
                for name, taken in it.times.items()
            ],
            last=(
                f"day {day:.0f} ms (goal <= {MOST_DAY_MS}), {day / timings[FLOOR].p50:.0f} x floor, "
                f"{queries[DAY]} queries (goal <= {MOST_QUERIES}); week {timings[WEEK].p50:.0f} ms "
                f"(goal <= {MOST_WEEK_MS}); growth x {grows[0]:.2f} and x {grows[1]:.2f} (goal <= {MOST_GROWTH})"
            ),
            figures={
                "day_p50_ms": day,
                "week_p50_ms": timings[WEEK].p50,
                "floor_p50_ms": timings[FLOOR].p50,
                "day_queries": queries[DAY],
                "day_growth": grows[0],
                "week_growth": grows[1],
                "most_peak_mb": max(max(it.peaks.values()) for it in measured),
                "filled_in_s": grown.filled_in,
            },
        )


@dataclass(frozen=True, slots=True)
class _Measured:
    shown: int  # visits on the day
    filled_in: float  # seconds
    times: Mapping[str, Timing]
    queries: Mapping[str, int]
    peaks: Mapping[str, float]  # MB of Python's memory for one page


def _measured(visits: int, options: Mapping[str, Any]) -> _Measured:
    with own_database("board") as database:
        made = a_big_clinic(database, visits=visits, patients=options["patients"], now=timezone.now())
        rosa = User.objects.create_user(email="rosa@example.org", name="Rosa", role=Role.FRONT_DESK)
        deeds = _deeds(made, rosa)
        queries = {name: queries_of(deed) for name, deed in deeds.items()}
        times = timed_in_turn(deeds, rounds=options["rounds"])
        peaks = {name: peak_mb(deed) for name, deed in deeds.items()}
        shown = deeds[DAY]().content.decode().count('class="appt ')
    return _Measured(shown, made.filled_in, times, queries, peaks)


def _deeds(made: BigClinic, rosa: User) -> Mapping[str, Callable[[], Any]]:
    desk = Client(SERVER_NAME="localhost")
    desk.force_login(rosa, backend="people.web.backends.RightsBackend")
    day, week = made.first.isoformat(), f"{made.first.isocalendar().year}-W{made.first.isocalendar().week:02d}"
    pages = {
        DAY: f"/desk/day/{day}/",
        "the same by room and device": f"/desk/day/{day}/?by=rooms",
        "day of everybody, as a list": f"/desk/list/{day}/",
        WEEK: f"/desk/week/{week}/",
        "week of one": f"/desk/week/{week}/?resource={made.clinicians[0].pk}",
        "is anything new?": f"/desk/pulse/{day}/?site={made.site.pk}",
    }
    return {
        FLOOR: bare_view(Appointment.objects.all()),
        **{name: _page(desk, address) for name, address in pages.items()},
    }


def _page(desk: Client, address: str) -> Callable[[], Any]:
    def ask() -> Any:
        answer = desk.get(address)
        if answer.status_code != 200:
            raise AssertionError(f"{address} answered {answer.status_code}.")
        return answer

    return ask

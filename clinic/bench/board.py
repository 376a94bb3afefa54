"""The day board of twenty clinicians, the list, the week and the question whether anything is new, as whole pages."""

from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from typing import Any

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.appointments.models import Appointment
from clinic.bench.big_clinic import BigClinic, a_big_clinic
from clinic.bench.database import own_database
from clinic.bench.frame import Bench, Table, Timing, timed_in_turn
from people.models import User
from people.rules.permissions import Role

FLOOR = "floor: a bare view, 1 SELECT of 20 rows"
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
        shown, timings, queries = measured[0]
        day = timings[DAY].p50
        growth = [measured[-1][1][name].p50 / timings[name].p50 for name in (DAY, WEEK)]
        return Table(
            title=f"Pages of the desk from {' and '.join(f'{size:,}' for size in sizes)} visits; {shown} on the day.",
            columns=["page", "visits", "p50 ms", "p95 ms", "x floor", "queries"],
            rows=[
                (name, size, it.p50, it.p95, it.p50 / times[FLOOR].p50, asked[name])
                for size, (_shown, times, asked) in zip(sizes, measured, strict=True)
                for name, it in times.items()
            ],
            last=(
                f"day {day:.0f} ms (goal <= {MOST_DAY_MS}), {day / timings[FLOOR].p50:.0f} x floor, "
                f"{queries[DAY]} queries (goal <= {MOST_QUERIES}); week {timings[WEEK].p50:.0f} ms "
                f"(goal <= {MOST_WEEK_MS}); growth x {growth[0]:.2f} and x {growth[1]:.2f} (goal <= {MOST_GROWTH})"
            ),
            figures={
                "day_p50_ms": day,
                "week_p50_ms": timings[WEEK].p50,
                "floor_p50_ms": timings[FLOOR].p50,
                "day_queries": queries[DAY],
                "day_growth": growth[0],
                "week_growth": growth[1],
            },
        )


def _measured(visits: int, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Timing], Mapping[str, int]]:
    """How many visits the day shows, and for each page its times and its queries."""
    with own_database("board") as database:
        made = a_big_clinic(database, visits=visits, patients=options["patients"], now=timezone.now())
        rosa = User.objects.create_user(email="rosa@example.org", name="Rosa", role=Role.FRONT_DESK)
        deeds = _deeds(made, rosa)
        queries = {name: _queries(deed) for name, deed in deeds.items()}
        times = timed_in_turn(deeds, rounds=options["rounds"])
        page = deeds[DAY]()
    return page.content.decode().count('class="appt '), times, queries


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
    return {FLOOR: _floor, **{name: _page(desk, address) for name, address in pages.items()}}


def _page(desk: Client, address: str) -> Callable[[], Any]:
    def ask() -> Any:
        answer = desk.get(address)
        if answer.status_code != 200:
            raise AssertionError(f"{address} answered {answer.status_code}.")
        return answer

    return ask


def _floor() -> JsonResponse:
    """No middleware, no session, no rights, no template: the least that Django does for twenty rows."""
    return _bare(HttpRequest())


def _bare(request: HttpRequest) -> JsonResponse:
    rows = [{"id": str(it.pk), "starts_at": it.starts_at} for it in Appointment.objects.all()[:20]]
    return JsonResponse({"rows": rows})


def _queries(deed: Callable[[], Any]) -> int:
    deed()
    with CaptureQueriesContext(connection) as queries:
        deed()
    return len(queries)

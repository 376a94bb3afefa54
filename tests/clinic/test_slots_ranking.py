"""Which times are said first, and why."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.appointments.rules.ranking import Candidate, Last, Likes, Patient, best, points, reasons, said

SARA, MEI, MAIN, WEST = (UUID(int=n) for n in range(1, 5))
NINE = datetime(2026, 9, 14, 9, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)
NEW_YORK = datetime(2026, 10, 26, tzinfo=ZoneInfo("America/New_York"))  # six days before its clocks go back


def a_time(starts: datetime = NINE, **changes: object) -> Candidate:
    plain = Candidate(local_start=starts, local_end=starts + timedelta(minutes=30), clinician_id=SARA, site_id=MAIN)
    return replace(plain, **changes)  # type: ignore[arg-type]


def read_out(times: list[Candidate], patient: Patient | None = None) -> list[tuple[datetime, str]]:
    return [(it.offer.local_start, it.reason) for it in best(times, lambda it: it, patient=patient)]


def why(it: Candidate, patient: Patient, *, soonest: datetime = NINE - 9 * DAY) -> str:
    return said(reasons(it, soonest=soonest, patient=patient))


def test_the_reason_is_said_in_the_words_of_the_desk() -> None:
    last = Last(SARA, time(15))
    it = a_time(closes_gap=True, is_in_window=True)

    assert why(it, Patient(last=last)) == "same clinician as last time, closes a gap, inside the plan's window"


def test_at_most_three_reasons_are_said_and_those_that_help_most() -> None:
    likes = Likes(weekdays=frozenset({0}), site_id=MAIN)
    patient = Patient(last=Last(SARA, time(9)), likes=likes, asked_for=SARA)

    assert why(a_time(closes_gap=True, is_in_window=True), patient, soonest=NINE) == (
        "soonest, the clinician you asked for, when the patient prefers to come"
    )


def test_the_plans_window_comes_before_everything_else() -> None:
    outside = a_time(clinician_id=SARA, closes_gap=True, is_in_window=False)
    inside = a_time(NINE + 12 * DAY, clinician_id=MEI, is_in_window=True)

    assert read_out([outside, inside], Patient(last=Last(SARA, time(16)))) == [
        (NINE + 12 * DAY, "inside the plan's window"),
        (NINE, "outside the plan's best days, soonest, same clinician as last time"),
    ]


@pytest.mark.parametrize(("days", "who_is_first"), [(2, SARA), (4, MEI)])
def test_for_the_clinician_of_last_time_a_patient_waits_up_to_three_days(days: int, who_is_first: UUID) -> None:
    mei, sara = a_time(clinician_id=MEI), a_time(NINE + days * DAY, clinician_id=SARA)

    first = best([mei, sara], lambda it: it, patient=Patient(last=Last(SARA, time(16))))[0]

    assert first.offer.clinician_id == who_is_first


def test_the_clinician_somebody_asks_for_is_a_wish_and_not_a_filter() -> None:
    mei, sara = a_time(clinician_id=MEI), a_time(NINE + DAY, clinician_id=SARA)
    patient = Patient(last=Last(MEI, time(16)), asked_for=SARA)

    assert read_out([mei, sara], patient) == [
        (NINE + DAY, "the clinician you asked for"),
        (NINE, "soonest, same clinician as last time"),
    ]
    assert read_out([mei], patient) == [(NINE, "soonest, same clinician as last time")]


def test_the_clinician_that_is_both_asked_for_and_known_counts_once() -> None:
    both = Patient(last=Last(SARA, time(16)), asked_for=SARA, likes=Likes(clinician_id=SARA))

    assert why(a_time(), both) == "the clinician you asked for"


@pytest.mark.parametrize(
    ("likes", "is_liked"),
    [
        (Likes(), False),
        (Likes(weekdays=frozenset({0, 2})), True),
        (Likes(weekdays=frozenset({1})), False),
        (Likes(earliest=time(9)), True),
        (Likes(earliest=time(9, 15)), False),
        (Likes(latest=time(9, 30)), True),
        (Likes(latest=time(9, 29)), False),
        (Likes(weekdays=frozenset({0}), earliest=time(8), latest=time(12)), True),
        (Likes(weekdays=frozenset({0}), earliest=time(13)), False),
    ],
)
def test_a_patients_days_and_hours_are_those_of_the_site(likes: Likes, *, is_liked: bool) -> None:
    assert likes.is_liked_time(a_time()) is is_liked


def test_a_visit_past_midnight_does_not_end_early_in_the_morning() -> None:
    late = a_time(datetime(2026, 9, 14, 23, 45, tzinfo=UTC))

    assert not Likes(latest=time(12)).is_liked_time(late)


def test_a_second_visit_on_a_day_the_patient_is_here_saves_a_trip() -> None:
    here = Patient(sites_by_day={date(2026, 9, 15): frozenset({MAIN})})

    assert read_out([a_time(), a_time(NINE + DAY)], here) == [
        (NINE + DAY, "saves a trip: another visit here that day"),
        (NINE, "soonest"),
    ]


def test_nobody_is_sent_to_two_sites_on_one_day_if_it_can_be_helped() -> None:
    elsewhere = Patient(sites_by_day={date(2026, 9, 14): frozenset({WEST})})

    assert read_out([a_time(), a_time(NINE + DAY)], elsewhere) == [(NINE + DAY, ""), (NINE, "soonest")]


def test_a_time_that_leaves_a_hole_nobody_can_use_comes_later() -> None:
    hole, snug = a_time(leaves_hole=True), a_time(NINE + timedelta(hours=3))

    assert [it.offer for it in best([hole, snug], lambda it: it)] == [snug, hole]


def test_the_three_times_lie_apart() -> None:
    times = [a_time(NINE + timedelta(minutes=15 * n)) for n in range(40)]

    found = [it.offer.local_start for it in best(times, lambda it: it)]

    assert found == [NINE, NINE + timedelta(hours=2), NINE + timedelta(hours=4)]


def test_a_point_is_worth_a_day_of_waiting() -> None:
    assert points(a_time(NINE + 2 * DAY), [], soonest=NINE) == -2


def test_when_nothing_is_free_nothing_is_said() -> None:
    assert read_out([]) == []


def test_a_visit_that_is_moved_stays_with_its_clinician_if_possible() -> None:
    mei, sara = a_time(clinician_id=MEI), a_time(NINE + 2 * DAY)

    assert read_out([mei, sara], Patient(moves_from=SARA))[0] == (NINE + 2 * DAY, "stays with the same clinician")


@given(
    starts=st.lists(st.tuples(st.integers(0, 14 * 96), st.sampled_from([SARA, MEI]), st.booleans()), max_size=60),
    patient=st.builds(
        Patient,
        last=st.none() | st.builds(Last, st.sampled_from([SARA, MEI]), st.times()),
        likes=st.builds(
            Likes,
            weekdays=st.frozensets(st.integers(0, 6), max_size=3),
            earliest=st.none() | st.just(time(14)),
            site_id=st.sampled_from([None, MAIN, WEST]),
            clinician_id=st.sampled_from([None, SARA, MEI]),
        ),
        asked_for=st.sampled_from([None, SARA, MEI]),
        moves_from=st.sampled_from([None, SARA, MEI]),
        sites_by_day=st.dictionaries(
            st.integers(0, 13).map(lambda n: (NINE + n * DAY).date()), st.just(frozenset({WEST})), max_size=3
        ),
    ),
    window=st.none() | st.tuples(st.integers(0, 14), st.integers(0, 14)),
)
def test_whoever_stops_looking_early_reads_out_what_looking_at_every_time_would(
    starts: list[tuple[int, UUID, bool]], patient: Patient, window: tuple[int, int] | None
) -> None:
    times = [
        a_time(
            NEW_YORK + timedelta(minutes=15 * quarter),
            clinician_id=who,
            site_id=MAIN if quarter % 3 else WEST,
            closes_gap=closes,
            leaves_hole=not closes and quarter % 2 == 0,
            is_in_window=window and window[0] <= quarter // 96 <= window[1],
        )
        for quarter, who, closes in sorted(starts, key=lambda it: it[0])
    ]

    def worth(it: Candidate) -> tuple[bool, float]:
        why = list(reasons(it, soonest=times[0].local_start, patient=patient))
        return it.is_in_window is False, -points(it, why, soonest=times[0].local_start)

    left, expected = sorted(times, key=worth), []
    while left and len(expected) < 3:
        expected.append(left[0])
        left = [it for it in left if abs(it.local_start - expected[-1].local_start) >= timedelta(hours=2)]
    assert [it.offer for it in best(times, lambda it: it, patient=patient)] == expected


def test_what_could_not_be_read_out_any_more_is_not_looked_at() -> None:
    seen: list[Candidate] = []

    def looked_at(it: Candidate) -> Candidate:
        seen.append(it)
        return it

    best([a_time(NINE + n * timedelta(hours=1)) for n in range(24 * 14)], looked_at)

    assert len(seen) < 48

"""Which programs are proposed, and what the rules say of a change before it is saved."""

from datetime import date, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.appointments.web import series_drawing
from programs.models import Plan
from programs.rules import candidates, criteria, notices, revising
from programs.rules.revising import More, Slot, Wish
from programs.rules.rulebook import rulebook
from programs.web import timeline

DAY = date(2026, 10, 5)
TEMPLATES = rulebook().templates
COURSES = {code: it.course for code, it in rulebook().modalities.items()}
ACUTE = TEMPLATES["tpl_acute_spasm_conservative"]


def a_slot(modality: str, technique: str, days: int, ordinal: int = 1, **fields: object) -> Slot:
    day = DAY + timedelta(days=days)
    return Slot(
        key=uuid4(), modality=modality, technique=technique, ordinal=ordinal, course_length=1, due_from=day, due_on=day,
        due_until=day, **fields,  # type: ignore[arg-type]  # any field of a slot
    )  # fmt: skip


def test_a_program_fits_once_everything_it_asks_is_known() -> None:
    known = {"symptom_days": 30, "nprs_current": 6, "radiculopathy": False} | dict.fromkeys(
        ACUTE.exclusion_facts, False
    )

    first, *_ = candidates.proposed(TEMPLATES.values(), known=known)

    assert (first.template.code, first.standing, len(first.met)) == (ACUTE.code, candidates.FITS, 3)
    assert first.is_proposed


def test_what_nobody_has_asked_is_said_and_counts_for_nothing() -> None:
    (it,) = candidates.proposed([ACUTE], known={"symptom_days": 30})

    assert it.standing == candidates.OPEN
    assert [each.field for each in it.unknown] == ["nprs_current", "radiculopathy"]
    assert it.not_asked == ACUTE.exclusion_facts


def test_one_exclusion_decides_whatever_else_fits() -> None:
    (it,) = candidates.proposed([ACUTE], known={"symptom_days": 30, "nprs_current": 6, "suspected_cad": True})

    assert (it.standing, it.excluded_by, it.is_proposed) == (candidates.EXCLUDED, ("suspected_cad",), False)


def test_what_does_not_fit_stands_behind_what_may() -> None:
    found = candidates.proposed(TEMPLATES.values(), known={"symptom_days": 30, "nprs_current": 6})

    order = [candidates.ORDER.index(it.standing) for it in found]
    assert order == sorted(order)
    assert {it.template.code for it in found if it.standing == candidates.DOES_NOT_FIT} >= {"tpl_chronic_prp_series"}


def test_a_cause_brings_a_program_forward() -> None:
    found = candidates.proposed(TEMPLATES.values(), known={}, causes={"hunched_computer_work", "poor_posture"})

    assert (found[0].template.code, len(found[0].causes)) == ("tpl_desk_worker_posture", 2)


def test_goals_are_reached_not_reached_or_not_known() -> None:
    groups = ACUTE.discharge_when

    assert criteria.reached(groups, {"nprs_current": 2}) is True
    assert criteria.reached(groups, {"nprs_current": 5}) is None
    assert criteria.reached(groups, {"nprs_current": 5, "ndi_raw": 20}) is False
    assert criteria.reached((), {}) is None


def test_no_ibuprofen_from_a_week_before_an_injection() -> None:
    book = rulebook()
    prp = a_slot("prp", "prp_ligament", 0)

    told = notices.leave_off(prp, rules=book.timing_rules.values(), events=book.timing_events)

    assert {it.other: (DAY - it.on).days for it in told}["med_nsaid"] == 7


def test_two_injections_a_week_apart_are_forbidden_and_six_weeks_apart_are_not() -> None:
    book = rulebook()

    def forbidden(days: int) -> bool:
        pair = [a_slot("prp", "prp_ligament", 0), a_slot("prp", "prp_ligament", days, 2)]
        said = notices.on_sessions(
            pair[1:], pair, rules=book.timing_rules.values(), events=book.timing_events, courses=COURSES
        )
        return any(it.forbids for it in said)

    assert (forbidden(7), forbidden(42)) == (True, False)


def test_more_than_the_usual_course_is_said() -> None:
    book = rulebook()
    most = COURSES["dry_needling"].sessions_max
    slot = a_slot("dry_needling", "dn_deep", 0, most + 1)

    said = notices.on_sessions(
        [slot], [slot], rules=book.timing_rules.values(), events=book.timing_events, courses=COURSES
    )

    assert notices.PAST_COURSE in {it.what for it in said}


def test_a_second_injection_needs_somebody_to_have_looked() -> None:
    rules = rulebook().timing_rules.values()

    assert [notices.review_is_missing("prp", n, rules=rules) for n in (0, 1)] == [False, True]
    assert not notices.review_is_missing("dry_needling", 9, rules=rules)


@settings(max_examples=60)
@given(
    starts=st.lists(st.integers(0, 60), min_size=1, max_size=8, unique=True),
    given_first=st.integers(0, 8),
    count=st.integers(1, 8),
    every=st.integers(1, 60),
    drop=st.integers(0, 7),
)
def test_whatever_is_changed_days_stay_in_order_and_what_was_given_stays(
    starts: list[int], given_first: int, count: int, every: int, drop: int
) -> None:
    slots = [
        a_slot("laser_therapy", "lllt_3b", day, n, given_on=DAY + timedelta(days=day) if n <= given_first else None)
        for n, day in enumerate(sorted(starts), start=1)
    ]
    gone = slots[min(drop, len(slots) - 1)]
    wish = Wish(
        more=(More(modality="laser_therapy", technique="lllt_3b", count=count, every_days=every),),
        dropped=frozenset({gone.key} if gone.key else ()), every_days={"laser_therapy": every},
    )  # fmt: skip

    after = revising.revised(slots, wish, courses=COURSES, holds={}, on=DAY)

    kept = len(slots) - (0 if gone.given_on else 1)
    assert [it.ordinal for it in after] == list(range(1, kept + count + 1))
    assert {it.course_length for it in after} == {kept + count}
    assert all(it.due_from <= it.due_on <= it.due_until for it in after)
    assert {it.key: (it.due_on, it.technique) for it in slots if it.given_on} == {
        it.key: (it.due_on, it.technique) for it in after if it.given_on
    }


@pytest.mark.parametrize("weeks", [1, 13, 14, 19, 27, 53, 105, 261])
def test_the_weeks_over_a_drawing_never_stand_on_top_of_each_other(weeks: int) -> None:
    last = DAY + timedelta(weeks=weeks) - timedelta(days=1)
    booked = series_drawing.drawn([("laser", DAY, None), ("laser", last, None)])
    followed = timeline.drawn(Plan(starts_on=DAY, ends_on=last), [], today=DAY, states={})

    assert booked
    for drawing, room in ((booked, 50), (followed, 30)):  # a date and a number, in units of the drawing
        assert all(two["x"] - one["x"] >= room for one, two in pairwise(drawing["weeks"]))

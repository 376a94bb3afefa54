"""From a program and a first day to the days its sessions are due."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs.rules.course import PlannedSession, planned_sessions
from programs.rules.rulebook import rulebook

MONDAY = date(2026, 3, 2)
TEMPLATES = sorted(rulebook().templates)


def days_of(code: str) -> list[tuple[str, int, int, int]]:
    """Technique with earliest, target and latest day of the program."""
    return [
        (it.technique, (it.due_from - MONDAY).days, (it.due_on - MONDAY).days, (it.due_until - MONDAY).days)
        for it in planned_sessions(rulebook().templates[code], starts_on=MONDAY)
    ]


def test_an_acute_spasm_gets_its_first_visits_on_the_day_the_program_begins() -> None:
    first, *_ = planned_sessions(rulebook().templates["tpl_acute_spasm_conservative"], starts_on=MONDAY)

    assert first == PlannedSession(
        modality="posture_guidance",
        technique="sleep_position_review",
        phase=1,
        number=1,
        due_from=MONDAY,
        due_on=MONDAY,
        due_until=MONDAY + timedelta(days=2),
        is_optional=False,
    )


def test_an_acute_spasm_is_seen_eleven_times_in_three_weeks() -> None:
    assert days_of("tpl_acute_spasm_conservative") == [
        ("sleep_position_review", 0, 0, 2),
        ("lllt_3b", 0, 0, 2),
        ("lllt_3b", 1, 1, 3),
        ("cervical_mobilization", 4, 4, 8),
        ("lllt_3b", 4, 4, 8),
        ("cervical_mobilization", 6, 7, 10),
        ("lllt_3b", 6, 7, 10),
        ("thoracic_thrust", 7, 9, 10),
        ("ex_motor_control", 11, 11, 18),
        ("workstation_review", 11, 11, 21),
        ("ex_motor_control", 14, 18, 21),
    ]


def test_deep_needling_never_falls_on_the_day_of_the_first_superficial_one() -> None:
    needling = [it for it in days_of("tpl_trigger_point_dry_needling") if it[0].startswith("dn_")]
    superficial, deep, *_ = needling

    assert superficial == ("dn_superficial", 0, 0, 14)
    assert deep == ("dn_deep", 2, 7, 14)


def test_the_second_prp_is_due_six_weeks_after_the_first() -> None:
    first, second = (it for it in days_of("tpl_chronic_prp_series") if it[0] == "prp_ligament")

    assert first == ("prp_ligament", 15, 15, 28)
    assert second == ("prp_ligament", 57, 57, 84)


def test_no_thrust_is_due_within_two_weeks_of_an_injection() -> None:
    (thrust,) = (it for it in days_of("tpl_chronic_prp_series") if it[0] == "thoracic_thrust")

    assert thrust == ("thoracic_thrust", 71, 71, 84)


def test_what_only_a_clinician_may_add_is_marked_as_optional() -> None:
    planned = planned_sessions(rulebook().templates["tpl_chronic_prp_series"], starts_on=MONDAY)

    assert [it.technique for it in planned if it.is_optional] == ["prp_ligament", "thoracic_thrust"]


def test_sessions_of_one_treatment_are_numbered_through_the_whole_course() -> None:
    planned = planned_sessions(rulebook().templates["tpl_prolotherapy_ligament"], starts_on=MONDAY)

    assert [it.number for it in planned if it.modality == "prolotherapy"] == [1, 2, 3, 4]


def test_a_treatment_that_is_switched_off_is_left_out() -> None:
    template = rulebook().templates["tpl_acute_spasm_conservative"]
    phase = template.phases[0]
    off = replace(phase, sessions=tuple(replace(it, is_offered=False) for it in phase.sessions))

    planned = planned_sessions(replace(template, phases=(off,)), starts_on=MONDAY)

    assert planned == ()


@pytest.mark.parametrize("code", TEMPLATES)
def test_every_session_is_due_inside_its_phase_and_its_window(code: str) -> None:
    template = rulebook().templates[code]

    for it in planned_sessions(template, starts_on=MONDAY):
        phase = template.phases[it.phase - 1]
        days = [(day - MONDAY).days for day in (it.due_from, it.due_on, it.due_until)]
        assert [phase.day_start, *days, phase.day_end] == sorted([phase.day_start, *days, phase.day_end])


@given(st.sampled_from(TEMPLATES), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_a_program_begun_later_is_the_same_program_later(code: str, starts_on: date) -> None:
    template = rulebook().templates[code]

    planned = planned_sessions(template, starts_on=starts_on)

    assert [it.due_on - starts_on for it in planned] == [
        it.due_on - MONDAY for it in planned_sessions(template, starts_on=MONDAY)
    ]
    assert planned == tuple(sorted(planned, key=lambda it: it.due_on))

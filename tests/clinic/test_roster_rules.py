"""Which hours get in each other's way, and what a clinic lacks before it can book."""

from dataclasses import dataclass, replace
from datetime import date, time
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.appointments.rules import readiness, shifts
from clinic.appointments.rules.readiness import Lack
from programs.rules.rulebook import rulebook

NEW_YORK, CHICAGO, TOKYO = ZoneInfo("America/New_York"), ZoneInfo("America/Chicago"), ZoneInfo("Asia/Tokyo")
MAIN, HARBOR = UUID(int=1), UUID(int=2)


@dataclass(frozen=True)
class Weekly:
    starts: time = time(9)
    ends: time = time(12)
    weekday: int = 0
    valid_from: date = date(2026, 9, 14)
    valid_until: date | None = None


MORNING = Weekly()


def meet(one: Weekly, other: Weekly, zone: ZoneInfo = NEW_YORK, others_zone: ZoneInfo = NEW_YORK) -> bool:
    both_ways = {shifts.clash(one, zone, other, others_zone), shifts.clash(other, others_zone, one, zone)}
    assert len(both_ways) == 1
    return both_ways.pop()


def test_hours_that_overlap_on_the_same_weekday_are_in_the_way() -> None:
    assert meet(MORNING, Weekly(time(11), time(13)))
    assert not meet(MORNING, Weekly(time(12), time(13)))
    assert not meet(MORNING, replace(MORNING, weekday=1))


def test_hours_that_ended_before_are_not_in_the_way() -> None:
    assert not meet(replace(MORNING, valid_until=date(2026, 9, 20)), replace(MORNING, valid_from=date(2026, 9, 21)))
    assert meet(replace(MORNING, valid_until=date(2026, 9, 21)), replace(MORNING, valid_from=date(2026, 9, 21)))


def test_hours_that_share_days_but_never_their_weekday_are_not_in_the_way() -> None:
    until_thursday = replace(MORNING, valid_until=date(2026, 9, 17))

    assert not meet(until_thursday, replace(MORNING, valid_from=date(2026, 9, 15)))


def test_hours_at_sites_with_other_clocks_are_compared_by_the_moment() -> None:
    assert not meet(MORNING, Weekly(time(11), time(13)), NEW_YORK, CHICAGO)  # 12 to 14 in New York
    assert meet(MORNING, Weekly(time(8), time(9)), NEW_YORK, CHICAGO)  # 9 to 10 in New York


def test_a_tuesday_in_tokyo_can_be_in_the_way_of_a_monday_in_new_york() -> None:
    evening = Weekly(time(18), time(21))

    assert meet(evening, Weekly(time(8), time(9), weekday=1), NEW_YORK, TOKYO)
    assert not meet(evening, Weekly(time(8), time(9), weekday=0), NEW_YORK, TOKYO)


def test_sites_whose_clocks_change_on_other_days_are_compared_through_the_year() -> None:
    phoenix = ZoneInfo("America/Phoenix")  # no summer time: two hours from New York in winter, three in summer
    summer = replace(MORNING, valid_from=date(2026, 6, 1), valid_until=date(2026, 8, 31))
    other = Weekly(time(6), time(7), valid_from=date(2026, 6, 1))

    assert meet(summer, other, NEW_YORK, phoenix)
    assert meet(Weekly(time(8), time(9), valid_from=date(2026, 6, 1)), other, NEW_YORK, phoenix) is not False


@dataclass
class Piece:
    kind: str
    offers: list[str]
    site_id: UUID | None = MAIN
    is_active: bool = True


LASER = rulebook().services["laser_therapy"]
PRP = rulebook().services["prp"]
ROOM, MACHINE = Piece("room", ["room_laser"]), Piece("device", ["dev_laser_4"])


def test_a_visit_lacks_nothing_when_all_it_needs_is_at_one_site() -> None:
    assert readiness.lacking([LASER], [ROOM, MACHINE], {("physical_therapist", MAIN)}) == []


def test_an_empty_clinic_lacks_a_room_every_device_and_somebody() -> None:
    assert readiness.lacking([PRP], [], set()) == [
        Lack(PRP, room_kinds=PRP.room_kinds, devices=PRP.devices, professions=PRP.professions)
    ]


def test_what_is_retired_counts_for_nothing() -> None:
    retired = replace(ROOM, is_active=False)

    assert readiness.lacking([LASER], [retired, MACHINE], {("physical_therapist", MAIN)}) == [
        Lack(LASER, room_kinds=LASER.room_kinds)
    ]


def test_things_at_different_sites_do_not_make_a_visit() -> None:
    elsewhere = replace(MACHINE, site_id=HARBOR)

    assert readiness.lacking([LASER], [ROOM, elsewhere], {("physical_therapist", MAIN)}) == [Lack(LASER, is_apart=True)]


def test_nobody_asks_for_what_a_switched_off_service_needs() -> None:
    off = rulebook().services["stem_cell"]

    assert (off.is_enabled, readiness.lacking([off], [], set())) == (False, [])

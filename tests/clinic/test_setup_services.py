"""Setting the services and the booking rules, page by page, with the free times that would result."""

from typing import Any

import pytest
import time_machine
from booking_cast import Cast, a_cast, at, service
from django.test import Client
from django.urls import reverse
from factories import NOW, a_user
from office_cast import as_user, said

from clinic.appointments.actions import availability, policy
from clinic.appointments.models import BookingPolicy
from people.models import AuditEvent
from people.rules.permissions import Role
from programs.actions import offering

REVIEW = {
    "is_enabled": "on",
    "minutes": "30",
    "before_clinician": "0",
    "after_clinician": "0",
    "before_room": "0",
    "after_room": "5",
    "daily_limit": "",
    "self_booking": "on",
    "professions": ["physician", "physical_therapist"],
    "room_kinds": ["room_consult"],
}
RULES = {
    "desk_notice_minutes": "0",
    "portal_notice_hours": "12",
    "change_until_hours": "24",
    "horizon_days": "182",
    "daily_limit": "",
    "undo_seconds": "180",
    "offers_at_once": "3",
    "offer_lapses_minutes": "120",
}


@pytest.fixture(autouse=True)
def _a_monday(db: None) -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast() -> Cast:
    return a_cast()


@pytest.fixture
def office(cast: Cast) -> Client:
    return as_user(a_user(Role.MANAGER, name="Ines Ferreira"))


def page(code: str = "review") -> str:
    return reverse("appointments:service", args=[code])


def typed(**changes: Any) -> dict[str, Any]:
    return REVIEW | {"seen": offering.as_seen("review")} | changes


# Services


def test_the_list_says_what_each_service_is_and_which_were_changed_here(office: Client) -> None:
    offering.change("review", minutes=45, by=a_user(Role.OWNER), now=NOW)

    text = said(office.get(reverse("appointments:service_list")))

    assert "Review visit Changed here 45" in text
    assert "Exercise class class, 6 places 45" in text


def test_a_service_shows_the_rulebooks_value_beside_each_field_and_where_it_comes_from(office: Client) -> None:
    offering.change("review", minutes=45, by=a_user(Role.OWNER), now=NOW)

    text = said(office.get(page()))

    assert "Minutes of the visit * Rulebook: 30" in text
    assert "Minutes after, for the room Rulebook: 5" in text
    assert "Not yet confirmed by a clinician" in text
    assert "Back to the rulebook's values" in text


def test_a_longer_visit_is_shown_before_it_is_saved_and_offered_after(office: Client, cast: Cast) -> None:
    text = said(office.post(page(), typed(minutes="60", preview="1")))

    assert "Free times that would result Nothing is saved yet." in text
    assert "Mon 14 Sep 26 22 fewer 09:00 09:15 09:30 09:45 +18" in text
    assert offering.current()["review"].minutes == 30

    answer = office.post(page(), typed(minutes="60"))

    assert answer.url == page()
    it = offering.current()["review"]
    offers = availability.free_times(it, patient=None, first=NOW.date(), days=1, now=NOW)
    assert (it.minutes, len(offers), offers[0].ends_at) == (60, 22, at(10))
    assert it.professions == {"physician", "physical_therapist"}


def test_a_service_that_would_be_offered_no_more_leaves_no_free_times(office: Client) -> None:
    off = {name: value for name, value in typed(preview="1").items() if name != "is_enabled"}

    assert "Mon 14 Sep 26 0 fewer none" in said(office.post(page(), off))


def test_only_what_differs_from_the_rulebook_is_kept(office: Client) -> None:
    everything = service().professions

    office.post(page(), typed(professions=sorted(everything)))
    assert not AuditEvent.objects.filter(deed="service.changed").exists()

    office.post(page(), typed(professions=sorted(everything), minutes="45"))
    assert AuditEvent.objects.get(deed="service.changed").detail == {"fields": ["minutes"]}


def test_a_service_goes_back_to_the_rulebook(office: Client) -> None:
    office.post(page(), typed(minutes="60"))

    office.post(reverse("appointments:service_reset", args=["review"]))

    assert offering.current()["review"] == service()


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"minutes": "0"}, "Minutes of the visit: Ensure this value is greater than or equal to 5."),
        ({"professions": []}, "Given by: Tick at least one."),
        ({"professions": ["dietitian"]}, "Given by: Select a valid choice."),
        ({"daily_limit": "0"}, "Most in a day, for each clinician: Ensure"),
    ],
)
def test_what_cannot_be_right_is_refused_and_what_was_typed_stays(
    office: Client, changes: dict[str, Any], answer: str
) -> None:
    shown = office.post(page(), typed(after_room="25") | changes)

    assert answer in said(shown)
    assert 'value="25"' in shown.content.decode()
    assert offering.current()["review"] == service()


def test_of_two_who_set_a_service_the_second_sees_it_and_may_save_again(office: Client) -> None:
    before = typed(minutes="60")
    offering.change("review", minutes=45, by=a_user(Role.OWNER), now=NOW)

    shown = office.post(page(), before)

    assert "Somebody else changed this service meanwhile." in said(shown)
    assert offering.current()["review"].minutes == 45
    office.post(page(), before | {"seen": offering.as_seen("review")})
    assert offering.current()["review"].minutes == 60


def test_a_treatment_that_the_rulebook_has_switched_off_cannot_be_switched_on(office: Client) -> None:
    text = said(office.get(page("stem_cell")))

    assert "The rulebook has this treatment switched off, so it cannot be offered." in text
    initial = office.get(page("stem_cell")).context["form"].initial
    told = {name: "" if value is None else value for name, value in initial.items()}
    office.post(page("stem_cell"), told | {"is_enabled": "on", "minutes": "90"})
    assert offering.current()["stem_cell"].minutes == 90
    assert not offering.current()["stem_cell"].is_enabled


def test_after_a_change_the_page_lists_the_visits_that_no_longer_fit(office: Client, cast: Cast) -> None:
    visit = cast.book(at(9))

    office.post(page(), typed(minutes="60"))
    longer = office.get(page())
    assert "1 coming visit does not fit any more" in said(longer)
    assert "The visit takes longer now than it was booked for" in said(longer)
    assert reverse("appointments:move", args=[visit.pk]) in longer.content.decode()

    office.post(page(), typed(professions=["physician"]))
    assert "Sara Haddad may not be used for it any more" in said(office.get(page()))


def test_a_service_that_there_is_not_is_not_found(office: Client) -> None:
    assert office.get(page("no_such_service")).status_code == 404


def test_the_front_desk_sets_no_service(cast: Cast) -> None:
    desk = as_user(cast.rosa)

    pages = [page(), reverse("appointments:service_list"), reverse("appointments:booking_rules")]

    assert [desk.get(it).status_code for it in pages] == [404, 404, 404]


# Booking rules


def rules(**changes: Any) -> dict[str, Any]:
    return RULES | {"seen": policy.as_seen(BookingPolicy.current())} | changes


def test_notice_and_limits_are_set_and_shown_before(office: Client) -> None:
    url = reverse("appointments:booking_rules")

    text = said(office.post(url, rules(desk_notice_minutes="360", daily_limit="2", preview="1")))

    # 7:30 in London is 3:30 in New York: six hours of notice begin at 9:30.
    assert "Mon 14 Sep 26 24 fewer 09:30 09:45 10:00 10:15 +20" in text
    assert "Shown for: Review visit." in text
    assert BookingPolicy.current().desk_notice_minutes == 0

    office.post(url, rules(desk_notice_minutes="360", daily_limit="2"))

    assert (BookingPolicy.current().desk_notice_minutes, BookingPolicy.current().daily_limit) == (360, 2)
    assert AuditEvent.objects.get(deed="booking_policy.changed").detail == {
        "changed": ["daily_limit", "desk_notice_minutes"]
    }


def test_rules_under_which_nothing_could_be_booked_are_refused(office: Client) -> None:
    shown = office.post(reverse("appointments:booking_rules"), rules(horizon_days="1", portal_notice_hours="48"))

    assert "The shortest notice is longer than the time that can be booked ahead." in said(shown)
    assert BookingPolicy.current().horizon_days == 182


def test_of_two_who_change_the_rules_the_second_is_told_and_may_save_again(office: Client) -> None:
    url, before = reverse("appointments:booking_rules"), rules(undo_seconds="60")
    policy.change(by=a_user(Role.OWNER), horizon_days=90)

    shown = office.post(url, before)

    assert "Somebody else changed the booking rules meanwhile." in said(shown)
    assert BookingPolicy.current().undo_seconds == 180
    office.post(url, before | {"seen": policy.as_seen(BookingPolicy.current())})
    assert BookingPolicy.current().undo_seconds == 60


def test_a_rule_there_is_not_cannot_be_set() -> None:
    with pytest.raises(KeyError):
        policy.change(by=a_user(Role.OWNER), mood="good")

"""Writing at a visit: what is kept, what is never copied, and two who write at once."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from factories import a_clinician, a_patient, a_user
from pytest_django import DjangoAssertNumQueries
from visit_cast import (
    NEEDLES,
    SUPERFICIAL,
    TEN,
    a_follow_up,
    a_signed_follow_up,
    by,
    kept,
    page_of,
    post,
    sent,
    signed_in,
    words,
)

from clinic.appointments.models import Appointment, Resource
from patients.models import Assessment, Patient
from patients.rules.rulebook import rulebook
from people.rules.permissions import Role
from programs.actions.treatments import Given

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ten_o_clock")]
HOUR = timedelta(hours=1)


def test_opening_the_page_begins_nothing(visit: Appointment, screen: Client) -> None:
    page = words(screen.get(page_of(visit)))

    assert "I asked again: all no" in page
    assert "Nothing is saved yet" in page
    assert not Assessment.objects.exists()


def test_an_untouched_page_keeps_nothing_of_the_last_visit(linh: Patient, sara: Resource, screen: Client) -> None:
    before = a_follow_up(linh, sara, at=TEN - timedelta(days=7))
    given = Given(modality=NEEDLES, technique=SUPERFICIAL, dose={"needles": 4})
    a_signed_follow_up(before, sara, at=before.ends_at, given=(given,))
    today = a_follow_up(linh, sara)

    page = words(screen.get(page_of(today)))
    post(screen, today, save="1")

    assert "62°" in page  # last time's is shown beside the field
    assert "(dashed: last 5)" in page
    draft = kept(today)
    assert (draft.told, draft.moves, draft.pain_now, draft.note, draft.examined) == ({}, {}, None, "", {})
    assert (draft.kind, draft.asked_again_at) == ("follow_up", None)


def test_the_note_follows_the_taps_and_a_written_one_stands_in_its_place(visit: Appointment, screen: Client) -> None:
    post(screen, visit, worst="3", sleep="better", move_turn_left="68", plan="keep", exercises="same")
    first = words(screen.get(page_of(visit)))
    post(screen, visit, worst="3", note="In my own words.")
    second = words(screen.get(page_of(visit)))

    assert "<b>Said:</b> Worst pain 3. Sleep better." in first
    assert "<b>Found:</b> Turn left 68°." in first
    assert "<b>Next:</b> Plan and exercises stay the same." in first
    assert "<b>Said:</b>" not in second
    assert kept(visit).moves == {}  # what is no longer on the page was taken back


def test_saving_the_same_again_is_no_new_revision(visit: Appointment, screen: Client) -> None:
    post(screen, visit, worst="3")
    post(screen, visit, worst="3")

    assert kept(visit).revision == 2


def omars_screen() -> Client:
    return signed_in(by(a_clinician("Omar", profession="physician")))


def mark_of(screen: Client, visit: Appointment) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', words(screen.get(page_of(visit))))
    assert found
    return found[1]


def test_two_clinicians_see_both_versions_and_choose(visit: Appointment, screen: Client) -> None:
    post(screen, visit, worst="3", sleep="better")
    stale = sent(visit, worst="4", sleep="worse", seen=mark_of(screen, visit))
    post(omars_screen(), visit, worst="7", sleep="better")

    both = words(screen.post(page_of(visit), stale))
    again = words(screen.post(page_of(visit), stale))
    assert re.search(r"Omar changed Pain and sleep at \d\d:\d\d", both)
    assert "Both versions" in both
    assert "Both versions" in again  # nothing but a choice replaces what Omar wrote
    assert kept(visit).told["worst"] == 7
    chosen = re.search(r'name="chosen" value="(\d+)"', both)
    assert chosen
    screen.post(page_of(visit), stale | {"chosen": chosen[1], "theirs": ["worst"]})

    assert (kept(visit).told["worst"], kept(visit).told["sleep"]) == (7, "worse")


def test_saving_by_itself_never_overwrites_a_colleague(visit: Appointment, screen: Client) -> None:
    post(screen, visit, worst="3")
    stale = sent(visit, worst="3", move_turn_left="60", seen=mark_of(screen, visit))
    post(omars_screen(), visit, worst="3", plan="keep", next_steps="Omar rings her")
    url = reverse("desk:visit_draft", args=[visit.pk])

    first, second = words(screen.post(url, stale)), words(screen.post(url, stale))

    for page in (first, second):
        assert re.search(r"Omar changed Plan and home at \d\d:\d\d\.", page)
        assert "See both" in page
        assert f'name="revision" value="{stale["revision"]}"' in page
    assert (kept(visit).next_steps, kept(visit).moves) == ("Omar rings her", {})


def test_where_only_the_colleague_wrote_theirs_is_offered_and_both_are_kept(visit: Appointment, screen: Client) -> None:
    post(screen, visit, worst="3")
    stale = sent(visit, worst="3", move_turn_left="60", seen=mark_of(screen, visit))
    post(omars_screen(), visit, worst="3", next_steps="Omar rings her")

    both = words(screen.post(page_of(visit), stale))
    ticked = re.findall(r'name="theirs" value="(\w+)" data-quiet checked', both)
    chosen = re.search(r'name="chosen" value="(\d+)"', both)
    assert chosen
    assert ticked == ["next_steps"]
    screen.post(page_of(visit), stale | {"chosen": chosen[1], "theirs": ticked})

    assert (kept(visit).next_steps, kept(visit).moves) == ("Omar rings her", {"turn_left": 60})


def test_two_who_begin_at_once_do_not_overwrite_each_other(visit: Appointment, screen: Client) -> None:
    stale = sent(visit, worst="4")
    post(signed_in(by(a_clinician("Omar", profession="physician"))), visit, worst="7")

    assert "Both versions" in words(screen.post(page_of(visit), stale))
    assert kept(visit).told == {"worst": 7}


def test_nobody_but_a_clinician_comes_near_it(visit: Appointment, linh: Patient) -> None:
    assert linh.user
    for user in (a_user(Role.FRONT_DESK), linh.user):
        client = signed_in(user)
        for url in (
            page_of(visit),
            reverse("desk:visit_draft", args=[visit.pk]),
            reverse("desk:countersign", args=[visit.pk]),
            reverse("desk:visit_print", args=[visit.pk]),
            reverse("desk:note_pdf", args=[visit.pk]),
            reverse("desk:to_sign"),
            reverse("patients:results", args=[linh.pk]),
        ):
            assert (client.get(url).status_code, client.post(url).status_code) == (404, 404), url
    assert not Assessment.objects.exists()


@pytest.mark.parametrize("earlier", [1, 20])
def test_the_page_costs_the_same_however_long_the_record_is(
    linh: Patient, sara: Resource, screen: Client, django_assert_num_queries: DjangoAssertNumQueries, earlier: int
) -> None:
    for n in range(1, earlier + 1):
        visit = a_follow_up(linh, sara, at=TEN - timedelta(weeks=n))
        needled = Given(modality=NEEDLES, technique=SUPERFICIAL, read=frozenset({"int_reassess_dn"}))
        a_signed_follow_up(visit, sara, at=visit.ends_at, given=(needled,))
    today, first = a_follow_up(linh, sara), a_follow_up(linh, sara, at=TEN + HOUR, service_code="first_assessment")
    last = Appointment.objects.order_by("starts_at")[0]
    screen.get(page_of(today))

    with django_assert_num_queries(26):
        screen.get(page_of(today))
    with django_assert_num_queries(24):
        screen.get(page_of(first))
    with django_assert_num_queries(18):
        screen.get(page_of(last))
    with django_assert_num_queries(13):
        screen.get(reverse("patients:results", args=[linh.pk]))


def test_results_show_the_line_the_threshold_and_every_score(linh: Patient, sara: Resource, screen: Client) -> None:
    for days, worst in ((14, 7), (7, 5), (0, 3)):
        visit = a_follow_up(linh, sara, at=TEN - timedelta(days=days))
        at = visit.ends_at
        ndi = {item["code"]: 2 for item in rulebook().measures["ndi"].items[1:]}
        told = {"worst": worst, "scales": {"ndi": ndi}, "places": {"lateral_neck:left": worst}}
        a_signed_follow_up(visit, sara, at=at, told=told)

    page = words(screen.get(reverse("patients:results", args=[linh.pk])))

    assert 'aria-label="Numeric Pain Rating Scale: 7, 5, 3"' in page
    assert "Better" in page
    assert "it counts from 2" in page
    assert "Neck Disability Index" in page
    assert "9 of 10" in page
    assert "points: 18, per cent: 40, as points of 50: 20, band: " in page
    assert page.count("<tr>") >= 6
    assert page.count('role="img" aria-label="Back view of head, neck and shoulders. Side of the neck, left"') == 3
    assert [f"Side of the neck, left: {n}" in page for n in (7, 5, 3)] == [True] * 3


def test_my_day_names_who_is_worse_by_more_than_the_usual_swing(linh: Patient, sara: Resource, screen: Client) -> None:
    steady = a_patient(family_name="Steady")
    for patient, scores in ((linh, (4, 8)), (steady, (4, 5))):
        for days, worst in zip((14, 0), scores, strict=True):
            visit = a_follow_up(patient, sara, at=TEN - timedelta(days=days))
            a_signed_follow_up(visit, sara, at=visit.ends_at, told={"worst": worst})

    panel = words(screen.get(reverse("desk:my_day"))).split("Getting worse")[1]

    assert "Nguyen" in panel
    assert "4 → 8" in panel
    assert "Steady" not in panel

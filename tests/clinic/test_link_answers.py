"""A link in a message answers once, for the time that the message spoke of."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from factories import NOW
from portal_cast import A_DAY, THURSDAY, Portal, a_portal, it_is
from texts_cast import a_text

from clinic.appointments.actions import booking
from clinic.appointments.models import Appointment
from clinic.reminders.actions import links
from clinic.reminders.models import ShortLink
from people.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def portal() -> Portal:
    return a_portal()


def in_a_mail(visit: Appointment) -> str:
    return f"/a/{visit.link_token}/"


def in_a_text(visit: Appointment) -> str:
    return f"/a/{links.short(a_text(visit), ShortLink.Opens.VISIT)}/"


def press(url: str, do: str, visit: Appointment) -> HttpResponse:
    """As the page that was opened before sends it."""
    with it_is(NOW):
        return Client().post(url, {"do": do, "revision": visit.revision}, follow=True)  # type: ignore[return-value]


def answers() -> list[str]:
    return list(AuditEvent.objects.filter(deed__endswith="_by_link").values_list("deed", flat=True))


@pytest.mark.parametrize("link_to", [in_a_mail, in_a_text])
@pytest.mark.parametrize(("do", "said"), [("confirm", "You said you will be there."), ("cancel", "is cancelled.")])
def test_pressed_twice_it_answers_once_and_says_what_is_so_already(
    portal: Portal, link_to: Callable[[Appointment], str], do: str, said: str
) -> None:
    url = link_to(portal.visit)

    pages = [press(url, do, portal.visit) for _ in range(2)]

    assert [said in page.content.decode() for page in pages] == [True, True]
    assert ["moment ago" in page.content.decode() for page in pages] == [False, False]
    assert len(answers()) == 1


@pytest.mark.parametrize("link_to", [in_a_mail, in_a_text])
def test_the_link_to_a_time_that_the_visit_has_no_more_answers_nothing(
    portal: Portal, link_to: Callable[[Appointment], str]
) -> None:
    old = link_to(portal.visit)
    visit = booking.move(
        portal.visit,
        starts_at=THURSDAY + A_DAY,
        resources=(portal.sara, portal.room),
        revision=portal.visit.revision,
        by=portal.rosa,
        now=NOW,
    )

    with it_is(NOW):
        shown = Client().get(old, {"cancel": "1"}).content.decode()
    pressed = [press(old, do, visit).content.decode() for do in ("confirm", "cancel")]

    assert "was moved after this message was written" in shown
    assert "Friday 18 September" in shown
    assert 'name="do"' not in shown
    assert ["moment ago" in page for page in pressed] == [True, True]
    assert answers() == []
    assert press(in_a_mail(visit), "confirm", visit).status_code == 200
    assert answers() == ["appointment.confirmed_by_link"]


def test_the_link_to_a_visit_that_is_over_answers_nothing_and_a_day_later_opens_nothing(portal: Portal) -> None:
    url = in_a_mail(portal.visit)
    for since, code in ((timedelta(minutes=5), 200), (A_DAY + timedelta(minutes=5), 404)):
        with it_is(portal.visit.ends_at + since):
            answer = Client().post(url, {"do": "confirm", "revision": portal.visit.revision})

        assert answer.status_code == code
    assert answers() == []

"""Sessions paid in advance: sold at the desk, used by visits that are done, never below zero."""

import re
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import time_machine
from booking_cast import Cast, a_cast, at, service
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from factories import NOW, a_patient, a_user
from office_cast import as_user, said
from race_cast import Race

from clinic.appointments.actions import attendance, packages
from clinic.appointments.models import Appointment, Package, PackageUse
from clinic.appointments.rules.package_refusals import ClosedAlready, NoSessionLeft, PackageMakesNoSense, PaidForAlready
from clinic.appointments.rules.status import Status
from people.models import AuditEvent
from people.rules.permissions import Role

LATER = NOW + timedelta(days=30)
OPEN = (9, 10, 11, 13, 14)


@pytest.fixture(autouse=True)
def _a_monday(db: None) -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast() -> Cast:
    return a_cast()


def sold(cast: Cast, sessions: int = 3, **more: Any) -> Package:
    return packages.sell(
        cast.leila, service=service(), sessions=sessions, price=Decimal(120), by=cast.rosa, now=NOW, **more
    )


def left(*bought: Package) -> list[int]:
    return [Package.objects.get(pk=it.pk).left for it in bought]


def come(visit: Appointment, cast: Cast) -> None:
    for was, then in ((Status.BOOKED, Status.ARRIVED), (Status.ARRIVED, Status.DONE)):
        attendance.set_status(visit, then, was=was, by=cast.rosa, now=LATER)


def test_a_visit_that_is_done_uses_a_session_and_stepping_back_gives_it_back(cast: Cast) -> None:
    package, visit = sold(cast), cast.book(at(10))

    come(visit, cast)
    assert left(package) == [2]

    attendance.set_status(visit, Status.IN_ROOM, was=Status.DONE, by=cast.rosa, now=LATER)
    assert left(package) == [3]

    attendance.set_status(visit, Status.DONE, was=Status.IN_ROOM, by=cast.rosa, now=LATER)
    assert left(package) == [2]
    deeds = AuditEvent.objects.filter(deed__startswith="package.").order_by("pk").values_list("deed", flat=True)
    assert list(deeds) == ["package.sold", "package.used", "package.given_back", "package.used"]


def test_the_package_that_lapses_first_is_used_first_and_a_lapsed_one_never(cast: Cast) -> None:
    lasting = sold(cast)
    lapsing = sold(cast, 1, expires_on=date(2026, 10, 31))
    lapsed = sold(cast)
    Package.objects.filter(pk=lapsed.pk).update(expires_on=at(10).date() - timedelta(days=1))

    come(cast.book(at(10)), cast)
    assert left(lasting, lapsing, lapsed) == [3, 0, 3]

    come(cast.book(at(11)), cast)
    assert left(lasting, lapsing, lapsed) == [2, 0, 3]


def test_what_is_not_paid_in_advance_is_done_all_the_same(cast: Cast) -> None:
    other = packages.sell(
        cast.leila, service=service("first_assessment"), sessions=1, price=Decimal(90), by=cast.rosa, now=NOW
    )
    visit = cast.book(at(10))

    come(visit, cast)

    assert (visit.status, left(other)) == (Status.DONE, [1])
    with pytest.raises(NoSessionLeft):
        packages.use(visit, by=cast.rosa, now=LATER)


def test_a_missed_visit_costs_nothing_until_somebody_counts_it(cast: Cast) -> None:
    package, visit = sold(cast), cast.book(at(10))
    attendance.set_status(visit, Status.MISSED, was=Status.BOOKED, by=cast.rosa, now=LATER)
    assert left(package) == [3]

    count = reverse("appointments:package_count", args=[cast.leila.pk, visit.pk])
    desk: Any = as_user(cast.rosa)
    assert "Missed visits" in said(desk.get(reverse("appointments:packages", args=[cast.leila.pk])))
    desk.post(count, {"do": "use"})
    assert left(package) == [2]
    answer = desk.post(count, {"do": "use"}, follow=True)
    assert left(package) == [2]
    assert "A prepaid session was counted for this visit before." in said(answer)

    desk.post(count, {"do": "give_back"})
    assert left(package) == [3]
    packages.use(visit, by=cast.rosa, now=LATER)
    with pytest.raises(PaidForAlready):
        packages.use(visit, by=cast.rosa, now=LATER)


def test_nothing_can_be_used_from_a_closed_package(cast: Cast) -> None:
    package, visit = sold(cast), cast.book(at(10))
    close = reverse("appointments:package_close", args=[cast.leila.pk, package.pk])
    desk: Any = as_user(cast.rosa)

    assert "Say why the package is closed." in said(desk.post(close, {"because": " "}, follow=True))
    desk.post(close, {"because": "Paid back"})

    come(visit, cast)
    assert left(package) == [3]
    with pytest.raises(ClosedAlready):
        packages.close(package, because="Again", by=cast.rosa, now=LATER)


def test_selling_at_the_desk_keeps_what_was_typed_when_something_is_wrong(cast: Cast) -> None:
    page = reverse("appointments:packages", args=[cast.leila.pk])
    desk: Any = as_user(cast.rosa)
    typed = {"service": "review", "sessions": "6", "price": "300", "note": "Family rate"}

    answer = desk.post(page, typed | {"expires_on": "2026-01-01"})
    assert "This day is over." in said(answer)
    assert 'value="Family rate"' in answer.content.decode()
    assert not Package.objects.exists()

    desk.post(page, typed | {"expires_on": ""})
    package = Package.objects.get()
    assert (package.sessions, package.left, package.price, package.currency) == (6, 6, Decimal(300), "USD")
    assert "6 of 6 left" in said(desk.get(page))
    with pytest.raises(PackageMakesNoSense):
        sold(cast, 0)


def test_only_the_staff_who_sell_may_sell_and_only_the_patient_s_own_are_shown(cast: Cast) -> None:
    package = sold(cast)
    other = a_patient()
    page = reverse("appointments:packages", args=[cast.leila.pk])
    wrong = reverse("appointments:package_close", args=[other.pk, package.pk])

    assert as_user(a_user(Role.PATIENT)).post(page, {}).status_code == 404
    assert as_user(cast.rosa).post(wrong, {"because": "x"}).status_code == 404
    assert Package.objects.get().closed_at is None


def test_the_page_costs_the_same_for_one_package_and_for_twenty(cast: Cast, django_assert_num_queries: Any) -> None:
    desk, page = as_user(cast.rosa), reverse("appointments:packages", args=[cast.leila.pk])
    sold(cast)
    desk.get(page)
    with CaptureQueriesContext(connection) as one:
        desk.get(page)
    for hour in OPEN:
        sold(cast)
        come(cast.book(at(hour)), cast)
    with django_assert_num_queries(len(one)):
        desk.get(page)


def test_the_database_holds_the_count_above_zero_and_a_visit_pays_once(cast: Cast) -> None:
    package, visit = sold(cast, 1), cast.book(at(10))
    use = partial(PackageUse.objects.create, package=package, appointment=visit, by=cast.rosa, at=NOW)
    use()

    with pytest.raises(IntegrityError, match="a_visit_is_paid_for_once"), transaction.atomic():
        use()
    with (
        pytest.raises(IntegrityError, match=r"a_package_never_falls_below_zero|left_check"),
        transaction.atomic(),
    ):
        Package.objects.filter(pk=package.pk).update(left=-1)
    with pytest.raises(IntegrityError, match="a_package_never_falls_below_zero"), transaction.atomic():
        Package.objects.filter(pk=package.pk).update(left=2)


@pytest.mark.django_db(transaction=True)
def test_of_ten_visits_done_at_once_as_many_are_paid_for_as_sessions_are_left(cast: Cast) -> None:
    race = Race(10)
    one, two = sold(cast, 2), sold(cast, 2)
    visits = [cast.book(at(hour, day=day)) for day in (14, 15) for hour in OPEN]

    results = race.run([partial(packages.use_if_any, visit, by=cast.rosa, now=LATER) for visit in visits])
    race.stop()

    assert sum(isinstance(each, PackageUse) for each in results) == 4
    assert (left(one, two), PackageUse.objects.count()) == ([0, 0], 4)


def test_a_sale_that_is_sent_twice_is_one_sale(cast: Cast) -> None:
    page = reverse("appointments:packages", args=[cast.leila.pk])
    desk: Any = as_user(cast.rosa)
    (key,) = re.findall(r'name="request_key" value="([^"]+)"', desk.get(page).content.decode())
    typed = {"service": "review", "sessions": "3", "price": "100", "request_key": key}

    for _click in range(2):
        desk.post(page, typed)

    assert Package.objects.get().pk == UUID(key)
    desk.post(reverse("appointments:packages", args=[a_patient().pk]), typed)
    assert Package.objects.count() == 2


def test_the_page_says_what_is_used_up_lapsed_and_closed_and_what_would_be_paid_back(cast: Cast) -> None:
    page = reverse("appointments:packages", args=[cast.leila.pk])
    sold(cast, expires_on=NOW.date())
    closed = sold(cast, 1)
    Package.objects.filter(pk=sold(cast, 2).pk).update(left=0)
    packages.close(closed, because="Paid back.", by=cast.rosa, now=NOW)

    with time_machine.travel(LATER, tick=False):
        desk: Any = as_user(cast.rosa)
        words = said(desk.get(page))

    for word in ("Lapsed", "Closed", "Used up", "3 sessions are left, worth 120.00 USD if they are paid back"):
        assert word in words

"""How a patient would rather come: kept by the desk and by herself, and forgotten."""

from datetime import time
from typing import Any

import pytest
import time_machine
from booking_cast import Cast, a_cast
from django.urls import reverse
from factories import NOW, a_portal_patient, a_user
from office_cast import as_user, said

from clinic.appointments.actions import preferences
from clinic.appointments.actions.preferences import Preference
from clinic.appointments.models import VisitPreference
from people.models import AuditEvent
from people.rules.permissions import Role


@pytest.fixture(autouse=True)
def _a_monday(db: None) -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast() -> Cast:
    return a_cast()


def url(cast: Cast) -> str:
    return reverse("appointments:preferences", args=[cast.leila.pk])


def test_the_desk_keeps_days_hours_and_clinician(cast: Cast) -> None:
    desk = as_user(cast.rosa)
    assert "No wish is known." in said(desk.get(url(cast)))

    typed = {"weekdays": ["1", "3"], "earliest": "16:00", "latest": "", "site": "", "clinician": cast.sara.pk}
    desk.post(url(cast), typed | {"time_zone": "Europe/London"})

    kept = VisitPreference.objects.get()
    assert (kept.weekdays, kept.earliest, kept.clinician) == ([1, 3], time(16), cast.sara)
    assert "Tuesday, Thursday; not before 16:00; with Sara Haddad; Europe/London" in said(desk.get(url(cast)))
    event = AuditEvent.objects.get(deed="visit_preference.set")
    assert (event.patient_id, event.detail) == (cast.leila.pk, {})


def test_another_page_shows_the_wish_with_a_way_to_change_it(cast: Cast) -> None:
    preferences.set_preference(cast.leila, Preference(latest=time(12)), by=cast.rosa)

    part = as_user(cast.rosa).get(url(cast), headers={"HX-Request": "true"}).content.decode()

    assert "over by 12:00" in part
    assert url(cast) in part
    assert "<h1" not in part


def test_an_empty_wish_is_forgotten_and_twice_is_once(cast: Cast) -> None:
    preferences.set_preference(cast.leila, Preference(weekdays={0}), by=cast.rosa)

    as_user(cast.rosa).post(url(cast), {"earliest": ""})
    as_user(cast.rosa).post(url(cast), {"earliest": ""})

    assert not VisitPreference.objects.exists()
    assert AuditEvent.objects.filter(deed="visit_preference.cleared").count() == 1


def test_every_day_of_the_week_is_any_day(cast: Cast) -> None:
    kept = preferences.set_preference(cast.leila, Preference(weekdays=range(7), earliest=time(9)), by=cast.rosa)

    assert kept
    assert kept.weekdays == []


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ({"earliest": "16:00", "latest": "10:00"}, "The hours end before they begin."),
        ({"time_zone": "Nowhere"}, "is not a time zone"),
        ({"weekdays": ["9"]}, "Days: Select a valid choice."),
    ],
)
def test_what_cannot_be_is_refused_in_words(cast: Cast, typed: dict[str, Any], answer: str) -> None:
    assert answer in said(as_user(cast.rosa).post(url(cast), typed))
    assert not VisitPreference.objects.exists()


def test_nobody_but_who_books_keeps_it_for_a_patient(cast: Cast) -> None:
    patient = a_portal_patient(family_name="Other")
    assert patient.user

    assert as_user(patient.user).get(url(cast)).status_code == 404
    assert as_user(a_user(Role.CLINICIAN)).get(url(cast)).status_code == 200


# In the portal


def test_a_patient_says_herself_when_she_would_rather_come(cast: Cast) -> None:
    patient = a_portal_patient(family_name="Okafor")
    assert patient.user
    portal = as_user(patient.user)
    page = reverse("portal:settings")
    assert "When you would rather come" in portal.get(page).content.decode()

    portal.post(page, {"form": "wishes", "weekdays": ["4"], "earliest": "08:00"})
    portal.post(page, {"form": "mail", "may_be_mailed": "on"})

    kept = VisitPreference.objects.get()
    assert (kept.patient, kept.weekdays, kept.earliest) == (patient, [4], time(8))


def test_what_the_desk_knows_besides_stays_when_a_patient_changes_her_days(cast: Cast) -> None:
    patient = a_portal_patient(family_name="Okafor")
    assert patient.user
    preferences.set_preference(patient, Preference(clinician=cast.sara, time_zone="Asia/Tokyo"), by=cast.rosa)

    as_user(patient.user).post(reverse("portal:settings"), {"form": "wishes", "weekdays": ["4"]})

    kept = VisitPreference.objects.get()
    assert (kept.clinician, kept.time_zone, kept.weekdays) == (cast.sara, "Asia/Tokyo", [4])


def test_hours_that_cannot_be_are_refused_in_the_portal_and_what_was_typed_stays(cast: Cast) -> None:
    patient = a_portal_patient(family_name="Okafor")
    assert patient.user

    typed = {"form": "wishes", "earliest": "16:00", "latest": "10:00"}
    shown = as_user(patient.user).post(reverse("portal:settings"), typed)

    assert "The hours end before they begin." in shown.content.decode()
    assert 'value="16:00"' in shown.content.decode()

"""Language and text size: two taps, kept on the device, the language with the record and the size with the account."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from factories import NOW, a_portal_patient, the_clinic
from portal_cast import it_is, signed_in

from clinic.reminders.actions import reaching
from clinic.reminders.models import ContactPreference
from people.models import AuditEvent, User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _two_languages(settings: Any) -> None:
    the_clinic()
    settings.LANGUAGES = [("en", "English"), ("es", "Spanish")]


def test_every_page_leads_to_the_languages_by_their_own_names_and_back() -> None:
    client = Client()

    html = client.get("/help/urgent/").content.decode()
    page = client.get("/reading/", {"next": "/help/urgent/"}).content.decode()
    answer = client.post("/lang/es/", {"next": "/help/urgent/"})

    assert "/reading/?next=/help/urgent/" in html
    assert "Español" in page
    assert (answer.status_code, answer.url) == (302, "/help/urgent/")
    assert '<html lang="es"' in client.get("/help/urgent/").content.decode()


def test_a_get_changes_nothing_and_a_language_that_is_not_ours_is_not_found() -> None:
    client = Client()

    assert client.get("/lang/es/").status_code == 200
    assert {"django_language", "text_size"}.isdisjoint(client.cookies)
    assert client.post("/lang/tlh/").status_code == 404
    assert client.post("/text/700/").status_code == 404


def test_text_grows_on_this_device() -> None:
    client = Client()

    client.post("/text/200/", {"next": "/help/urgent/"})

    assert 'data-text="200"' in client.get("/help/urgent/").content.decode()
    client.post("/text/100/")
    assert "data-text" not in client.get("/help/urgent/").content.decode()


def test_the_size_of_the_letters_waits_on_the_next_device_which_may_have_its_own() -> None:
    leila = a_portal_patient()
    assert leila.user
    signed_in(leila.user).post("/text/200/")
    signed_in(leila.user).post("/text/200/")

    other_phone = signed_in(User.objects.get(pk=leila.user.pk))
    assert 'data-text="200"' in other_phone.get("/me/").content.decode()
    other_phone.cookies["text_size"] = "150"
    assert 'data-text="150"' in other_phone.get("/me/").content.decode()
    assert AuditEvent.objects.filter(deed="account.text_size_changed", by=leila.user).count() == 1


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_way_back_never_leads_away(away: str) -> None:
    assert Client().post("/text/150/", {"next": away}).url == "/"


def test_the_language_is_kept_with_the_record_and_waits_on_the_next_device() -> None:
    leila = a_portal_patient()
    assert leila.user
    reaching.set_wish(leila, reaching.Wish(channel="email"), by=leila.user)
    signed_in(leila.user).post("/lang/es/")

    kept = ContactPreference.objects.get(patient=leila)
    assert (kept.language, kept.channel) == ("es", "email")
    assert AuditEvent.objects.filter(deed="contact_preference.set", by=leila.user).count() == 2
    other_phone = signed_in(leila.user)
    with it_is(NOW):
        assert other_phone.get(reverse("home")).cookies["django_language"].value == "es"


def test_on_a_shared_phone_the_choice_ends_with_the_browser() -> None:
    client = Client()
    session = client.session
    session["is_shared_phone"] = True
    session.save()

    assert client.post("/text/150/").cookies["text_size"]["max-age"] == ""

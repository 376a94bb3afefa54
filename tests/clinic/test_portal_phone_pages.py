"""The portal as an app: how much a phone loads, what it may keep, and what it shows of itself."""

import gzip
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from factories import NOW, the_clinic
from portal_cast import Portal, a_portal, it_is

pytestmark = pytest.mark.django_db
MOST = 100 * 1024  # bytes of the first page with all it needs, packed as it is sent
LOADED = re.compile(r'<(?:link[^>]*rel="(?:stylesheet|icon|manifest)"|script|img)[^>]*(?:href|src)="([^"]+)"')


@pytest.fixture
def portal() -> Portal:
    return a_portal()


def packed(content: bytes) -> int:
    return len(gzip.compress(content, 6))


def weight(client: Client, url: str) -> int:
    """What a phone loads for the page: itself, and everything it names; fonts that a style sheet names as well."""
    page = client.get(url).content
    total = packed(page)
    for file in set(LOADED.findall(page.decode())):
        if not file.startswith(settings.STATIC_URL):
            total += packed(client.get(file).content)
            continue
        found = finders.find(file.removeprefix(settings.STATIC_URL))
        assert isinstance(found, str), file
        content = Path(found).read_bytes()
        total += packed(content)
        assert b"@font-face" not in content, f"{file} loads letters"
    return total


@pytest.mark.parametrize("url", ["/me/", "/me/plan/", "/me/exercises/", "/me/visits/", "/help/urgent/"])
def test_the_first_page_is_light_enough_for_a_slow_phone(portal: Portal, url: str) -> None:
    with it_is(NOW):
        assert weight(portal.client, url) <= MOST


def test_every_page_of_the_portal_can_be_put_on_the_home_screen(portal: Portal) -> None:
    for url in ("/me/", "/me/plan/", "/me/visits/", "/me/settings/", "/help/urgent/"):
        assert '<link rel="manifest" href="/me/screens/app.webmanifest">' in portal.client.get(url).content.decode()

    told = json.loads(Client().get("/me/screens/app.webmanifest").content)

    assert (told["start_url"], told["display"], told["dir"]) == ("/me/", "standalone", "ltr")
    for icon in told["icons"]:
        assert finders.find(icon["src"].removeprefix(settings.STATIC_URL)), icon


def test_the_worker_keeps_what_is_there_and_hears_of_changes_at_once() -> None:
    the_clinic()

    answer = Client().get("/me/worker.js")

    assert answer["Content-Type"].startswith("text/javascript")
    assert "no-cache" in answer["Cache-Control"]
    files = re.findall(r'"(/[^"]+)"', answer.content.decode().split("FILES =")[1].split("\n")[0])
    paths = [it.encode().decode("unicode_escape") for it in files]
    assert len(paths) > 8
    for path in paths:
        found = finders.find(path.removeprefix(settings.STATIC_URL)) if path.startswith(settings.STATIC_URL) else True
        assert found, path


def test_without_a_connection_nobody_is_named(portal: Portal) -> None:
    said = portal.client.get("/me/offline/").content.decode()

    assert "No connection" in said
    assert portal.leila.given_name not in said
    assert "data-kept-for" not in said


def kept_for(client: Client, url: str = "/me/") -> str:
    found = re.search(r'data-kept-for="([0-9a-f]{32})"', client.get(url).content.decode())
    return found[1] if found else ""


def test_a_phone_keeps_pages_of_one_record_only_and_a_shared_phone_keeps_none(portal: Portal) -> None:
    with it_is(NOW):
        client = portal.client
        mine = kept_for(client)
        session = client.session
        session["is_shared_phone"] = True
        session.save()

        assert mine == kept_for(portal.client) == kept_for(portal.client, "/me/flare/") != ""
        assert str(portal.leila.pk) not in portal.client.get("/me/").content.decode()
        assert kept_for(client) == ""
        assert kept_for(portal.client, "/me/offline/") == ""


def test_a_page_that_says_it_arrived_names_where_it_was_written_and_no_other_draft_goes(portal: Portal) -> None:
    wrong = {"about": "contact", "says": "12 Elm Street", "should_say": "14 Elm Street"}

    with it_is(NOW):
        empty = portal.client.get("/me/data/corrections/").content.decode()
        sent = portal.client.post("/me/data/corrections/", wrong, follow=True).content.decode()

    assert "data-draft-sent" not in empty
    assert 'data-draft-sent="/me/data/corrections/"' in sent

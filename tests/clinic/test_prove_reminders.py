"""The fault rig, small: `manage.py prove reminders` does the same with thousands."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.utils import timezone

from clinic.reminders.proving import changes, controls, experiments, world
from clinic.reminders.proving.rig import Rig

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rig() -> Iterator[Rig]:
    settings = connection.settings_dict
    host = str(settings["HOST"]).replace("/", "%2F")
    place = f"{host}:{settings['PORT'] or 5432}/{settings['NAME']}"
    world.build(patients=60, now=timezone.now())
    url = f"postgres://{settings['USER']}:{settings['PASSWORD']}@{place}"
    with Rig(database_url=url, away=lambda _: 0, messages=40) as it:
        yield it


def test_workers_that_are_killed_lose_nothing_and_what_is_changed_meanwhile_is_not_said(rig: Rig) -> None:
    assert experiments.kills(rig).breaches == ()
    assert changes.changes(rig).breaches == ()


def test_the_rig_finds_out_a_worker_that_does_not_ask_again(rig: Rig) -> None:
    found = controls.no_fence(rig)

    assert any(controls.EXPECTED["no fence"] in breach for breach in found.breaches)

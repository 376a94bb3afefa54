"""No more mail: with one press of the mail program's own button, without signing in."""

import re

import pytest
from django.core.cache import cache
from django.test import Client
from factories import NOW, a_patient
from outbox_cast import a_visit, at, look
from portal_cast import it_is

from clinic.reminders.actions import stop_links, wishes
from clinic.reminders.actions.addresses import digest
from clinic.reminders.channels import letters
from clinic.reminders.models import Message, OptOut
from people.models import Clinic

pytestmark = pytest.mark.django_db
ADDRESS = "family@example.org"


@pytest.fixture
def message() -> Message:
    """A reminder that was mailed to a mother, whose child has the same address."""
    a_patient(email=ADDRESS, given_name="Ari")
    a_visit(patient=a_patient(email=ADDRESS))
    look(at(16, 18, 1))
    return Message.objects.get(kind="reminder", state="sent")


def test_the_button_of_a_mail_program_stops_what_goes_to_that_address(message: Message) -> None:
    headers = letters.letter(message, Clinic.objects.get()).extra_headers
    path = re.search(r"https?://[^/]+(/stop/\w+/)>", headers["List-Unsubscribe"])[1]  # type: ignore[index]
    browser = Client(enforce_csrf_checks=True)

    asked = browser.get(path)
    assert not OptOut.objects.exists()
    codes = [browser.post(path, {"List-Unsubscribe": "One-Click"}).status_code for _ in range(2)]

    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Stop all e-mail from us?" in asked.content.decode()
    assert ADDRESS not in asked.content.decode()
    assert codes == [200, 200]
    assert {(row.patient.given_name, row.how, row.proof) for row in OptOut.objects.all() if row.patient} == {
        (name, "link", f"link in message {message.pk}") for name in ("Leila", "Ari")
    }


def test_an_old_mail_stops_the_old_address_and_not_the_new_one(message: Message) -> None:
    assert message.patient
    message.patient.email = "new@example.org"
    message.patient.save()

    Client().post(f"/stop/{stop_links.token(message)}/")

    assert (wishes.is_out("email", digest(ADDRESS)), wishes.is_out("email", digest("new@example.org"))) == (True, False)
    assert OptOut.objects.get().patient is None


def test_what_nobody_was_given_stops_nothing_and_is_soon_not_answered(message: Message) -> None:
    good = stop_links.token(message)

    with it_is(NOW):
        codes = [Client().post(f"/stop/{bad}/").status_code for bad in (good[:-1] + "x", good[:32], "x", "0" * 64)]
        cache.set("tries:stop-guess:127.0.0.1", 30, 60)
        codes.append(Client().post("/stop/x/").status_code)

    assert codes == [404, 404, 404, 404, 429]
    assert not OptOut.objects.exists()

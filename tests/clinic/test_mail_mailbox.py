"""The local mailbox: what would be sent, for who tries the product at home."""

from pathlib import Path

import pytest
from django.core.mail import EmailMessage, get_connection
from django.test import Client
from django.urls import reverse
from factories import NOW, the_clinic
from outbox_cast import a_visit, at, look
from pytest_django.fixtures import Settings

from clinic.reminders.channels import mailbox
from clinic.reminders.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_local_mailbox(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.EMAIL_BACKEND = "clinic.reminders.channels.mailbox.EmailBackend"
    the_clinic()


def send(subject: str, body: str) -> None:
    get_connection().send_messages([EmailMessage(subject, body, "a@example.org", ["leila@example.org"])])


def test_what_the_outbox_sends_can_be_read_with_its_links(client: Client) -> None:
    visit = a_visit(at(22, 10), booked_at=NOW)
    look(NOW)

    listed = client.get(reverse("mailbox")).content.decode()
    letter = client.get(reverse("mailbox_letter", args=[next(mailbox.folder().iterdir()).stem])).content.decode()

    assert Message.objects.get(kind="booked").state == Message.State.SENT
    assert "Your visit on Tuesday 22 September" in listed
    assert "This exists only on this computer" in listed
    assert f'href="http://127.0.0.1:8000/a/{visit.link_token}/"' in letter


def test_letters_are_listed_newest_first_and_nothing_is_half_written(client: Client) -> None:
    send("First", "1")
    send("Second", "2")
    (mailbox.folder() / ".unfinished").write_text("half")

    listed = client.get(reverse("mailbox")).content.decode()

    assert listed.index("Second") < listed.index("First")
    assert "half" not in listed


def test_a_letter_cannot_run_a_script(client: Client) -> None:
    send("<script>alert(1)</script>", "<script>alert(2)</script> javascript:alert(3)")

    page = client.get(reverse("mailbox_letter", args=[next(mailbox.folder().iterdir()).stem])).content.decode()

    assert "<script>alert" not in page
    assert 'href="javascript' not in page


@pytest.mark.parametrize("name", ["nothing", "..%2f..%2fetc", "00000000000000000001-aaaaaaaa", ".unfinished"])
def test_only_letters_can_be_opened(client: Client, name: str) -> None:
    assert client.get(f"/mailbox/{name}/").status_code == 404


def test_the_folder_is_closed_to_other_users() -> None:
    assert mailbox.folder().stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "stranger", [{"REMOTE_ADDR": "203.0.113.9"}, {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}]
)
def test_the_mailbox_does_not_exist_for_other_computers(client: Client, stranger: dict[str, str]) -> None:
    send("Code", "482 913")

    assert client.get(reverse("mailbox"), **stranger).status_code == 404


def test_the_mailbox_does_not_exist_with_a_mail_server(client: Client, settings: Settings) -> None:
    send("Code", "482 913")
    settings.HAS_LOCAL_MAILBOX = False

    assert client.get("/mailbox/").status_code == 404

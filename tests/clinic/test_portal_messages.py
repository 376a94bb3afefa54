"""Messages at home: sent once, read by the right people, files handed out as downloads only."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone
from factories import a_portal_patient, a_user, the_clinic
from files_cast import a_png
from portal_cast import signed_in

from clinic.checks import patterns
from patients.actions import helping, threads
from patients.actions.threads import Written
from patients.models import Attachment, Helper, Patient, Post, Thread
from patients.rules.helping import PAGES, Help
from people.models import AuditEvent, User
from people.rules.permissions import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def leila() -> Patient:
    the_clinic()
    return a_portal_patient()


@pytest.fixture
def phone(leila: Patient) -> Client:
    return signed_in(leila.user)


@pytest.fixture
def sara() -> User:
    return a_user(Role.CLINICIAN, name="Sara Haddad")


def send(phone: Client, to: str = "/me/messages/new/", **changes: Any) -> Any:
    return phone.post(to, {"subject": "health", "text": "May I drive?", "key": str(UUID(int=5))} | changes)


def answered(thread: Thread, by: User, text: str = "Yes, you may.") -> None:
    threads.write(thread, Written(text=text, key=uuid4()), by=by, now=timezone.now())


def test_every_page_says_how_fast_we_answer_and_that_it_is_not_for_emergencies(phone: Client) -> None:
    send(phone)
    thread = Thread.objects.get()

    for page in ("/me/messages/", "/me/messages/new/", f"/me/messages/{thread.pk}/"):
        html = phone.get(page).content.decode()
        assert "Not for emergencies." in html
        assert "We answer within 2 working days." in html
        assert 'href="/help/urgent/"' in html


def test_a_message_sent_twice_is_one_and_leads_to_its_conversation(phone: Client) -> None:
    first, second = send(phone), send(phone)

    assert first.url == second.url == f"/me/messages/{Thread.objects.get().pk}/?sent=1#last"
    html = phone.get(first.url).content.decode()
    assert "data-draft-sent" in html
    assert Post.objects.count() == 1


def test_an_answer_is_new_until_it_is_read(phone: Client, sara: User) -> None:
    send(phone)
    thread = Thread.objects.get()
    answered(thread, sara)

    assert "1 new" in phone.get("/me/messages/").content.decode()
    read = phone.get(f"/me/messages/{thread.pk}/").content.decode()

    assert "Yes, you may." in read
    assert "Sara Haddad" in read
    assert "1 new" not in phone.get("/me/messages/").content.decode()
    assert AuditEvent.objects.filter(deed="thread.read").count() == 1


def test_what_was_typed_is_kept_when_it_cannot_be_sent(phone: Client) -> None:
    picture = SimpleUploadedFile("neck.svg", b"<svg onload=alert(1)>", "image/png")

    page = send(phone, attached=[picture])

    html = page.content.decode()
    assert "We can only take pictures (JPEG, PNG) and PDF files." in html
    assert "May I drive?" in html
    assert not Thread.objects.exists()


def test_what_is_wrong_reads_as_a_sentence_and_leads_to_the_first_choice(phone: Client) -> None:
    html = send(phone, subject="", text="").content.decode()

    summary = html.split('class="errsum"')[1].split("</ul>")[0]
    found = re.findall(r'<a href="([^"]+)">([^<]+)</a>', summary)
    assert [(to, said.strip()) for to, said in found] == [
        ("#id_subject_0", "What is it about? Choose one."),
        ("#id_text", "Your message: Write a few words."),
    ]
    assert 'id="id_subject_0"' in html


def test_more_than_we_take_is_refused_before_it_is_read(phone: Client) -> None:
    typed = {"subject": "health", "text": "x", "key": str(UUID(int=5)), "attached": [SimpleUploadedFile("a", b"x")]}

    answer = phone.post("/me/messages/new/", typed, CONTENT_LENGTH=str(26 * 1024 * 1024))

    assert answer.status_code == 400
    assert not Thread.objects.exists()


def test_a_file_comes_back_as_a_download_that_runs_nowhere(phone: Client) -> None:
    send(phone, attached=[SimpleUploadedFile("my <b>neck</b>.html", a_png(), "text/html")])
    kept = Attachment.objects.get()
    page = phone.get(f"/me/messages/{kept.post.thread_id}/").content.decode()

    answer = phone.get(f"/me/messages/file/{kept.pk}/")

    assert "my &lt;b&gt;neck&lt;/b&gt;.html" in page or "b&gt;.html" in page
    assert answer.content == a_png()
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Disposition"] == 'attachment; filename="attachment.png"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]


def test_nobody_reaches_anothers_messages_or_files(phone: Client) -> None:
    send(phone, attached=[SimpleUploadedFile("a.png", a_png(), "image/png")])
    thread, kept = Thread.objects.get(), Attachment.objects.get()
    other = signed_in(a_portal_patient().user)

    assert other.get(f"/me/messages/{thread.pk}/").status_code == 404
    assert send(other, to=f"/me/messages/{thread.pk}/").status_code == 404
    assert other.get(f"/me/messages/file/{kept.pk}/").status_code == 404
    assert "May I drive?" not in other.get("/me/messages/").content.decode()
    assert Post.objects.count() == 1


@pytest.mark.parametrize("n", [1, 15])
def test_the_list_asks_the_same_number_of_questions_however_many(
    phone: Client, leila: Patient, sara: User, n: int, django_assert_max_num_queries: Any
) -> None:
    for _ in range(n):
        assert leila.user
        thread = threads.begin(leila, "bill", Written(text="x", key=uuid4()), by=leila.user, now=timezone.now())
        answered(thread, sara)
    phone.get("/me/messages/")

    with django_assert_max_num_queries(18):
        phone.get("/me/messages/")


def a_helper(leila: Patient, *may: Help) -> tuple[Client, Helper]:
    now = timezone.now()
    assert leila.user
    helper = helping.add(
        leila, name="Omid", email="omid@example.org", relation="partner", may=may,
        until=now.date() + timedelta(days=9), by=leila.user, now=now,
    )  # fmt: skip
    client = signed_in(helper.user)
    client.post("/me/who/", {"birth_date": "1978-03-04"})
    return client, helper


def test_a_helper_is_asked_for_the_birth_date_and_lands_where_they_may_help(leila: Patient) -> None:
    now = timezone.now()
    assert leila.user
    helper = helping.add(
        leila, name="Omid", email="omid@example.org", relation="partner", may=[Help.MESSAGES],
        until=now.date() + timedelta(days=9), by=leila.user, now=now,
    )  # fmt: skip
    client = signed_in(helper.user)

    assert client.get("/me/").url == "/me/who/"
    assert "That is not the birth date" in client.post("/me/who/", {"birth_date": "1978-03-05"}).content.decode()
    assert client.post("/me/who/", {"birth_date": "1978-03-04"}).status_code == 302
    assert client.get("/me/").url == "/me/messages/"


def test_what_a_helper_writes_bears_the_helpers_name(leila: Patient, phone: Client) -> None:
    client, helper = a_helper(leila, Help.MESSAGES)

    send(client)

    assert Post.objects.get().by == helper.user
    line = AuditEvent.objects.get(deed="thread.begun")
    assert (line.by, line.patient_id) == (helper.user, leila.pk)
    assert "Omid" in phone.get("/me/data/seen/").content.decode()


@pytest.mark.parametrize("given", [(it,) for it in Help], ids=[it.value for it in Help])
def test_a_helper_opens_what_was_given_and_nothing_else(leila: Patient, given: tuple[Help, ...]) -> None:
    client, _helper = a_helper(leila, *given)
    pages = {
        "/me/visits/": "portal:visits", "/me/messages/": "portal:messages", "/me/forms/": "patients:forms",
        "/me/plan/": "portal:plan", "/me/exercises/": "portal:exercises", "/me/data/": "", "/me/consents/": "",
        "/me/data/record.json": "", "/me/helpers/": "", "/me/settings/": "", "/me/contact/": "", "/me/data/forget/": "",
        "/me/data/corrections/": "", "/me/calendar/": "",
    }  # fmt: skip

    opened = {url for url in pages if client.get(url).status_code == 200}

    assert opened == {url for url, name in pages.items() if name and PAGES[name][0] & set(given)}


def test_help_that_is_taken_back_ends_at_the_next_tap(leila: Patient, phone: Client) -> None:
    client, helper = a_helper(leila, Help.MESSAGES)
    assert client.get("/me/messages/").status_code == 200

    phone.post("/me/helpers/", {"helper": str(helper.pk)})

    assert client.get("/me/messages/").status_code == 404
    assert send(client).status_code == 404
    assert not Post.objects.exists()


def test_naming_a_helper_sends_a_mail_that_says_nothing_of_whom(leila: Patient, phone: Client, mailoutbox: Any) -> None:
    until = (timezone.now() + timedelta(days=30)).date().isoformat()
    typed = {"name": "Omid", "email": "Omid@Example.org", "relation": "partner", "may": ["see_visits"], "until": until}

    assert phone.post("/me/helpers/new/", typed).url == "/me/helpers/"

    (mail,) = mailoutbox
    assert mail.to == ["omid@example.org"]
    assert not re.search(r"Leila|Rahimi|patient|clinic|visit", mail.subject + mail.body, re.IGNORECASE)
    assert "Omid" in phone.get("/me/helpers/").content.decode()


CLOSED = {
    *("who", "offline", "worker", "calendar", "screens", "manifest", "contact", "settings", "consents", "consent_sign"),
    *("consent_copy", "my_data", "my_data_pdf", "my_data_fhir", "who_looked", "corrections", "correction", "forget"),
    *("helpers", "helper_new", "devices"),
}


def test_of_every_page_it_is_decided_whether_a_helper_opens_it() -> None:
    found = {f"{space}:{it.name}" for space in ("portal", "patients") for it in own_pages(space)}

    assert found == set(PAGES) | {f"portal:{name}" for name in CLOSED}


def own_pages(space: str) -> list[Any]:
    """The patterns under /me/ of one house."""
    (house,) = [it for it in get_resolver().url_patterns if getattr(it, "namespace", None) == space]
    return [it for it in patterns(house) if str(it.pattern).startswith("me/")]

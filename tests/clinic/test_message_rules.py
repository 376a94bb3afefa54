"""What the clinic sends, when, by which ways and in which words: set by the office, and true at once."""

from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient, a_user, the_clinic
from office_cast import as_user, said
from outbox_cast import THURSDAY, a_visit, at, look, told

from clinic.reminders.actions import planning, ruling
from clinic.reminders.channels import letters
from clinic.reminders.models import Message, OwnWords, ReminderPolicy, SendingRule
from clinic.reminders.rules import own_words, phrases
from clinic.reminders.rules.own_words import UnfitWords
from clinic.reminders.rules.phrases import Written
from people.models import AuditEvent, Clinic
from people.rules.permissions import Role

pytestmark = pytest.mark.django_db
RULES = "/setup/messages/"
WORDS = "/setup/messages/words/reminder/"


@pytest.fixture(autouse=True)
def _a_monday(db: None) -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def office() -> Client:
    the_clinic()
    return as_user(a_user(Role.MANAGER, name="Ines Ferreira"))


def form_of(client: Client, which: str, **changes: Any) -> dict[str, Any]:
    """What a browser would send if only `changes` were typed; a field set to None is unticked."""
    context = client.get(RULES).context
    sent: dict[str, Any] = {"form": which}
    if which == "kinds":
        sent["seen"] = context["seen"]
        forms = context["rows"]
    else:
        forms = [context["form"]]
    for form in forms:
        for field in form:
            value = field.value()
            if value is not False and value is not None:
                sent[field.html_name] = f"{value:%H:%M}" if hasattr(value, "hour") else value
    return {name: value for name, value in (sent | changes).items() if value is not None}


def due() -> list[Any]:
    return list(Message.objects.order_by("due_at").values_list("due_at", flat=True))


def test_a_page_that_is_saved_as_it_was_changes_nothing(office: Client) -> None:
    for which in ("kinds", "policy"):
        assert office.post(RULES, form_of(office, which)).status_code == 302

    assert not SendingRule.objects.exists()
    assert not AuditEvent.objects.filter(deed__startswith="messages.").exists()


def test_the_office_says_when_and_who_was_not_told_yet_is_told_then(office: Client) -> None:
    a_visit(THURSDAY)
    planning.plan(now=NOW)
    assert due() == [at(14, 9), at(16, 18), at(17, 8, 30)]

    kinds = {"reminder-early-days": "2", "reminder-eve-at": "17:00", "reminder-soon-is_on": None}
    office.post(RULES, form_of(office, "kinds", **kinds))
    planning.plan(now=NOW)

    assert due() == [at(15, 9), at(16, 17)]
    office.post(RULES, form_of(office, "kinds", **{"reminder-early-days": "3", "reminder-eve-at": "18:00"}))
    assert [(it.which, it.is_on) for it in SendingRule.objects.all()] == [("soon", False)]
    line = AuditEvent.objects.filter(deed="messages.kinds_changed").latest("at")
    assert line.detail == {"kinds": ["reminder:early", "reminder:eve"]}


def test_what_the_office_switches_off_does_not_leave_though_it_was_planned() -> None:
    a_visit(THURSDAY)
    planning.plan(now=NOW)
    Message.objects.update(token=1)  # taken up once, so it stays in the book
    SendingRule.objects.create(kind="reminder", which="early", is_on=False)

    look(at(14, 9))

    assert told() == [("reminder", "suppressed", "switched_off"), ("reminder", "ready", ""), ("reminder", "ready", "")]


def test_a_kind_that_does_not_go_by_mail_takes_the_next_way_at_its_time(office: Client, settings: Any) -> None:
    settings.SMS_URL = "twilio+http://AC1:secret@127.0.0.1:9/?from=%2B12025550100"
    a_visit(THURSDAY, patient=a_patient(email="leila@example.org", mobile="+12025550117"))
    office.post(RULES, form_of(office, "kinds", **{"reminder-early-ways": ["sms"]}))

    look(at(14, 9))
    planning.plan(now=at(14, 9))

    early = Message.objects.filter(occasion__endswith="#early").order_by("channel")
    assert list(early.values_list("channel", "state", "reason")) == [
        ("email", "suppressed", "not_this_way"),
        ("sms", "ready", ""),
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"recall-ways": None}, "Choose at least one way"),
        ({"recall-days": "900"}, "Nothing was saved"),
        ({"recall-days": "x"}, "Nothing was saved"),
        ({"seen": "something older"}, "Somebody else changed the messages meanwhile"),
    ],
)
def test_kinds_that_cannot_be_are_said_in_words_and_not_saved(
    office: Client, changes: dict[str, Any], words: str
) -> None:
    answer = office.post(RULES, form_of(office, "kinds", **{"aftercare-at": "19:00"} | changes))

    assert words in said(answer)
    assert 'value="19:00"' in answer.content.decode()  # what was typed is kept
    assert not SendingRule.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"speak_from": "21:00"}, "must be later"),
        ({"most_per_week": "2"}, "at least as many"),
        ({"seen": "something older"}, "Somebody else changed"),
        ({"speak_from": "noon"}, "Enter a valid time"),
    ],
)
def test_hours_and_caps_that_cannot_be_are_said_in_words(office: Client, changes: dict[str, str], words: str) -> None:
    answer = office.post(RULES, form_of(office, "policy", **changes))

    assert words in said(answer)
    assert ReminderPolicy.current().most_per_week == 16


def test_the_office_sets_hours_and_caps(office: Client) -> None:
    office.post(RULES, form_of(office, "policy", speak_until="19:00", most_per_day="2", language="es"))

    policy = ReminderPolicy.current()
    assert (policy.speak_until.hour, policy.most_per_day, policy.language) == (19, 2, "es")


def test_a_clinic_says_it_in_its_own_words_after_it_has_seen_them(office: Client) -> None:
    text = "You are with us on {date} at {time}.\r\n\r\n{link}"
    seen = office.post(f"{WORDS}?by=email&in=en", {"subject": "On {date}", "text": text, "preview": "1"})
    assert not OwnWords.objects.exists()
    office.post(f"{WORDS}?by=email&in=en", {"subject": "On {date}", "text": text})
    a_visit(THURSDAY)
    planning.plan(now=NOW)

    mail = letters.letter(Message.objects.order_by("due_at")[0], Clinic.objects.get())

    assert "You are with us on Wednesday 23 September at 10:30am." in said(seen)
    assert mail.subject == "On Thursday 17 September"
    assert "You are with us on Thursday 17 September at 10:30am." in mail.body
    assert "Your own" in said(office.get("/setup/messages/words/"))
    office.post(f"{WORDS}?by=email&in=en", {"ours": "1"})
    assert not OwnWords.objects.exists()


@pytest.mark.parametrize(
    ("by", "text", "words"),
    [
        ("email", "See you {date} {time} {diagnosis}", "Only the blanks below"),
        ("email", "Your injection is on {date} at {time}", "Leave out: injection"),
        ("email", "See you on {date}", "put in {time}"),
        ("email", " ", "Write something"),
        ("sms", "Come on {short_date} at {time}", "Begin a text with"),
        ("sms", "{sender_name}: " + "please " * 20 + "{short_date} {time}", "Too long for one text"),
        ("push", "Come to us on {date} at {time}. " + "We are happy. " * 8, "Too long for a locked screen"),
    ],
)
def test_words_that_cannot_be_sent_are_said_so_and_stay_typed(office: Client, by: str, text: str, words: str) -> None:
    answer = office.post(f"{WORDS}?by={by}&in=en", {"subject": "Visit", "text": text})

    assert words in said(answer)
    assert "Error:" in answer.content.decode()
    assert not OwnWords.objects.exists()


@pytest.mark.parametrize("language", phrases.LANGUAGES)
def test_our_own_words_pass_the_check_that_the_clinics_have_to_pass(language: str) -> None:
    for kind in set(Message.Kind.values) - {"alert"}:
        for channel in Message.Channel.values:
            own_words.check(kind, channel, language, own_words.ours_of(kind, channel, language))

    with pytest.raises(UnfitWords):
        own_words.check("reminder", "email", language, Written("", "{date} {time} dolor pain"))


def test_only_the_office_sets_messages() -> None:
    the_clinic()
    for role in (Role.FRONT_DESK, Role.CLINICIAN):
        client = as_user(a_user(role, profession="physician" if role == Role.CLINICIAN else ""))
        for page in (RULES, WORDS, reverse("reminders:all_words")):
            assert (client.get(page).status_code, client.post(page).status_code) == (404, 404)


def test_a_text_that_there_is_not_is_not_found(office: Client) -> None:
    for page in ("/setup/messages/words/alert/", f"{WORDS}?by=pigeon", f"{WORDS}?in=tlh"):
        assert office.get(page).status_code == 404


def test_nothing_is_kept_that_is_as_we_do_it_anyway(office: Client) -> None:
    times, ways = ruling.timetable.current(), ruling.ways_now()
    by = a_user(Role.OWNER)

    assert ruling.change_kinds(times, ways, seen=ruling.kinds_as_seen(times, ways), by=by) == []

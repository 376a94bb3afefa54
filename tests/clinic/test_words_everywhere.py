"""Every text of every kind in every language: short, with nothing but the allowed blanks, and never indiscreet."""

from dataclasses import replace

import pytest

from clinic.reminders.models import Message
from clinic.reminders.rules import own_words, phrases, texts
from clinic.reminders.rules.own_words import LONGEST

CASES = [(language, kind) for language in phrases.LANGUAGES for kind in Message.Kind.values]


@pytest.mark.parametrize(("language", "kind"), CASES)
def test_each_kind_says_little_in_each_language(language: str, kind: str) -> None:
    said = phrases.book(language).kinds[kind]
    everything = f"{said.subject} {said.email} {said.sms} {said.push}"

    assert phrases.is_allowed(everything)
    allowed = {"clinician"} if kind == Message.Kind.ALERT else set()  # to staff, and names nobody
    assert not own_words.words_in(everything) & own_words.indiscreet(language) - allowed
    for text in (said.subject, said.push):
        assert len(phrases.filled(text, LONGEST)) <= 120
        assert "{first_name}" not in text  # a locked screen and a list of mails are read over the shoulder


@pytest.mark.parametrize(("language", "kind"), CASES)
def test_a_text_is_one_text_whatever_the_name(language: str, kind: str) -> None:
    for name in ("Maximiliana-Alexandrina", "Zoë", "Łucja", "شیرین", "小林", "Ana 🌷", ""):
        said = phrases.text_message(kind, replace(LONGEST, first_name=name), language=language).text

        assert texts.is_gsm(said), said
        assert texts.length(said) <= 160, said
        assert said.startswith("Northgate Rooms by the Harbour: ")
        assert not set(said) & set("[]{}")
        assert LONGEST.link in said or LONGEST.form_link in said


def test_a_text_leaves_out_the_phone_before_it_leaves_out_the_name() -> None:
    short = replace(LONGEST, sender_name="Northgate", first_name="Leila", time="10:30am", short_date="Thu 17 Sept")
    whole = phrases.text_message("reminder", short, language="en").text
    tight = phrases.text_message("reminder", replace(short, sender_name="Northgate Harbour Rooms"), language="en").text

    assert whole == (
        "Northgate: Leila, you have a visit on Thu 17 Sept at 10:30am. Say yes or change it: "
        "https://visits.northgate.example/a/7K2F9Q4MXW8P or call +44 20 7946 0018"
    )
    assert "Leila, " in tight
    assert "call" not in tight


def test_a_sentence_without_its_blank_is_left_out() -> None:
    words = replace(LONGEST, phone="", form_link="")
    said = phrases.mail("booked", words, language="es")

    assert said.text == (
        "Hola, Maximiliana-Alexandrina:\n\n"
        "Su cita está reservada para el Wednesday 23 September a las 10:30am (EDT).\n\n"
        f"Confírmela, cámbiela o cancélela:\n{words.link}\n\nNorthgate Rooms by the Harbour"
    )


def test_what_stands_in_a_name_is_never_read_as_a_blank() -> None:
    said = phrases.mail("reminder", replace(LONGEST, first_name="[{phone}]{link}"), language="en")

    assert said.text.startswith("Dear [{phone}]{link},\n\nYou have a visit")


@pytest.mark.parametrize("text", ["{reason}", "{patient.email}", "{}", "{first_name!r}", "[unfinished", "{link"])
def test_a_text_with_any_other_blank_is_not_allowed(text: str) -> None:
    assert not phrases.is_allowed(f"Hello {text}")

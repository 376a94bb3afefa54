"""What fits into one text, what an answer means, and which reports are news."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.reminders.rules import receipts, replies, texts
from clinic.reminders.rules.replies import Meaning, meaning

BOOKED = (
    "Northgate: Leila, your visit is booked for Thu 17 Sept at 10:30am."
    " To change it: https://ngc.example/a/7K2F9Q or call 020 7946 0018"
)


@pytest.mark.parametrize(
    ("text", "length", "parts"),
    [
        (BOOKED, 131, 1),
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("€" * 80, 160, 1),  # each of the second table costs two
        ("€" * 81, 162, 2),
        ("Señor, mañana a las 9 ¿sí?", 26, 1),  # í is not in the phones' set, so this is a text of 70
        ("ш" * 70, 70, 1),
        ("ш" * 71, 71, 2),
        ("👍" * 35, 70, 1),  # two units each
        ("👍" * 36, 72, 2),
        ("", 0, 1),
    ],
)
def test_a_text_is_as_long_as_the_phone_company_counts_it(text: str, length: int, parts: int) -> None:
    assert (texts.length(text), texts.parts(text)) == (length, parts)
    assert texts.is_one_text(text) == (parts == 1)


def test_typographic_quotes_do_not_halve_the_room() -> None:
    typed = "Leila’s visit – 10:30\u202fam… “yes”"

    assert texts.plainer(typed) == 'Leila\'s visit - 10:30 am... "yes"'
    assert texts.limit(texts.plainer(typed)) == 160


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("YES", Meaning.YES),
        ("Sí.", Meaning.YES),
        ("si\u0301, gracias", Meaning.YES),
        ("Ｙｅｓ！", Meaning.YES),
        ("👍🏽", Meaning.YES),
        ("Yes, thank you", Meaning.YES),
        ("No", Meaning.NO),
        ("I can’t come", Meaning.NO),
        ("no puedo ir", Meaning.NO),
        ("CHANGE please", Meaning.CHANGE),
        ("¿Otra hora?", Meaning.CHANGE),
        ("STOP", Meaning.STOP),
        ("  s\u200dtop\ufeff!! ", Meaning.STOP),
        ("ＳＴＯＰ", Meaning.STOP),
        ("Stop sending me these", Meaning.STOP),
        ("please stop texting me", Meaning.STOP),
        ("PARE", Meaning.STOP),
        ("No me envíen más mensajes", Meaning.STOP),
        ("Cancel", Meaning.CANCEL),
        ("start", Meaning.START),
        ("AYUDA", Meaning.HELP),
        ("STOP STOP STOP", Meaning.STOP),
        ("Yes 👍", Meaning.YES),
        ("OUI !", Meaning.YES),
        ("Ja, danke", Meaning.OTHER),
        ("Да.", Meaning.YES),
        ("ハイ", Meaning.OTHER),
        ("はい。", Meaning.YES),
        ("好的", Meaning.YES),
        ("아니요", Meaning.NO),
        ("Absagen", Meaning.NO),
        ("Đổi lịch", Meaning.CHANGE),
        ("Désabonner", Meaning.STOP),
        ("ОТПИСАТЬСЯ", Meaning.STOP),
        ("退订", Meaning.STOP),
        ("أوقف", Meaning.STOP),
        ("stop please", Meaning.STOP),
        ("You have the wrong number.", Meaning.WRONG),
        ("Se equivocó de número", Meaning.WRONG),
    ],
)
def test_an_answer_is_understood_however_it_is_typed(said: str, meant: Meaning) -> None:
    assert meaning(said) == meant


def test_no_word_means_one_thing_in_one_language_and_another_in_the_next() -> None:
    known = replies.phrases()

    assert {phrase for meant, _, phrase in known if meaning(phrase) != meant} == set()
    assert {phrase for meant, _, phrase in known if meaning(phrase.upper()) != meant} == set()
    assert {language for meant, language, _ in known if meant == Meaning.STOP} >= {"en", "es", "zh", "vi", "ar", "ko"}


@pytest.mark.parametrize(
    "said",
    [
        "yes but can I come at three?",
        "Yes or no?",
        "no problem, see you",
        "no change",
        "tak",
        "I cannot stop by tomorrow",
        "Is it OK to eat before?",
        "thanks",
        "",
        "🙂",
        "yesterday",
    ],
)
def test_what_could_be_read_two_ways_is_left_to_a_person(said: str) -> None:
    assert meaning(said) == Meaning.OTHER


@settings(max_examples=50)
@given(st.text(max_size=200))
def test_no_text_upsets_the_reader_and_case_never_matters(said: str) -> None:
    assert meaning(said) in Meaning
    assert meaning(f"{said} stop it all") in Meaning
    assert meaning(f"\u200b{said}\u200b") == meaning(said)


def test_reports_that_come_late_or_twice_are_no_news() -> None:
    assert receipts.is_news("queued", after="")
    assert receipts.is_news("delivered", after="sent")
    assert not receipts.is_news("sent", after="delivered")
    assert not receipts.is_news("delivered", after="delivered")
    assert not receipts.is_news("failed", after="delivered")
    assert receipts.is_news("undelivered", after="sent")
    assert not receipts.is_news("delivered", after="undelivered")
    assert not receipts.is_news("exploded", after="sent")

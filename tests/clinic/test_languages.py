"""Patients read everything in their language, and nothing is left in ours."""

import re
from datetime import date
from html import unescape
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import dates, formats, translation
from django.utils.html import strip_tags
from factories import NOW, a_clinician, a_patient, the_clinic
from portal_cast import Portal, a_portal, it_is, signed_in

from clinic.formats.es.formats import SPOKEN
from clinic.languages import catalogue, heard, said
from patients.models import Consent
from patients.rules.consent_texts import id_of
from patients.rules.intake_parts import PARTS
from patients.rules.rulebook import rulebook

PLACES = re.compile(r"%\(\w+\)[sd]|%s|%d|</?\w+[^>]*>")
PATTERN = re.compile(r"""\|(?:date|time):["']([^"']+)["']""")
NAMES_A_MONTH = re.compile(r"[FM]")
STYLES = re.compile(r"clinic/css/\w+\.css")
ON_PAPER = "clinic/css/print.css"
PHYSICAL = re.compile(
    r"(?:margin|padding|border)-(?:left|right)|(?<![\w-])(?:left|right)\s*:|(?:text-align|float):\s*(?:left|right)"
)
SIDES = re.compile(r"(?<![\w-])(?:[mp][se]-(?:auto|[0-5])|(?:text|float|border|rounded)-(?:start|end))(?![\w-])")
MOST_WORDS = 25  # of one sentence


def test_nothing_that_a_patient_may_read_waits_for_its_translation() -> None:
    said_by_command = StringIO()

    try:
        call_command("languages", check=True, stdout=said_by_command)
    except CommandError:
        pytest.fail(said_by_command.getvalue())


@pytest.mark.parametrize("language", catalogue.TRANSLATED)
def test_what_is_compiled_is_what_was_translated(language: str) -> None:
    made = catalogue.compiled(catalogue.read(language))

    assert catalogue.compiled_of(language).read_bytes() == made, "run: manage.py languages"


@pytest.mark.parametrize("language", catalogue.TRANSLATED)
def test_a_translation_keeps_every_name_and_number_of_the_text(language: str) -> None:
    changed = []
    for it in catalogue.read(language):
        texts = [*zip(it.id, it.string, strict=True)] if isinstance(it.id, tuple) else [(it.id, it.string)]
        changed += [text for text, said in texts if text and _places(text) != _places(said)]

    assert changed == []


def test_no_page_of_patients_says_anything_that_cannot_be_translated() -> None:
    bare = {(page.name, words) for page in heard.pages() for words in _bare(page.read_text(encoding="utf-8"))}

    assert heard.left_in_english() == []
    # The names of papers, and the sign for the size of letters.
    assert bare == {("sheet_choice.html", "A4 Letter"), ("reading.html", "Aa")}


def test_dates_are_said_as_spanish_says_them() -> None:
    day = date(2026, 3, 3)

    with translation.override("es"):
        assert formats.date_format(day, "l j F") == "martes 3 de marzo"
        assert formats.date_format(day, "j F Y") == "3 de marzo de 2026"
        assert formats.date_format(day, "j M Y") == "3 mar 2026"
        assert formats.number_format(1234.5, 1, use_l10n=True, force_grouping=True) == "1,234.5"
    with translation.override("en"):
        assert formats.date_format(day, "l j F") == "Tuesday 3 March"


def test_no_word_of_ours_takes_the_place_of_a_month_or_a_day() -> None:
    names = {*dates.MONTHS.values(), *dates.MONTHS_3.values(), *dates.WEEKDAYS.values(), *dates.WEEKDAYS_ABBR.values()}

    with translation.override("en"):
        taken = {str(it) for it in names} & {it.id for it in catalogue.read("es") if isinstance(it.id, str)}

    assert taken <= {"may"}  # the field of a helper's rights, which no page shows
    assert catalogue.read("es")["may"].string == "may"


def test_every_date_on_a_page_of_patients_has_its_spanish_form() -> None:
    asked = {it for page in heard.pages() for it in PATTERN.findall(page.read_text(encoding="utf-8"))}

    assert {it for it in asked if NAMES_A_MONTH.search(it) and len(it) > 1} - SPOKEN.keys() - {"d-M-Y"} == set()


def test_our_sentences_for_patients_are_short() -> None:
    # The warning signs and consents of the rulebook are a clinician's words, and longer.
    ours = {text for it in said.everything() if not it.where.endswith(".toml") for text in it.ids}
    lengths = {words: len(words.split()) for text in ours for words in re.split(r"(?<=[.?!:;])\s", text)}

    assert sum(lengths.values()) / len(lengths) < 7
    assert [words for words, length in lengths.items() if length > MOST_WORDS] == []


def test_the_pages_of_patients_can_be_read_from_right_to_left() -> None:
    linked = {it for page in heard.pages() for it in STYLES.findall(page.read_text(encoding="utf-8"))} - {ON_PAPER}
    folder = heard.ROOT / "clinic" / "static"

    assert {(it, hit) for it in linked for hit in PHYSICAL.findall((folder / it).read_text("utf-8"))} == set()
    # Bootstrap's classes for a start and an end mean left and right: only the one that portal.css turns round.
    classes = {it for page in heard.pages() for it in SIDES.findall(page.read_text(encoding="utf-8"))}
    assert classes == {"ms-auto"}
    assert "[dir=rtl] .ms-auto" in (folder / "clinic/css/portal.css").read_text("utf-8")


# -- in the browser of a patient ------------------------------------------------------------------------------------


@pytest.fixture
def portal(db: None) -> Portal:
    return a_portal()


def in_spanish(client: Client) -> Client:
    client.cookies["django_language"] = "es"
    return client


def pages_of(portal: Portal) -> list[str]:
    exercise = portal.plan.exercises.first()
    assert exercise is not None
    return [
        *(reverse(f"portal:{name}") for name in _OWN),
        reverse("portal:exercise", args=[exercise.pk]),
        reverse("portal:visit_change", args=[portal.visit.pk]),
        reverse("patients:forms"),
        reverse("patients:check"),
        reverse("patients:flare"),
    ]


_OWN: tuple[str, ...] = (
    "today",
    "plan",
    "exercises",
    "posture",
    "visits",
    "wish",
    "calendar",
    "screens",
    "contact",
    "settings",
)
_OWN += ("consents", "urgent", "reading", "book", "measures", "messages", "message_new", "my_data", "who_looked")
_OWN += ("corrections", "forget", "helpers", "helper_new", "devices", "offline")


def test_a_patient_who_reads_spanish_finds_no_english_sentence(portal: Portal) -> None:
    english = [it.id for it in catalogue.read("es") if isinstance(it.id, str) and it.id.count(" ") > 1]
    client, left = in_spanish(portal.client), []
    with it_is(NOW):
        form = client.post(reverse("patients:form_start"))["Location"].rsplit("/", 2)[0]
        parts = re.findall(rf'href="({form}/[^"]+/)"', client.get(f"{form}/check/").content.decode())
    assert len(parts) > PARTS

    for url in [*pages_of(portal), *parts]:
        with it_is(NOW):
            answer = client.get(url, follow=True)
        page = answer.content.decode()
        assert (answer.status_code, 'lang="es" dir="ltr"' in page) == (200, True), url
        text = " ".join(unescape(strip_tags(page)).split())
        for source in rulebook().sources.values():  # a work keeps its title
            text = text.replace(source.title, "")
        left += [(url, it) for it in english if it in text and re.search(rf"(?<!\w){re.escape(it)}(?!\w)", text)]

    assert left == []


def test_spanish_is_polite_and_knows_one_from_several(portal: Portal) -> None:
    with it_is(NOW):
        page = in_spanish(portal.client).get("/me/").content.decode()

    assert "Buenos días, <bdi>Leila</bdi>" in page
    assert "jueves 17 de septiembre" in page
    assert "Respiración lenta con el abdomen" in page
    assert "Esta semana hizo ejercicio 0 días." in page


def test_who_works_here_reads_english_whatever_the_browser_wants(db: None) -> None:
    the_clinic()
    patient, clinician = a_patient(), a_clinician()

    page = in_spanish(signed_in(clinician.user)).get(reverse("patients:patient", args=[patient.pk])).content.decode()

    assert '<html lang="en"' in page


def test_a_consent_read_in_spanish_is_kept_in_spanish_and_needs_no_interpreter(portal: Portal) -> None:
    client, document = in_spanish(portal.client), rulebook().consents["consent_general"]
    url = reverse("portal:consent_sign", args=[id_of(document)])

    with it_is(NOW):
        page = client.get(url).content.decode()
        assert "Puede parar en cualquier momento" in page
        assert '<option value="es" selected>' in page
        client.post(url, {"signed_name": "Leila Rahimi", "version": rulebook().version, "language": "es"})

    made = Consent.objects.get(code=document.code)
    assert (made.language, made.interpreter) == ("es", "")
    assert made.text.startswith("Consentimiento general para el tratamiento y el uso de datos")
    assert "You may" not in made.text


def test_the_tablet_speaks_the_language_it_was_handed_over_in(portal: Portal) -> None:
    tablet, document = signed_in(portal.sara.user), rulebook().consents["consent_general"]
    url = f"{reverse('patients:consent_hand_over', args=[portal.leila.pk])}?document={id_of(document)}"

    sheet = tablet.post(url, {"language": "es"})["Location"]

    assert "Puede parar en cualquier momento" in tablet.get(sheet).content.decode()


@override_settings(LANGUAGES=[("en", "English"), ("ar", "العربية")])
def test_a_language_that_runs_from_right_to_left_turns_the_page_round(portal: Portal) -> None:
    client = portal.client
    client.cookies["django_language"] = "ar"

    with it_is(NOW):
        assert '<html lang="ar" dir="rtl"' in client.get("/me/").content.decode()


def _places(text: str) -> list[str]:
    return sorted(PLACES.findall(text))


def _bare(page: str) -> list[str]:
    """Words that stand on a page outside of what is translated."""
    page = re.sub(
        r"{%\s*(blocktrans|comment).*?{%\s*end(blocktrans|comment)\w*\s*%}|{#.*?#}", "", page, flags=re.DOTALL
    )
    page = re.sub(r"<(script|style|code)\b.*?</\1>", "", page, flags=re.DOTALL)
    page = re.sub(r"{%\s*block (body_class|body_says)\s*%}.*?{%\s*endblock.*?%}", "", page, flags=re.DOTALL)
    page = re.sub(r"{%.*?%}|{{.*?}}|&\w+;", " ", page, flags=re.DOTALL)
    read_out = re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', page)
    text = [re.sub(r"<[^>]*>", " ", page), *read_out]
    return [" ".join(line.split()) for part in text for line in part.splitlines() if re.search(r"[^\W\d_]{2,}", line)]

"""What the one search box understands, and that it stays quick."""

import itertools
import os
from datetime import date
from urllib.parse import unquote

import environ
import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from factories import NOW, a_patient, a_user, the_clinic

from clinic.bench.crowd import add_people
from patients.models import Patient, search
from patients.rules.search import Digits, Wanted, read
from people.rules.permissions import Role

TODAY = date(2026, 9, 14)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def desk(db: None) -> Client:
    the_clinic()
    client = Client()
    client.force_login(a_user(Role.FRONT_DESK))
    return client


@pytest.fixture
def everybody(db: None) -> None:
    """A small clinic of people who are easily taken for one another."""
    people = [
        ("Leila", "Rahimi", date(1978, 3, 4), "+12025550144"),
        ("Leila", "Rahmani", date(1990, 4, 3), "+12025550155"),
        ("Patrick", "O'Brien", date(1961, 12, 31), "+442079460018"),
        ("José Eduardo", "Gómez", date(1978, 4, 3), "+12025550166"),
        ("小龍", "李", date(1940, 11, 27), "+85221231234"),
        ("Оксана", "Шевченко", date(1985, 1, 1), "+380441234567"),
        ("محمد", "حسینی", None, "+982122223333"),
        ("Grace", "Okonkwo-Smith", date(2001, 2, 3), ""),
        ("Sukarno", "", date(1955, 6, 6), "+62211234567"),
    ]
    for given, family, born, mobile in people:
        a_patient(given_name=given, family_name=family, birth_date=born, mobile=mobile)


def found(text: str) -> set[str]:
    return {patient.full_name for patient in Patient.objects.matching(read(text, on=TODAY))}


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("rahi 78", {"Leila Rahimi"}),
        ("rahimi 1978", {"Leila Rahimi"}),
        ("leila", {"Leila Rahimi", "Leila Rahmani"}),
        ("Rahimi, Leila", {"Leila Rahimi"}),
        ("LEILA ra", {"Leila Rahimi", "Leila Rahmani"}),
        ("0144", {"Leila Rahimi"}),
        ("144", {"Leila Rahimi"}),
        ("(202) 555-0144", {"Leila Rahimi"}),
        ("020 7946 0018", {"Patrick O'Brien"}),
        ("+44 (0)20 7946 0018", {"Patrick O'Brien"}),
        ("4 Mar 1978", {"Leila Rahimi"}),
        ("04-Mar-1978", {"Leila Rahimi"}),
        ("march 4, 1978", {"Leila Rahimi"}),
        ("04/03/1978", {"Leila Rahimi", "José Eduardo Gómez"}),
        ("4.3.78", {"Leila Rahimi", "José Eduardo Gómez"}),
        ("1978-03-04", {"Leila Rahimi"}),
        ("1978", {"Leila Rahimi", "José Eduardo Gómez"}),
        ("gomez", {"José Eduardo Gómez"}),
        ("GÓMEZ jose", {"José Eduardo Gómez"}),
        ("o'b", {"Patrick O'Brien"}),
        ("o’brien", {"Patrick O'Brien"}),
        ("brien", {"Patrick O'Brien"}),
        ("smith", {"Grace Okonkwo-Smith"}),
        ("李", {"小龍 李"}),
        ("李小龍", {"小龍 李"}),
        ("小龍 李", {"小龍 李"}),
        ("шевч", {"Оксана Шевченко"}),
        ("محمد", {"محمد حسینی"}),
        ("sukarno", {"Sukarno"}),
        ("٠١٤٤", {"Leila Rahimi"}),
        ("rahimi 1979", set()),
        ("%", set()),
        ("_____", set()),
        ("'; DROP TABLE", set()),
        ("5", set()),
        ("\x00", set()),
        ("a" * 5000, set()),
    ],
)
def test_the_box_finds_whoever_the_caller_says(everybody: None, typed: str, names: set[str]) -> None:
    assert found(typed) == names


def test_the_clinic_number_is_found_as_it_is_printed(everybody: None) -> None:
    patient = Patient.objects.get(given_name="Grace")

    for typed in (
        patient.clinic_number,
        patient.clinic_number.lower(),
        f"rc {patient.number}",
        f"{patient.number:05d}",
    ):
        assert found(typed) == {"Grace Okonkwo-Smith"}


def test_the_email_is_found_whatever_its_case(everybody: None) -> None:
    Patient.objects.filter(given_name="Grace").update(email="Grace@Example.org")

    assert found("grace@example.ORG") == {"Grace Okonkwo-Smith"}


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        ("rahmi", "Leila"),
        ("smyth", "Grace"),
        ("goemz", "José Eduardo"),
        ("obrien", "Patrick"),
        ("shevchnko", None),
        ("шевчнко", "Оксана"),
    ],
)
def test_a_misspelt_name_is_offered_as_a_close_match(everybody: None, typed: str, nearest: str | None) -> None:
    close = Patient.objects.close_to(read(typed, on=TODAY), most=5)

    assert found(typed) == set()
    assert next((patient.given_name for patient in close), None) == nearest


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("12", Wanted(digits=(Digits("", years=(2012,)),))),
        ("27", Wanted(digits=(Digits("", years=(1927,)),))),
        ("00012", Wanted(digits=(Digits("00012", number=12),))),
        ("01.23.45.67.89", Wanted(digits=(Digits("123456789"),))),
        ("30/02/1978", Wanted(digits=(Digits("30021978"),))),
        ("3 Mar", Wanted(words=("mar",))),
    ],
)
def test_a_number_is_read_as_the_desk_means_it(typed: str, wanted: Wanted) -> None:
    assert read(typed, on=TODAY) == wanted


def test_enter_opens_the_first_match(desk: Client, everybody: None) -> None:
    answer = desk.get(reverse("patients:list"), {"q": "rahi", "open": "first"})

    assert answer.url == reverse("patients:patient", args=[Patient.objects.get(family_name="Rahimi").pk])


def test_results_come_as_you_type_and_as_a_whole_page_without_javascript(desk: Client, everybody: None) -> None:
    fragment = desk.get(reverse("patients:list"), {"q": "rahi", "open": "first"}, headers=HTMX).content.decode()
    page = desk.get(reverse("patients:list"), {"q": "rahi"}).content.decode()

    for part in ("Rahimi, Leila", "04-Mar-1978", "0144"):
        assert part in fragment
        assert part in page
    assert "<html" not in fragment
    assert "5550144" not in page  # an ending tells people apart; the list is no phone book


def test_when_nobody_matches_close_ones_and_a_prefilled_form_are_offered(desk: Client, everybody: None) -> None:
    page = desk.get(reverse("patients:list"), {"q": "rahmi 78"}).content.decode()

    assert "No one matches “rahmi 78”." in page
    assert "Close matches" in page
    assert "Rahimi, Leila" in page
    assert f'{reverse("patients:register")}?q=rahmi+78"' in page


def test_what_was_typed_is_shown_as_text_and_never_runs(desk: Client) -> None:
    page = desk.get(reverse("patients:list"), {"q": "<script>alert(1)</script>"}).content.decode()

    assert "<script>alert" not in page


def test_the_archived_are_hidden_unless_asked_for(desk: Client, everybody: None) -> None:
    Patient.objects.filter(family_name="Rahimi").update(archived_at=NOW)

    assert "Rahimi, Leila" not in desk.get(reverse("patients:list"), {"q": "rahimi 1978"}).content.decode()
    assert "Rahimi, Leila" in desk.get(reverse("patients:list"), {"q": "rahimi 1978", "archived": "1"}).content.decode()


def test_a_long_list_is_turned_page_by_page(desk: Client) -> None:
    many(30)

    first = desk.get(reverse("patients:list"))
    second = desk.get(reverse("patients:list"), {"page": "2"})

    names = [p.sort_key for p in [*first.context["patients"], *second.context["patients"]]]
    assert (len(first.context["patients"]), len(second.context["patients"])) == (25, 5)
    assert names == sorted(names)
    assert "page=2" in first.content.decode()
    assert desk.get(reverse("patients:list"), {"page": "x"}).status_code == 200


@pytest.mark.parametrize("query", [{}, {"q": "Ada"}, {"q": "0000"}, {"q": "zzzz"}], ids=str)
def test_searching_costs_the_same_for_one_and_for_fifty(desk: Client, query: dict[str, str]) -> None:
    desk.get(reverse("patients:list"))  # the session's first write
    counts = []

    for rows in (1, 50):
        many(rows)
        with CaptureQueriesContext(connection) as asked:
            desk.get(reverse("patients:list"), query)
        counts.append(len(asked))

    assert counts[0] == counts[1] <= 6


GIVEN = [
    "Ada",
    "Bela",
    "Chen",
    "Dilnoza",
    "Emeka",
    "Farid",
    "Gudrun",
    "Hiro",
    "Inés",
    "Jonas",
    "Katya",
    "Leila",
    "Milo",
]
SYLLABLES = ["ba", "ri", "mo", "ten", "shu", "kal", "ver", "osh", "lin", "dar", "gue", "pet", "ska", "wil"]


def many(rows: int) -> None:
    families = itertools.cycle("".join(parts).title() for parts in itertools.product(SYLLABLES, repeat=3))
    connection.ensure_connection()
    add_people(
        connection.connection,
        (
            {
                "given_name": GIVEN[n % len(GIVEN)],
                "family_name": next(families),
                "birth_date": date.fromordinal(date(1930, 1, 1).toordinal() + n * 37 % 33000),
                "sex": "",
                "mobile": f"+1202{5550000 + n * 7919 % 10_000_00:07d}",
                "email": "",
            }
            for n in range(rows)
        ),
        registered_at=NOW,
    )


@pytest.mark.django_db(transaction=True)
def test_no_search_reads_the_whole_table() -> None:
    """At 20,000 patients, after the statistics that autovacuum would have taken."""
    many(20_000)
    owner = environ.Env.db_url_config(os.environ["DATABASE_OWNER_URL"])
    with psycopg.connect(
        dbname=connection.settings_dict["NAME"],
        user=owner["USER"],
        password=owner["PASSWORD"],
        host=unquote(owner["HOST"]),
        port=owner["PORT"] or None,
        autocommit=True,
    ) as database:
        database.execute("VACUUM ANALYZE patients_patient")

    plans = {typed: plan_of(typed) for typed in TYPED_AT_SCALE} | {
        f"{typed}~": near(typed) for typed in ("bamoet", "lelia")
    }

    assert {typed: plan for typed, plan in plans.items() if "Seq Scan" in plan or "Index" not in plan} == {}


TYPED_AT_SCALE = [
    "ri",
    "bamote",
    "leila bamo",
    "0144",
    "2025550144",
    "1978-03-04",
    "bari 78",
    "bamote 0144",
    "李小龍",
    "rc-00123",
]


def plan_of(typed: str) -> str:
    return Patient.objects.current().matching(read(typed, on=TODAY))[:26].explain()


def near(typed: str) -> str:
    wanted = read(typed, on=TODAY)
    return Patient.objects.filter(search.nearly_holds(wanted)).order_by(search.nearness(wanted).desc())[:200].explain()

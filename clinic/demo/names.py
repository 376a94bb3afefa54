"""Two hundred made-up people of many origins. Phone numbers are from the range kept free for fiction."""

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

AREA_CODES = ("202", "212", "303", "312", "415", "617", "713", "786")

# Given names (f: female, m: male) and family names that go together.
ORIGINS: dict[str, tuple[str, str, str]] = {
    "persian": ("Leila Shirin Parisa Nasrin", "Dariush Omid Kaveh Farid", "Rahimi Tehrani Karimi Farahani Shirazi"),
    "irish": ("Niamh Aoife Siobhán Ciara", "Rhys Owen Declan Cormac", "Walsh Byrne Kavanagh O’Brien Gallagher"),
    "chinese": ("Mei Xiulan Jing Yan", "Wei Jun Tao Ming", "Chen Zhang Liu Huang Zhao"),
    "yoruba": ("Amara Folake Titilayo Yewande", "Tobi Adewale Babatunde Segun", "Okafor Adeyemi Osei Balogun Adebayo"),
    "spanish": ("Carla Marisol Inés Pilar", "Tiago Álvaro Joaquín Íñigo", "Lopez Cruz Peña Ibáñez Núñez"),
    "portuguese": ("Marta Inês Beatriz Lurdes", "João Duarte Rui Tomás", "Silva Costa Ferreira Gonçalves Abreu"),
    "polish": ("Agnieszka Małgorzata Zofia Halina", "Łukasz Wojciech Paweł Zbigniew", "Nowak Wiśniewska Zieliński"),
    "ukrainian": ("Оксана Олена Dana Petra", "Андрій Тарас Ivan Jonas", "Шевченко Popescu Petrov Novak Коваленко"),
    "nordic": ("Astrid Mia Ingrid Sólveig", "Mikael Eero Björn Søren", "Lind Virtanen Jensen Ångström Lindqvist"),
    "arabic": ("Salma Amina Yasmin Hala", "Yusuf Karim Imran Walid", "Haddad Khan Mansour Al-Sayed Haile"),
    "vietnamese": ("Linh Thảo Ngọc Hạnh", "Minh Đức Quang Tuấn", "Nguyễn Trần Phạm Lê Đặng"),
    "indian": ("Priya Ananya Lakshmi Meera", "Arjun Vikram Rohan Suresh", "Nair Sharma Iyer Patel Chatterjee"),
    "japanese": ("Hana Yuki Sakura Emiko", "Kenji Haruto Takumi Ren", "Sato Ito Yamamoto Kobayashi"),
    "german": ("Jana Ulrike Sabine Greta", "Karl Thomas Jürgen Götz", "Schmidt Brandt Meyer Müller Weiß"),
    "greek": ("Eleni Despina Katerina Sofia", "Nikos Yannis Stavros Dimitris", "Papadopoulou Vlachos Georgiou"),
    "turkish": ("Deniz Ayşe Gül Zeynep", "Emre Çağlar Barış İlker", "Kaya Yılmaz Öztürk Şahin Demir"),
    "american": ("Tara Joan Grace Loretta", "Daniel Marcus Wendell Luke", "Baker Brown Freeman Hollowell Whitaker"),
    "hawaiian": ("Leilani Kalea Noelani Malia", "Kai Keanu Makoa Ikaika", "Kealoha Kahananui Kamakawiwoʻole"),
    "korean": ("Jae Soo-jin Ji-woo Hye-rin", "Min-jun Seo-jun Dong-hyun Ji-ho", "Kim Park Choi Jung"),
    "french": ("Inès Aurélie Chloé Maëlle", "Luc Étienne Benoît Loïc", "Moreau Dubois Lefèvre Rousseau"),
}
# The last of the list write their names in a script of their own.
OWN_SCRIPT = (
    ("Λεία", "Παπαδοπούλου", "female"),
    ("伟", "陈", "male"),
    ("ليلى", "حداد", "female"),
    ("अनन्या", "शर्मा", "female"),
    ("서준", "김", "male"),
    ("さくら", "佐藤", "female"),
)


@dataclass(frozen=True, slots=True)
class Person:
    given_name: str
    family_name: str
    sex: str
    birth_date: date | None
    mobile: str
    email: str


def people(count: int, *, today: date) -> Iterator[Person]:
    """`count` people, the same ones every time; `today` only decides their ages."""
    chance = random.Random(360)
    origins = list(ORIGINS.values())
    seen: set[tuple[str, str]] = set()
    while len(seen) < count:
        women, men, families = origins[len(seen) % len(origins)]
        sex = chance.choice(("female", "male"))
        given = chance.choice((women if sex == "female" else men).split())
        family = chance.choice(families.split())
        if (nth := len(seen) - count + len(OWN_SCRIPT)) >= 0:
            given, family, sex = OWN_SCRIPT[nth]
        if (given, family) in seen:
            family = f"{family}-{chance.choice(families.split())}"
            if (given, family) in seen:
                continue
        number = len(seen)
        seen.add((given, family))
        yield Person(
            given_name=given,
            family_name="" if number == 77 else family,  # some people have one name
            sex=sex,
            birth_date=None if number % 67 == 66 else today - timedelta(days=chance.randint(18 * 365, 86 * 365)),
            mobile=f"+1{AREA_CODES[number // 100 % 8]}5550{100 + number % 100}",
            email=_address(given, family, number) if number % 2 else "",
        )


def _address(given: str, family: str, number: int) -> str:
    plain = unicodedata.normalize("NFKD", f"{given}.{family}").encode("ascii", "ignore").decode().lower()
    letters = "".join(char for char in plain if char.isalnum() or char == ".").strip(".")
    return f"{letters or 'patient'}{number}@example.org"

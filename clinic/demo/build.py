"""The demo clinic, made through the real actions: the same people every time, their days relative to today."""

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.db import transaction

from clinic.demo import conversations, house, messages, prices, waiting
from clinic.demo.classes import neck_group
from clinic.demo.names import people
from clinic.demo.record import Notes, what_followed
from clinic.demo.stories import STORIES, WARNING
from clinic.demo.treatment import Treatment, agree
from clinic.demo.visits import Diary
from patients.actions import registration
from patients.models import Patient
from people.models import User
from programs.models import TreatmentGiven
from programs.rules.rulebook import rulebook

PATIENTS = 200
IN_TREATMENT = 16
WITH_NOTES = 8  # of them, with their follow-ups signed
GETTING_WORSE = (3, 5)
HISTORY_DAYS = 85
FULL_DAY, USUAL_DAY = 32, 6  # visits; today is full
FAR_THROUGH = (1.1, 0.02, 0.3, 0.7)  # how far plans have got: every phase is seen, and some have ended
OTHER_VISITS = (
    "review",
    "laser_therapy",
    "exercise_program",
    "first_assessment",
    "chiropractic_care",
    "dry_needling",
    "shockwave",
)


@transaction.atomic
def build(*, now: datetime) -> None:
    """Make the whole demo clinic, or nothing of it. `now` is on the clinic's own clock."""
    chance = random.Random(360)
    today = now.date()
    made = house.open_doors(now=now - timedelta(days=HISTORY_DAYS + 30), today=today)
    diary = Diary(made.timetable, made.desk, now, chance)
    everybody = list(_register(by=made.desk, now=now))
    neck_group(diary, everybody[60:90], by=made.desk, doctor=made.doctor)
    _warn(everybody[1], diary, chance, today)
    for number, patient in enumerate(everybody[2 : 2 + IN_TREATMENT]):
        story = STORIES[number % len(STORIES)]
        length = rulebook().templates[story.template].phases[-1].day_end
        passed = min(round(length * FAR_THROUGH[(number + number // len(STORIES)) % len(FAR_THROUGH)]), HISTORY_DAYS)
        Treatment(patient, story, diary, chance).begin(first_day=today - timedelta(days=passed + 1))
    Treatment(everybody[0], STORIES[0], diary, chance).begin(first_day=today - timedelta(days=25))
    noted: list[TreatmentGiven] = []
    for number, patient in enumerate([everybody[0], *everybody[2 : 2 + WITH_NOTES]]):
        story = STORIES[max(0, number - 1) % len(STORIES)]
        noted += Notes(patient, story, chance, is_worse=number in GETTING_WORSE).write()
    what_followed(noted, doctor=made.doctor, now=now)
    _fill(diary, everybody[60:], made.doctor, chance, today)
    waiting.fill(everybody[30:60], by=made.desk, now=now, chance=chance)
    prices.set_prices(by=made.doctor, now=now)
    prices.sell_some([everybody[0], *everybody[2:6]], by=made.desk, now=now)
    messages.fill(office=made.doctor, desk=made.desk, now=now)
    conversations.fill(everybody[0], everybody[2:], doctor=made.doctor, now=now)


def _register(*, by: User, now: datetime) -> Iterator[Patient]:
    """Leila first: she is the one whose portal the demo shows. Then Thomas, who has a warning sign open."""
    known: list[registration.Details] = [
        {
            "given_name": "Leila",
            "family_name": "Rahimi",
            "title": "Ms",
            "sex": "female",
            "birth_date": date(1978, 3, 4),
            "mobile": "+12025550143",
            "email": "leila@example.org",
        },
        {
            "given_name": "Thomas",
            "family_name": "Brandt",
            "title": "Mr",
            "preferred_name": "Tom",
            "sex": "male",
            "birth_date": date(1965, 2, 2),
            "mobile": "+12025550177",
            "email": "thomas.brandt@example.org",
        },
    ]
    for number, details in enumerate([*known, *map(_details, people(PATIENTS - len(known), today=now.date()))]):
        at = now - timedelta(days=HISTORY_DAYS + 5, minutes=7 * number)
        patient = registration.register(by=by, now=at, even_if_known=True, **details)
        if number == 0 and patient.user and patient.birth_date:
            registration.confirm_identity(patient, birth_date=patient.birth_date, by=patient.user, now=at)
        yield patient


def _details(person: object) -> registration.Details:
    names = ("given_name", "family_name", "sex", "birth_date", "mobile", "email")
    return {name: getattr(person, name) for name in names}  # type: ignore[return-value]  # the keys are Details'


def _warn(patient: Patient, diary: Diary, chance: random.Random, today: date) -> None:
    """Unsteady legs and clumsy hands: two answers that a doctor must look at today."""
    called_at = diary.now - timedelta(days=2)
    days = [today + timedelta(days=n) for n in range(4)]
    diary.book(patient, "first_assessment", days, booked_at=called_at, not_before=diary.now)
    answers = frozenset({"rf_gait_change", "rf_hand_clumsiness"})
    Treatment(patient, WARNING, diary, chance).send_form(at=diary.now - timedelta(minutes=50), yes=answers)


def _fill(diary: Diary, patients: list[Patient], doctor: User, chance: random.Random, today: date) -> None:
    """Visits outside a plan, until today is full and the next two weeks look like a clinic's."""
    cancelled = 0
    for ahead in range(15):
        day = today + timedelta(days=ahead)
        held = diary.timetable.visits_on(day)
        for _ in range(held, FULL_DAY if ahead == 0 else USUAL_DAY):
            booked_at = datetime.combine(min(day, today), datetime.min.time(), tzinfo=diary.now.tzinfo) - timedelta(
                days=4
            )
            patient, code = chance.choice(patients), chance.choice(OTHER_VISITS)
            modality = rulebook().services[code].modality
            if modality and ahead == 0:  # a treatment of today may have begun, and then everything was signed
                agree(patient, [modality], by=doctor, now=booked_at)
            # Spread over the day: nobody's mornings are full and afternoons empty.
            earliest = datetime.combine(day, time(chance.randrange(8, 16)), tzinfo=diary.now.tzinfo)
            visit = diary.book(patient, code, [day], booked_at=booked_at, not_before=earliest)
            if visit and ahead > 0 and visit.is_standing and cancelled < 4 and chance.random() < 0.1:
                diary.call_off(visit)
                cancelled += 1

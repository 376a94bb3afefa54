"""The demo's class: the neck group, this week and next, on the day of the week that today is."""

from datetime import datetime, time, timedelta

from clinic.appointments.actions import attendance, groups, seats
from clinic.appointments.models import Resource
from clinic.appointments.rules.status import Status
from clinic.demo.timetable import Place
from clinic.demo.treatment import agree
from clinic.demo.visits import Diary
from patients.models import Patient
from people.models import User
from programs.rules.rulebook import rulebook

CLASS, BEGINS = "exercise_class", time(10, 30)
CAME_TODAY, TAKEN = 4, (5, 3)  # places given in the first and in the second week
BOOKED_BEFORE = timedelta(days=8)


def neck_group(diary: Diary, patients: list[Patient], *, by: User, doctor: User) -> None:
    """Two meetings of the class. Whoever came to today's is ticked off if it has begun by now."""
    service = rulebook().services[CLASS]
    leader = next(who for who in diary.timetable.clinicians if "exercise_professional" in who.offers)
    gym = next(room for room in diary.timetable.rooms if "room_gym" in room.offers)
    booked_at = diary.now - BOOKED_BEFORE
    people = iter(patients)
    for week, taken in enumerate(TAKEN):
        starts_at = datetime.combine(diary.now.date() + timedelta(weeks=week), BEGINS, tzinfo=diary.now.tzinfo)
        pieces: tuple[Resource, ...] = (leader, gym)
        site = diary.timetable.works_at[leader.pk]
        [group] = groups.create(
            name="Neck group", service=service, site=site, starts_at=starts_at, resources=pieces, by=by, now=booked_at
        )
        for number in range(taken):
            patient = next(people)
            diary.timetable.pencil_in(service, patient.pk, Place(starts_at, site, pieces))
            agree(patient, ["exercise_program"], by=doctor, now=booked_at)
            visit = seats.seat(group, patient=patient, by=by, now=booked_at)
            if week == 0 and number < CAME_TODAY and starts_at < diary.now:
                attendance.set_status(visit, Status.ARRIVED, was=visit.status, by=by, now=starts_at)

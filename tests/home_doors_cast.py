"""The hands at home that try to give what must wait (`door_cast`): a patient who books, moves and takes back."""

from django.urls import reverse
from door_cast import EXERCISE, TEMPLATE, House, Knock
from factories import NOW
from plan_cast import a_plan

from clinic.appointments.actions import booking


def by_moving_at_home(house: House) -> Knock:
    visit = house.book(10)
    url = reverse("portal:visit_change", args=[visit.pk])
    sent = {"do": "move", "offer": house.offer(14), "revision": visit.revision}
    return lambda: house.desk(house.leila.user).post(url, sent)


def by_booking_at_home(house: House) -> Knock:
    plan = a_plan(house.leila, template_code=TEMPLATE, by=house.sara.user)
    session = plan.sessions.filter(modality=EXERCISE).earliest("due_on")
    sent = {"what": session.pk, "offer": house.offer(10)}
    return lambda: house.desk(house.leila.user).post(reverse("portal:book"), sent)


def by_undoing_a_cancellation_at_home(house: House) -> Knock:
    visit = booking.cancel(house.book(10), reason="ill", by=house.leila.user, now=NOW)
    url = reverse("portal:visit_change", args=[visit.pk])
    return lambda: house.desk(house.leila.user).post(url, {"do": "undo", "revision": visit.revision})

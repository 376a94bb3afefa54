"""Patients at their own door: signed in, with a plan and a visit. Everybody in here is made up."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import time_machine
from booking_cast import at, service
from django.test import Client
from django.urls import reverse
from factories import NOW, a_clinician, a_portal_patient, a_room, a_site, a_user, the_clinic
from plan_cast import a_plan

from clinic.appointments.actions import booking
from clinic.appointments.models import Appointment, Resource
from patients.models import Patient
from people.models import Site, User
from people.rules.permissions import Role
from programs.models import Plan

__all__ = ["A_DAY", "THURSDAY", "Portal", "a_portal", "it_is", "signed_in"]


@contextmanager
def it_is(moment: datetime) -> Iterator[None]:
    """The clock stands still at that moment."""
    with time_machine.travel(moment, tick=False):
        yield


def signed_in(user: User | None) -> Client:
    assert user is not None
    client = Client()
    client.force_login(user)
    return client


@dataclass
class Portal:
    """Leila, who follows a plan, and a clinic that expects her on Thursday at half past ten."""

    leila: Patient
    plan: Plan
    visit: Appointment
    site: Site
    sara: Resource
    room: Resource
    rosa: User

    @property
    def client(self) -> Client:
        return signed_in(self.leila.user)

    @property
    def link(self) -> str:
        """The address in the message about the visit."""
        return reverse("portal:link", args=[self.visit.link_token])

    def stored(self) -> Appointment:
        """The visit on Thursday as it stands by now."""
        return Appointment.objects.get(pk=self.visit.pk)

    def what_stands(self) -> tuple[str, int, int]:
        """Its status, its revision, and how much it holds."""
        visit = self.stored()
        return visit.status, visit.revision, visit.holds.count()

    def book(self, starts_at: datetime, patient: Patient | None = None, **changes: Any) -> Appointment:
        asked: dict[str, Any] = {
            "patient": patient or self.leila,
            "service": service(),
            "site": self.site,
            "starts_at": starts_at,
            "resources": (self.sara, self.room),
            "by": self.rosa,
            "now": NOW,
        }
        return booking.book(**asked | changes)


def a_portal() -> Portal:
    the_clinic()
    site = a_site()
    site.address = "12 Elm Street"
    site.save()
    sara, room, rosa = a_clinician(), a_room(), a_user(Role.FRONT_DESK)
    leila = a_portal_patient()
    portal = Portal(leila, a_plan(leila, by=sara.user), Appointment(), site, sara, room, rosa)
    portal.visit = portal.book(at(10, 30, day=17))
    return portal


THURSDAY = at(10, 30, day=17)
A_DAY = timedelta(days=1)

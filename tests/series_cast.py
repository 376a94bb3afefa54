"""What the tests of whole plans have in common: a clinic that can give everything, and a plan to be booked."""

import re
from datetime import datetime
from typing import Any
from uuid import uuid4

from booking_cast import Cast, a_cast
from django.http import HttpResponse
from django.urls import reverse
from factories import NOW, a_room, a_user

from clinic.appointments.actions import series
from clinic.appointments.actions.series_problem import Asked, task
from clinic.appointments.models import Appointment, Resource
from clinic.appointments.rules.series.answer import Proposal
from patients.models import Patient
from people.models import User
from people.rules.permissions import Role
from programs.actions import plans
from programs.models import Plan
from programs.rules.rulebook import rulebook

TEMPLATE = "tpl_acute_spasm_conservative"


def a_cast_for_plans() -> Cast:
    """With everybody and everything the programs need."""
    found = a_cast()
    services = [it for it in rulebook().services.values() if it.is_enabled and not it.is_class]
    people = sorted({code for it in services for code in it.professions})
    Resource.objects.filter(pk=found.sara.pk).update(offers=people)
    a_room("Everything", *sorted({code for it in services for code in it.room_kinds}), site=found.site)
    for n, code in enumerate(sorted({code for it in services for need in it.devices for code in need})):
        Resource.objects.create(kind="device", name=f"Device {n}", site=found.site, offers=[code])
    found.sara.refresh_from_db()
    return found


def a_plan(patient: Patient, *, doctor: User | None = None) -> Plan:
    by = doctor or a_user(Role.CLINICIAN)
    return plans.start(patient, template_code=TEMPLATE, starts_on=NOW.date(), remind_at=None, by=by, now=NOW)


def booked_whole(plan: Plan, *, by: User, now: datetime = NOW) -> list[Appointment]:
    """Every session of the plan, where the product proposes it; soonest first."""
    found = task(plan, Asked(), now=now)
    best = series.propose(found)
    assert isinstance(best, Proposal)
    done = series.commit(plan, best.placed, sessions=found.sessions, key=uuid4(), by=by, now=now)
    return sorted(done.booked, key=lambda visit: visit.starts_at)


def page(plan: Plan) -> str:
    return reverse("appointments:plan_book", args=[plan.pk])


def hidden(answer: HttpResponse) -> dict[str, Any]:
    text = answer.content.decode()
    return {name: re.findall(rf'name="{name}" value="([^"]+)"', text)[0] for name in ("proposal", "request_key")}

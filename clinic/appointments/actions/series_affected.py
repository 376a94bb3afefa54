"""Plans that are booked and no longer hold: what was missed, what cannot take place, what is too near. Reads only."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, TextChoices
from django.utils.translation import gettext_lazy as _

from clinic.appointments.actions import series_course
from clinic.appointments.actions.series_course import Asked, Course
from clinic.appointments.models import Appointment
from patients.models import Patient
from people.models import Clinic, User
from programs.actions import offering, safety
from programs.actions.safety import Treatment
from programs.actions.safety_file import Nearby
from programs.models import Plan

MOST_PLANS: Final = 40  # on one page; the next ones come when these are seen to


class Wrong(TextChoices):
    """What is the matter with a session, without any clinical reason."""

    FAILED = "failed", _("did not take place")
    STRANDED = "stranded", _("cannot take place where it stands")
    FORBIDDEN = "forbidden", _("a clinician must check first")
    TOO_NEAR = "too_near", _("out of order, or too near the one before")


@dataclass(frozen=True, slots=True)
class Affected:
    course: Course
    wrong: Mapping[UUID, Wrong]  # by session

    @property
    def plan(self) -> Plan:
        return self.course.plan


def affected(user: User, *, now: datetime) -> list[Affected]:
    """Every plan being followed with something to mend, the most pressing first. As many queries for fifty as one."""
    booked = Appointment.objects.filter(session__plan=OuterRef("pk"))
    treated = Patient.objects.visible_to(user).filter(archived_at=None, died_on=None)
    plans = Plan.objects.active().filter(Exists(booked), patient__in=treated).select_related("patient")
    found = [it for it in of_plans(list(plans), now=now) if it.wrong]
    return sorted(found, key=lambda it: (_first_day(it), str(it.plan.pk)))


def of_plans(plans: Collection[Plan], *, now: datetime) -> list[Affected]:
    """The same of these plans, also of those with nothing to mend."""
    if not plans:
        return []
    today = Clinic.day_of(now)
    courses = series_course.courses(plans, Asked(only_mending=True), offering.current(), today=today, now=now)
    return [Affected(it, wrong(it)) for it in courses]


def wrong(course: Course) -> dict[UUID, Wrong]:
    """What is the matter with which session; the gravest word for each."""
    standing = {it.session_id for it in course.fixed} | course.ahead.keys()
    found = dict.fromkeys(_too_near(course), Wrong.TOO_NEAR)
    failed = (it.pk for it in course.sessions if it.pk in course.failed and it.pk not in standing)
    found |= dict.fromkeys(failed, Wrong.FAILED)
    found |= dict.fromkeys(course.stranded, Wrong.STRANDED)
    found |= dict.fromkeys(_forbidden(course), Wrong.FORBIDDEN)
    return found


def _forbidden(course: Course) -> list[UUID]:
    treatments = {
        it.pk: Treatment(it.modality, course.ahead[it.pk].local_start.date(), it.technique)
        for it in course.sessions
        if it.pk in course.ahead
    }
    judged = safety.standings(course.file, treatments.values(), nearby=Nearby(is_plan=True))
    return [pk for pk, standing in zip(treatments, judged, strict=True) if not standing.may_be_given]


def _too_near(course: Course) -> list[UUID]:
    """Later sessions that come before an earlier one, or sooner after it than the plan allows."""
    rows = defaultdict(list)
    for it in course.sessions:
        if it.pk in course.ahead:
            rows[it.modality].append(it)
    found = []
    for sessions in rows.values():
        for one, other in pairwise(sorted(sessions, key=lambda it: it.ordinal)):
            apart = course.ahead[other.pk].local_start.date() - course.ahead[one.pk].local_start.date()
            least = course.least_days(other) if other.ordinal == one.ordinal + 1 else 0
            if apart.days < least or course.ahead[other.pk].starts_at < course.ahead[one.pk].starts_at:
                found.append(other.pk)
    return found


def _first_day(it: Affected) -> datetime:
    """Of the soonest visit that something is the matter with; what was missed has waited since then."""
    visits = [it.course.ahead.get(pk) or it.course.failed.get(pk) for pk in it.wrong]
    return min(visit.starts_at for visit in visits if visit)

"""Patients who follow a plan. Everybody in here is made up."""

from datetime import date, datetime, time
from typing import Any

from factories import MONDAY, NOW, a_clinician, a_patient, the_clinic

from patients.models import Patient, RedFlag
from people.models import User
from programs.actions import plans
from programs.models import Plan

ACUTE = "tpl_acute_spasm_conservative"


def a_therapist() -> User:
    the_clinic()
    user = a_clinician().user
    assert user is not None
    return user


def a_plan(
    patient: Patient | None = None,
    *,
    template_code: str = ACUTE,
    starts_on: date = MONDAY,
    by: User | None = None,
    now: datetime = NOW,
    remind_at: time | None = time(17),
) -> Plan:
    return plans.start(
        patient or a_patient(),
        template_code=template_code,
        starts_on=starts_on,
        remind_at=remind_at,
        by=by or a_therapist(),
        now=now,
    )


def an_open_flag(patient: Patient, code: str = "rf_fever", urgency: str = "same_day", **fields: Any) -> RedFlag:
    return RedFlag.objects.create(patient=patient, code=code, urgency=urgency, raised_at=NOW, **fields)

"""Messages by the hundred: what PostgreSQL makes of the planner's statements when it knows nothing of them yet."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from factories import NOW, the_clinic

from clinic.reminders.actions import reach, second_ways
from clinic.reminders.models import ContactPreference, Message
from patients.models import Patient

pytestmark = pytest.mark.django_db


def steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for it in plan.get("Plans", []):
        yield from steps(it)


def test_what_waits_by_the_hundred_is_not_compared_each_with_each() -> None:
    """PostgreSQL knows of a table what it counted last, here nothing: it must not matter."""
    the_clinic()
    count, compared = 600, 0
    patients = Patient.objects.bulk_create(
        Patient(family_name=f"Number {n}", email=f"p{n}@example.org", mobile="+12025550143", registered_at=NOW)
        for n in range(count)
    )
    ContactPreference.objects.bulk_create(ContactPreference(patient=it, channel="letter") for it in patients)
    until = NOW + timedelta(days=1)
    Message.objects.bulk_create(
        Message(
            occasion=f"next:{it.pk}", kind=Message.Kind.NEXT_DUE, patient=it, due_at=NOW, not_before=NOW,
            not_after=until, state=["ready", "failed"][nth % 2], reason=["", "bounced"][nth % 2],
        )
        for nth, it in enumerate(patients)
    )  # fmt: skip

    def counted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal compared
        if sql.lstrip().startswith(("SELECT", "WITH", "UPDATE")):
            with transaction.atomic(), connection.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
                found = cursor.fetchone()[0]
                transaction.set_rollback(True)
            plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
            compared += sum(it.get("Rows Removed by Join Filter", 0) * it["Actual Loops"] for it in steps(plan))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(counted):
        second_ways.plan(reach.given(), now=NOW)

    assert compared <= 100 * count  # of the two hundred that are asked for at once

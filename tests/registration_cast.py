"""Somebody signed in at the desk, and what was written down about it."""

from django.test import Client
from factories import a_user, the_clinic

from people.models import AuditEvent
from people.rules.permissions import Role


def signed_in_as(role: str = Role.FRONT_DESK) -> Client:
    the_clinic()
    client = Client()
    client.force_login(a_user(role))
    return client


def deeds() -> list[str]:
    return list(AuditEvent.objects.order_by("at", "pk").values_list("deed", flat=True))

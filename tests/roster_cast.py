"""The pages on which rooms, devices, hours, leave and closing days are set up."""

from typing import Any

from django.test import Client
from django.urls import reverse
from office_cast import said

MORNING = {"starts": "09:00", "ends": "12:00"}


def url(page: str, *ids: Any, query: str = "") -> str:
    return reverse(f"appointments:roster{page}", args=ids) + query


def show(office: Client, page: str, *ids: Any) -> str:
    return said(office.get(url(page, *ids)))


def hours(site: Any, **changes: Any) -> dict[str, Any]:
    typed = {"site": site.pk, "weekdays": ["0", "2"], **MORNING, "valid_from": "2026-09-14"}
    return typed | changes

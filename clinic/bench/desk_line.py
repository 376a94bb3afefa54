"""A desk that books over HTTP: the form that the booking panel posts, without the panel."""

import http.client
import uuid
from datetime import UTC, datetime
from importlib import import_module
from urllib.parse import urlencode

from django.conf import settings

from clinic.appointments.models import Resource
from clinic.appointments.rules.refusals import SlotTaken
from clinic.bench.clients import PATIENCE
from patients.models import Patient
from people.models import User

TOKEN = "a" * 32  # no secret: a cookie and a header that agree


def signed_in(desk: User) -> str:
    """The key of a new session."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session["_auth_user_id"] = str(desk.pk)
    session["_auth_user_backend"] = "people.web.backends.RightsBackend"
    session["_auth_user_hash"] = desk.get_session_auth_hash()
    session.save()
    return str(session.session_key)


class DeskLine:
    """One client of the web server, on a connection that stays open."""

    def __init__(self, port: int, session: str) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={TOKEN}",
            "X-CSRFToken": TOKEN,
        }

    def open(self) -> None:
        """Connect now, so that a race is not won by who was connected first."""
        self._line.connect()

    def close(self) -> None:
        self._line.close()

    def book(self, patient: Patient, clinician: Resource, room: Resource, starts_at: datetime) -> None:
        """Raises `SlotTaken` if the page says that it is gone, `RuntimeError` for any other answer."""
        fields = {
            "patient": patient.pk,
            "service": "review",
            "request_key": uuid.uuid4(),
            "offer": f"{starts_at.astimezone(UTC):%Y%m%dT%H%M}~{clinician.pk.hex}~{room.pk.hex}",
        }
        self._line.request("POST", "/desk/book/", urlencode(fields), self._headers)
        answer = self._line.getresponse()
        text = answer.read()
        if answer.status == http.client.CONFLICT:
            raise SlotTaken
        if answer.status != http.client.FOUND or "signin" in answer.getheader("Location", ""):
            raise RuntimeError(f"Not booked: {answer.status} {text[:2000]!r}")

"""What happens around every request."""

import time
from collections.abc import Callable

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_cache_control

from people.models import Clinic, User
from people.web import phones

Answer = Callable[[HttpRequest], HttpResponse]


class ClinicOfRequest:
    """Puts the clinic on the request and makes its time zone the one that pages are written in."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        clinic = Clinic.objects.first() if request.path != "/healthz" else None
        request.clinic = clinic  # type: ignore[attr-defined]
        with timezone.override(clinic.zone if clinic else None):
            return self.answer(request)


class IdleSignOut:
    """Signs out whoever left: a clinic's screens stand where others pass (45 CFR 164.312(a)(2)(iii)).

    A page that refreshes itself says so (`hx-headers='{"X-Unattended": "1"}'`), or a day view left open
    would keep its user signed in for ever.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User):
            now, session = int(time.time()), request.session
            seen, since = session.get("seen_at", now), session.get("began_at", now)
            idle = phones.idle_seconds(request, is_patient=not user.is_staff_member, now=now)
            is_left_alone = idle is not None and now - seen > idle
            if is_left_alone or phones.has_lasted_too_long(request, since=since, now=now):
                logout(request)
                if idle is not None and is_left_alone:
                    phones.say_left_alone(request, seconds=idle)
            elif request.headers.get("X-Unattended") and "seen_at" in session:
                pass
            elif now - seen > 30 or "seen_at" not in session:
                session["seen_at"] = now  # at most one write in 30 s: the session is a database row
                session["began_at"] = since
        return self.answer(request)


class NeverStored:
    """No page stays in a browser's or proxy's store (the Back button after signing out).

    All of them and not those of a list: a page that somebody adds is about somebody until it says otherwise.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.answer(request)
        if request.user.is_authenticated or not response.has_header("Cache-Control"):
            patch_cache_control(response, no_store=True, private=True)
        return response

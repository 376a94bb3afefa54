"""Language and text size: two taps from every page, kept on the device and with who reads."""

from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme

from clinic.reminders.actions import reaching
from clinic.reminders.models import ContactPreference
from patients.models import Patient
from people.actions import accounts, wall
from people.models import User
from people.models.user import TEXT_SIZES
from people.web.context import TEXT_SIZE
from people.web.guards import public
from people.web.phones import is_shared

KEPT_SECONDS: Final = 365 * 24 * 60 * 60


@public
def reading(request: HttpRequest) -> HttpResponse:
    """Every language by its own name, and three sizes."""
    return _shown(request)


@public
def language(request: HttpRequest, language: str) -> HttpResponse:
    """A POST reads on in that language; letters and print follow, if the record is the reader's own."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    if request.method != "POST":
        return _shown(request)
    if isinstance(request.user, User):
        _keep_with_records(request.user, language)
    response = redirect(_next(request))
    _set_cookie(request, response, settings.LANGUAGE_COOKIE_NAME, language)
    return response


@public
def text(request: HttpRequest, size: int) -> HttpResponse:
    """A POST makes all letters that large, in per cent."""
    if size not in TEXT_SIZES:
        raise Http404
    if request.method != "POST":
        return _shown(request)
    if isinstance(request.user, User):
        accounts.keep_text_size(request.user, size)
    response = redirect(_next(request))
    _set_cookie(request, response, TEXT_SIZE, str(size))
    return response


def in_own_language(user: User, request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """On a device that was told no language: the one that this patient reads elsewhere."""
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        record = _records_of(user).first()
        if record is None:
            return response
        wall.open_only(record.pk)
        kept = ContactPreference.objects.filter(patient=record).first()
        if kept and kept.language in dict(settings.LANGUAGES):
            _set_cookie(request, response, settings.LANGUAGE_COOKIE_NAME, kept.language)
    return response


def _records_of(user: User) -> Any:
    return Patient.objects.visible_to(user).filter(user=user, portal_confirmed_at__isnull=False)


def _keep_with_records(user: User, language: str) -> None:
    for patient in _records_of(user):
        kept = ContactPreference.objects.filter(patient=patient).first() or ContactPreference(patient=patient)
        names = [name for name in reaching.Wish.__dataclass_fields__ if name != "language"]
        wish = reaching.Wish(language=language, **{name: getattr(kept, name) for name in names})
        reaching.set_wish(patient, wish, by=user)


def _shown(request: HttpRequest) -> HttpResponse:
    known = [(code, translation.get_language_info(code)["name_local"]) for code, _name in settings.LANGUAGES]
    is_patient = isinstance(request.user, User) and request.user.is_patient
    context = {"languages": known, "sizes": TEXT_SIZES, "next": _next(request), "is_patient": is_patient}
    return render(request, "portal/reading_page.html", context)


def _next(request: HttpRequest) -> str:
    """The page it was opened from, if it is one of ours."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if wanted and is_ours else "/"


def _set_cookie(request: HttpRequest, response: HttpResponse, name: str, value: str) -> None:
    # On a shared phone the next one starts as the clinic has it.
    lasts = None if is_shared(request) else KEPT_SECONDS
    response.set_cookie(name, value, max_age=lasts, secure=request.is_secure(), httponly=True, samesite="Lax")

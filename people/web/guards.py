"""Who may enter a view. A view without one of these decorators stops the server (clinic.checks)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse

from people.actions import wall
from people.models import Clinic, User
from people.rules.permissions import Permission

FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]  # recovery codes alone protect nothing


class SignedInRequest(HttpRequest):
    """A request that passed a guard: there is a user and there is a clinic."""

    user: User
    clinic: Clinic


@dataclass(frozen=True, slots=True)
class Guard:
    """`anyone` needs nothing; otherwise the user needs `permission`, or only to be signed in when it is None."""

    anyone: bool = False
    permission: Permission | None = None
    staff_only: bool = False
    before_second_factor: bool = False


P = ParamSpec("P")
View = Callable[Concatenate[SignedInRequest, P], HttpResponseBase]
Guarded = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def public(view: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
    """Anyone may enter, signed in or not."""
    view.guard = Guard(anyone=True)  # type: ignore[attr-defined]
    return view


def signed_in(view: View[P]) -> Guarded[P]:
    """Anyone with an account may enter."""
    return _guarded(view, Guard())


def staff_setting_up(view: View[P]) -> Guarded[P]:
    """Staff who may still owe a second factor: the pages on which they confirm who they are and set it up.

    Patients sign in by a code and have neither password nor second factor: for them there is nothing here.
    """
    return _guarded(view, Guard(staff_only=True, before_second_factor=True))


def needs(permission: Permission) -> Callable[[View[P]], Guarded[P]]:
    """Only who has `permission` may enter. Everybody else is told the page does not exist.

    404 and not 403: the answer must not tell a stranger that there is something to find.
    """
    return lambda view: _guarded(view, Guard(permission=permission))


def _guarded(view: View[P], guard: Guard) -> Guarded[P]:
    @wraps(view)
    def enter(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, User):
            return _ask_to_sign_in(request, guard)
        if guard.permission is not None and not user.may(guard.permission):
            raise Http404
        if guard.staff_only and not user.is_staff_member:
            raise Http404
        if not guard.before_second_factor and owes_a_second_factor(request, user):
            return redirect("mfa_index")
        return _answer(cast(SignedInRequest, request), lambda entered: view(entered, *args, **kwargs))

    enter.guard = guard  # type: ignore[attr-defined]
    return enter


def _answer(request: SignedInRequest, view: Callable[[SignedInRequest], HttpResponseBase]) -> HttpResponseBase:
    """Patients are answered behind the second wall, and the page is written there too: templates ask as well."""
    if not request.user.is_patient:
        return view(request)

    def written() -> HttpResponseBase:
        response = view(request)
        return response.render() if isinstance(response, SimpleTemplateResponse) else response

    return wall.answered(request.user, written)


def _ask_to_sign_in(request: HttpRequest, guard: Guard) -> HttpResponse:
    # Only patients have their own record: they are sent straight to where a code is asked for.
    page = "account_request_login_code" if guard.permission == Permission.OWN_RECORD else None
    if not request.headers.get("HX-Request"):
        return redirect_to_login(request.get_full_path(), page)
    # A fragment must not be filled with the sign-in page: send the whole window there.
    back = request.headers.get("HX-Current-URL", "/")
    response = HttpResponse(status=204)
    response["HX-Redirect"] = redirect_to_login(urlsplit(back).path or "/", page).url
    return response


def owes_a_second_factor(request: HttpRequest, user: User) -> bool:
    """Staff must have a TOTP app or a passkey; only the demo clinic lets them in with a password alone.

    Asked at every request: an answer remembered in the session would outlive the factor it was about.
    """
    if not user.is_staff_member or is_mfa_enabled(user, FACTORS):
        return False
    clinic = getattr(request, "clinic", None)
    return not (clinic and clinic.is_demo)

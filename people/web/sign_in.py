"""Signing in: allauth's pages with our forms, each behind a guard of ours."""

from http import HTTPStatus
from typing import Any

from allauth.account import views as account
from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import views as passkeys
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from people.models import User
from people.web import forms, phones
from people.web.guards import public, staff_setting_up


class RequestCode(account.RequestLoginCodeView):
    """Send a patient a code. Who has no patient account is told so by mail only, and the page says the same."""

    form_class = forms.PatientCodeForm

    def form_valid(self, form: Any) -> HttpResponse:
        if form._user is None:
            tell_by_mail_only(form.cleaned_data["email"])
        response: HttpResponse = super().form_valid(form)
        return response


class ConfirmCode(account.ConfirmLoginCodeView):
    """The code, and whose phone this is: one's own is remembered, one that others use is not."""

    form_class = forms.CodeForm

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        user = self.request.user
        if not isinstance(user, User):
            return response  # another code was asked for
        if form.cleaned_data.get("is_shared"):
            phones.share(self.request)
        elif not Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).exists():
            words = _("Next time without a code?")
            link = format_html('<a href="{}">{}</a>', reverse("people:passkey"), _("Use your fingerprint or face"))
            messages.info(self.request, format_html("{} {}", words, link))
        return response


class ResetPassword(account.PasswordResetView):
    """Send a member of staff a link to a new password; everybody else is answered in the same way."""

    form_class = forms.StaffPasswordResetForm

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        if not form.users and response.status_code == HTTPStatus.FOUND:  # not when the limit refused it
            tell_by_mail_only(form.cleaned_data["email"])
        return response


def tell_by_mail_only(email: str) -> None:
    """As long a wait as for a known address, so that not even the clock tells the two apart."""
    get_adapter().send_mail("account/email/unknown_account", email, {})


@public
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """End the session; a patient's browser also throws away what it kept, and is led to the code and no password."""
    was_patient = isinstance(request.user, User) and request.user.is_patient
    response: HttpResponseBase = account.logout(request)
    if was_patient and not request.user.is_authenticated:
        response["Clear-Site-Data"] = '"cache", "storage"'
        response["Location"] = reverse("account_request_login_code")
    return response


sign_in = public(account.LoginView.as_view(form_class=forms.SignInForm))
request_code = public(RequestCode.as_view())
confirm_code = public(ConfirmCode.as_view())
reset_password = public(ResetPassword.as_view())
add_passkey = staff_setting_up(passkeys.AddWebAuthnView.as_view(form_class=forms.PasskeyForm))

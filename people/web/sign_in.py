"""Signing in: allauth's pages with our forms, each behind a guard of ours."""

from http import HTTPStatus
from typing import Any

from allauth.account import views as account
from allauth.account.adapter import get_adapter
from allauth.mfa.webauthn import views as passkeys
from django.http import HttpResponse

from people.web import forms
from people.web.guards import public, staff_setting_up


class RequestCode(account.RequestLoginCodeView):
    """Send a patient a code. Who has no patient account is told so by mail only, and the page says the same."""

    form_class = forms.PatientCodeForm

    def form_valid(self, form: Any) -> HttpResponse:
        if form._user is None:
            tell_by_mail_only(form.cleaned_data["email"])
        response: HttpResponse = super().form_valid(form)
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


sign_in = public(account.LoginView.as_view(form_class=forms.SignInForm))
request_code = public(RequestCode.as_view())
confirm_code = public(account.ConfirmLoginCodeView.as_view(form_class=forms.CodeForm))
reset_password = public(ResetPassword.as_view())
add_passkey = staff_setting_up(passkeys.AddWebAuthnView.as_view(form_class=forms.PasskeyForm))

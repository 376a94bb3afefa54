"""Signing in: allauth's pages with our forms, each behind a guard of ours."""

from typing import Any

from allauth.account import views as account
from allauth.account.adapter import get_adapter
from django.http import HttpResponse

from people.web import forms
from people.web.guards import public


class RequestCode(account.RequestLoginCodeView):
    """Send a patient a code. Who has no patient account is told so by mail only, and the page says the same."""

    form_class = forms.PatientCodeForm

    def form_valid(self, form: Any) -> HttpResponse:
        if form._user is None:
            # As long a wait as for a patient, so that the clock does not tell the two apart.
            get_adapter().send_mail("account/email/unknown_account", form.cleaned_data["email"], {})
        response: HttpResponse = super().form_valid(form)
        return response


sign_in = public(account.LoginView.as_view(form_class=forms.SignInForm))
request_code = public(RequestCode.as_view())
confirm_code = public(account.ConfirmLoginCodeView.as_view(form_class=forms.CodeForm))
reset_password = public(account.PasswordResetView.as_view(form_class=forms.StaffPasswordResetForm))

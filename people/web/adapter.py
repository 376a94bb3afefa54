"""How allauth behaves here."""

import logging
import smtplib
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.internal.cryptokit import generate_user_code
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from people.actions import audit
from people.models import Clinic, User
from people.web import phones

log = logging.getLogger(__name__)


def from_the_clinic(clinic: Clinic | None) -> str:
    """The sender line of a mail: the clinic's neutral name before the configured address."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return str(Address(clinic.sender_name if clinic else name, addr_spec=address))


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up: staff are invited, patients are registered by the clinic."""
        return False

    def generate_login_code(self) -> str:
        """8 digits: a phone's number pad types them, and 3 tries in 100 million are no guess."""
        return str(generate_user_code(length=8, numeric=True))

    def get_from_email(self) -> str:
        return from_the_clinic(getattr(context.request, "clinic", None))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send, or say in the log that it could not be sent.

        The page is the same either way: an error page for known addresses only would tell who is a patient.
        """
        if code := context.get("code"):
            # Behind the "#": whoever sees addresses go by, such as a log, does not see the code.
            context |= {"link": f"{settings.CLINIC_URL}{reverse('account_confirm_login_code')}#{code}"}
        try:
            super().send_mail(template_prefix, email, context)
        except (smtplib.SMTPException, OSError):
            log.exception("A mail (%s) could not be sent.", template_prefix)

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Tell people of a change to how they sign in, and keep it: allauth does this after each such change."""
        audit.record(user, f"account.{template_prefix.rpartition('/')[2]}", user)
        super().send_notification_mail(template_prefix, user, context, email or user.email)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Patients have no password to say again: where it matters they sign in anew (people/web/passkeys.py)."""
        user = getattr(context.request, "user", None)
        return not (isinstance(user, User) and user.is_patient) and super().is_reauthentication_required(
            app=app, **kwargs
        )

    def post_login(self, request: HttpRequest, user: User, **details: Any) -> HttpResponse:
        audit.record(user, "account.signed_in", user)
        if user.is_patient:
            phones.remember(request)  # whoever said that others use the phone is not (sign_in.ConfirmCode)
        response: HttpResponse = super().post_login(request, user, **details)
        return response

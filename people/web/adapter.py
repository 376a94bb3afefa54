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

from people.actions import audit
from people.models import Clinic, User

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

    def post_login(self, request: HttpRequest, user: User, **details: Any) -> HttpResponse:
        audit.record(user, "account.signed_in", user)
        response: HttpResponse = super().post_login(request, user, **details)
        return response

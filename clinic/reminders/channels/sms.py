"""Texts through the provider that `SMS_URL` names. Without it there are no texts."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from clinic.reminders.channels import twilio
from clinic.reminders.channels.text import Account

# Another provider is one more module with such a `Line`.
_PROVIDERS: Final[dict[str, Callable[[Account], twilio.Line]]] = {twilio.Line.provider: twilio.Line}


def is_on() -> bool:
    return bool(settings.SMS_URL)


def account() -> Account:
    """Raises `ImproperlyConfigured` when there is none, or one that nobody could use."""
    if not settings.SMS_URL:
        raise ImproperlyConfigured("There are no texts without SMS_URL.")
    found = Account.of(settings.SMS_URL)
    if found.provider not in _PROVIDERS:
        known = ", ".join(_PROVIDERS)
        raise ImproperlyConfigured(f"SMS_URL names a provider that we do not know. We know: {known}.")
    return found


def line() -> twilio.Line:
    found = account()
    return _PROVIDERS[found.provider](found)

"""Mail providers that are spoken to over HTTP, named by one address: anymail+postmark://?server_token=...

What each provider wants stands in the documentation of django-anymail; here are only the names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

_SCHEME: Final = "anymail+"
# As anymail writes them in the names of its classes. Not among them: those that want a library of their own.
PROVIDERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "brevo": "Brevo",
        "mailersend": "MailerSend",
        "mailgun": "Mailgun",
        "mailjet": "Mailjet",
        "mailtrap": "Mailtrap",
        "mandrill": "Mandrill",
        "postal": "Postal",
        "postmark": "Postmark",
        "sendgrid": "SendGrid",
        "sparkpost": "SparkPost",
        "unisender_go": "UnisenderGo",
    }
)
_OF_ALL: Final = frozenset({"webhook_secret"})


@dataclass(frozen=True, slots=True)
class MailAccount:
    provider: str
    backend: str
    settings: Mapping[str, Any] = field(repr=False)  # secrets


def is_one(url: str) -> bool:
    return url.startswith(_SCHEME)


def of(url: str, *, timeout: float) -> MailAccount:
    """Raises `ValueError`, without the secrets in its words."""
    parts = urlsplit(url)
    provider = parts.scheme.removeprefix(_SCHEME).replace("-", "_")
    if provider not in PROVIDERS:
        raise ValueError(f"EMAIL_URL names a provider that we do not know. We know: {', '.join(PROVIDERS)}.")
    # A plus stands for itself in a key.
    given = parse_qsl(parts.query.replace("+", "%2B"))
    if not given:
        raise ValueError(f"EMAIL_URL must look like anymail+{parts.scheme.removeprefix(_SCHEME)}://?api_key=...")
    said = {_name(provider, name): value for name, value in given}
    # Opened and clicked are nobody's business: what is in a mail would go through the provider's own links.
    unwatched = {"track_opens": False, "track_clicks": False}
    fixed = {
        "SEND_DEFAULTS": unwatched,
        "IGNORE_UNSUPPORTED_FEATURES": True,  # a provider that cannot watch refuses to be told not to
        "REQUESTS_TIMEOUT": timeout,
    }
    return MailAccount(provider, f"anymail.backends.{provider}.EmailBackend", said | fixed)


def _name(provider: str, name: str) -> str:
    return name.upper() if name in _OF_ALL else f"{provider}_{name}".upper()

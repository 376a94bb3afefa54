"""A text message, and the account with a provider that carries it."""

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    to: str  # E.164
    body: str
    mark: str = ""  # stands in this text and in no other: its short link
    report_to: str = ""  # where the provider tells what became of it
    valid_seconds: int = 0  # later than that it helps nobody; 0 = the provider decides


@dataclass(frozen=True, slots=True)
class Found:
    """A text that the provider has: what it calls it, and its status (rules/receipts.py)."""

    sid: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`SMS_URL`, taken apart: twilio+https://SID:TOKEN@api.twilio.com/?from=+15550100"""

    provider: str
    is_secure: bool
    host: str
    port: int | None
    sid: str
    secret: str = field(repr=False)
    sender: str  # a number in E.164, or a messaging service (MG...)

    @classmethod
    def of(cls, url: str) -> Self:
        """Raises `ImproperlyConfigured`, without the secret in its words."""
        parts = urlsplit(url)
        provider, _, scheme = parts.scheme.partition("+")
        # A plus stands for a space in a query, and for itself in a number.
        query = parse_qs(parts.query.replace("+", "%2B"))
        sender = (query.get("from") or query.get("service") or [""])[0]
        if not (provider and scheme in {"http", "https"} and parts.hostname and parts.username and parts.password):
            raise ImproperlyConfigured("SMS_URL must look like twilio+https://SID:TOKEN@api.twilio.com/?from=+15550100")
        if not sender:
            raise ImproperlyConfigured("SMS_URL does not say from which number: add ?from=+15550100")
        if scheme == "http" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
            raise ImproperlyConfigured("SMS_URL must be https: numbers and the account's secret travel over it.")
        return cls(
            provider=provider,
            is_secure=scheme == "https",
            host=parts.hostname,
            port=parts.port,
            sid=unquote(parts.username),
            secret=unquote(parts.password),
            sender=sender,
        )

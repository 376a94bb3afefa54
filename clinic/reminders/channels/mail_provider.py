"""A mail provider that is spoken to over HTTP: what its answers mean, and what a broken line means.

There is no key by which a repeated mail is known as one but its Message-ID, as over SMTP.
"""

from typing import Final

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailInvalidAddress, AnymailRecipientsRefused
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from requests.exceptions import ConnectionError as Broken
from requests.exceptions import ConnectTimeout, ProxyError, RequestException, SSLError
from urllib3.exceptions import MaxRetryError, NewConnectionError

from clinic.reminders.channels.trouble import InDoubt, Refused, TryLater, Unreachable

_NOT_TAKEN: Final = frozenset({429, 503})  # said before it was looked at
_NOT_US: Final = frozenset({401, 403})
_SERVERS_FAULT: Final = 500
_LONGEST_REFERENCE: Final = 120


def given(backend: BaseEmailBackend, mail: EmailMessage) -> str:
    """What the provider calls it. Raises `Refused`, `TryLater`, `Unreachable` or `InDoubt`."""
    # Comes back with every report, by which a mail is known whose answer got lost.
    setattr(mail, "metadata", {"message": _own_id(mail)})  # noqa: B010  (anymail's own; the types do not know it)
    try:
        backend.send_messages([mail])
    except AnymailInvalidAddress as error:
        raise Refused("", reason="bad_address") from error
    except AnymailRecipientsRefused as error:  # it is on their list of addresses that bounced or complained
        raise Refused("", reason="blocked") from error
    except AnymailAPIError as error:
        raise _trouble(error) from error
    except AnymailError as error:  # it could not even be put in their words: ours to mend
        raise TryLater(type(error).__name__) from error
    status = getattr(mail, "anymail_status", None)
    return str(getattr(status, "message_id", None) or "")[:_LONGEST_REFERENCE]


def _own_id(mail: EmailMessage) -> str:
    return str(mail.extra_headers.get("Message-ID", "")).strip("<>").partition("@")[0]


def _trouble(error: AnymailAPIError) -> Exception:
    status = error.status_code
    if status is None:
        cause = error.__cause__
        never_there = isinstance(cause, RequestException) and _was_never_there(cause)
        note = type(cause or error).__name__
        return Unreachable(note) if never_there else InDoubt(note)
    note = str(status)
    if status in _NOT_US:
        return Unreachable(note)
    if status in _NOT_TAKEN:
        return TryLater(note)
    # An answer that says "taken" and makes no sense is no less a doubt than one of a broken server.
    return InDoubt(note) if status >= _SERVERS_FAULT or status < 300 else TryLater(note)


def _was_never_there(cause: RequestException) -> bool:
    """Whether it broke before a byte of the mail had left."""
    if isinstance(cause, ConnectTimeout | ProxyError | SSLError):
        return True
    inner = cause.args[0] if isinstance(cause, Broken) and cause.args else None
    return isinstance(inner, MaxRetryError) and isinstance(inner.reason, NewConnectionError)

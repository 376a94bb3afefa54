"""To which servers a browser may have us post: the push services of the browsers there are, and nobody else.

The address comes from a browser. Whoever could name any address would have our server call it.
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

# Chrome and Edge on Android, Firefox, Edge on Windows, Safari. A leading dot stands for every name that ends so.
KNOWN: Final = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    ".notify.windows.com",
    "web.push.apple.com",
    ".push.apple.com",
)
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost"})


def is_one(endpoint: str, known: Iterable[str] = KNOWN) -> bool:
    """Whether `endpoint` lies at one of `known`, over TLS and at no odd port; without, only on this computer."""
    try:
        parts = urlsplit(endpoint)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return False
    if parts.username or parts.password or not _is_listed(host, known):
        return False
    return host in _LOOPBACK or (parts.scheme == "https" and port in {None, 443})


def _is_listed(host: str, known: Iterable[str]) -> bool:
    return any(host.endswith(name) if name.startswith(".") else host == name for name in known)

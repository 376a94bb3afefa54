"""Whether a call to one of our doors comes from the provider: signed with the secret that only the two of us have."""

import base64
import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

_PORTS = {"https": 443, "http": 80}


def twilio(secret: str, url: str, fields: Iterable[tuple[str, str]]) -> str:
    """Twilio's X-Twilio-Signature: HMAC-SHA1 over the address and the sorted fields of the form.

    Source: Twilio docs, "Validating Requests". A field sent twice with one value counts once.
    """
    signed = url + "".join(name + value for name, value in sorted(set(fields)))
    digest = hmac.new(secret.encode(), signed.encode(), "sha1").digest()
    return base64.b64encode(digest).decode()


def is_twilios(secret: str, url: str, fields: Iterable[tuple[str, str]], signature: str) -> bool:
    """Compared in constant time; with and without the port, because Twilio signs either."""
    fields = list(fields)
    ours = [twilio(secret, each, fields) for each in (url, _with_port(url), _without_port(url))]
    # All three, always: how long it takes must not tell which was near. compare_digest wants ASCII.
    given = signature.encode("ascii", "replace")
    return sum(hmac.compare_digest(each.encode(), given) for each in ours) > 0


def _with_port(url: str) -> str:
    parts = urlsplit(url)
    if parts.port is not None or parts.scheme not in _PORTS:
        return url
    return urlunsplit(parts._replace(netloc=f"{parts.netloc}:{_PORTS[parts.scheme]}"))


def _without_port(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition(":")[0])) if parts.port is not None else url

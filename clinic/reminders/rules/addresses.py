"""Addresses that may be compared and told apart, but not read."""

import hashlib
import hmac

_SHOWN = 2  # digits, or letters of a mailbox


def plain(address: str) -> str:
    """One spelling for one address: numbers as E.164, mail addresses without capitals."""
    return address.strip().lower()


def digest(address: str, *, key: bytes) -> str:
    """The same for the same address, and of no use to whoever does not have `key`; "" for none."""
    return hmac.new(key, plain(address).encode(), hashlib.sha256).hexdigest() if plain(address) else ""


def hint(address: str) -> str:
    """As much as the desk needs to ask "the number that ends in 17?": never enough to write to it."""
    mailbox, at, domain = plain(address).rpartition("@")
    if not at:
        return f"…{domain[-_SHOWN:]}" if domain else ""
    ending = domain.rpartition(".")[2]
    return f"{mailbox[:1]}…@….{ending}"[:20]

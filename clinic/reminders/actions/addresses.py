"""Digests of addresses under this clinic's own key."""

from django.conf import settings

from clinic.reminders.rules import addresses

_SALT = b"reminders.address:"


def digest(address: object) -> str:
    """What stands for an address in the outbox, in receipts and among the opt-outs; "" for none."""
    return addresses.digest(str(address or ""), key=_SALT + settings.SECRET_KEY.encode())

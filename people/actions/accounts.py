"""How somebody likes to read."""

from django.db import transaction

from people.actions import audit
from people.models import User


@transaction.atomic
def keep_text_size(user: User, size: int) -> None:
    """Show this account's pages in letters of `size` per cent, also on the next device."""
    if user.text_size == size:
        return
    user.text_size = size
    user.save(update_fields=["text_size"])
    audit.record(user, "account.text_size_changed", user, size=size)

"""Lines that stay open between two messages."""

import select
from http.client import HTTPConnection


def was_hung_up(http: HTTPConnection) -> bool:
    """Providers close idle lines. Something to read before we asked is that, and the line is of no use."""
    if http.sock is None:
        return True
    poll = select.poll()
    poll.register(http.sock, select.POLLIN | select.POLLHUP)
    return bool(poll.poll(0))

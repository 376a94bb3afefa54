"""A worker for which time passes as it is told: `python -m clinic.reminders.proving.stepping` reads moments, and looks.

A program of its own, so that nobody's clock can be turned in a real worker.
"""

import sys
from datetime import datetime
from functools import partial

import django


def main() -> None:
    """For each line, an ISO time: look once as if it were then, and say so."""
    django.setup()
    from django.utils import timezone  # noqa: PLC0415  after the set-up

    from clinic.reminders.tasks import look  # noqa: PLC0415

    for line in sys.stdin:
        timezone.now = partial(datetime.fromisoformat, line.strip())
        sys.stdout.write(f"{look()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

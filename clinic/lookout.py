"""What a Celery worker does besides waiting for messages."""

import logging
import threading
from typing import Any

from celery import bootsteps
from django.conf import settings
from django.db import connections

from clinic.checks import refuse_unsafe_start
from clinic.reminders.tasks import look

_log = logging.getLogger(__name__)


class SafeStart(bootsteps.Step):
    """No worker runs without the walls it relies on. (What a signal's receiver raises would only be logged.)"""

    name = "safe start"

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        refuse_unsafe_start()


class Lookout(bootsteps.StartStopStep):
    """Looks by itself, so that reminders go out when beat is dead and Redis is gone: 30 s late at most.

    It starts after the pool has forked, and before the consumer, which waits for a lost broker for ever.
    """

    name = "lookout"
    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._ended = threading.Event()

    def start(self, parent: Any) -> None:
        threading.Thread(target=self._keep_looking, name="lookout", daemon=True).start()

    def stop(self, parent: Any) -> None:
        self._ended.set()

    def _keep_looking(self) -> None:
        while not self._ended.wait(settings.LOOKOUT_SECONDS):
            try:
                look()
            except Exception:  # noqa: BLE001  (a thread that died is missed only when reminders are)
                _log.exception("The lookout stumbled, and goes on.")
            finally:
                connections.close_all()

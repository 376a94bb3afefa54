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
_ENDS_WITHIN = 40  # seconds: a look takes up to 25, and a slow mail server may hold its last mail for ten more


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
        self._thread = threading.Thread(target=self._keep_looking, name="lookout", daemon=True)

    def start(self, parent: Any) -> None:
        self._thread.start()

    def stop(self, parent: Any) -> None:
        self._ended.set()
        if self._thread.is_alive():  # what it holds is handed over, as by the children: else it would be in doubt
            self._thread.join(_ENDS_WITHIN)

    def _keep_looking(self) -> None:
        # At once: a broker that is full ends every worker as it starts, and only this look sends anything.
        while True:
            try:
                look()
            except Exception:  # noqa: BLE001  (a thread that died is missed only when reminders are)
                _log.exception("The lookout stumbled, and goes on.")
            finally:
                connections.close_all()
            if self._ended.wait(settings.LOOKOUT_SECONDS):
                return

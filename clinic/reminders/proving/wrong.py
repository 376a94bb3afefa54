"""Three ways not to do it. The rig must see what is wrong with each, or it proves nothing.

Started as programs of their own, so that nothing of this can be switched on in a real worker:
`python -m clinic.reminders.proving.wrong no-fence` (or `any-hour`), and
`celery --app clinic.reminders.proving.wrong worker`.
"""

import os
import smtplib
import sys
import time
from email.message import EmailMessage
from typing import Final

import django
from celery import Celery
from environ import Env

app = Celery("wrong", broker=os.environ.get("REDIS_URL"))
app.conf.update(
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    # The usual trap, sooner: a task whose time comes later than this is given to another worker as well.
    broker_transport_options={"visibility_timeout": 1, "unacked_restore_interval": 0.5, "unacked_restore_throttle": 1},
)
_SECONDS: Final = 120
REMIND: Final = "clinic.reminders.proving.wrong.remind"


@app.task(name=REMIND, ignore_result=True)
def remind(message_id: str) -> None:
    """A reminder as most of us write it at first: a task that waits for its time in the broker."""
    server = Env.email_url_config(os.environ["EMAIL_URL"])
    mail = EmailMessage()
    mail["Message-ID"], mail["To"], mail["From"] = message_id, "leila@example.org", "clinic@example.org"
    with smtplib.SMTP(server["EMAIL_HOST"], server["EMAIL_PORT"]) as line:
        line.send_message(mail)


def _look_on() -> None:
    from clinic.reminders.tasks import look  # noqa: PLC0415  after the set-up

    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        look()
        time.sleep(0.2)


def without_a_fence() -> None:
    """What was true when the batch was claimed is believed until it is sent."""
    django.setup()
    from clinic.reminders.actions import truth  # noqa: PLC0415  after the set-up

    truth.of = lambda *_, **__: {}
    _look_on()


def at_any_hour() -> None:
    """Whoever lives elsewhere is woken."""
    django.setup()
    from clinic.reminders.actions import delivery  # noqa: PLC0415  after the set-up

    delivery._quiet_until = lambda *_: None
    _look_on()


if __name__ == "__main__":
    {"no-fence": without_a_fence, "any-hour": at_any_hour}[sys.argv[1]]()

"""When a rule changes: what waits by the old one is forgotten, and the next look plans it by the new one."""

from django.db import connection

from clinic.reminders.models import LastLook
from patients.models import Patient
from people.actions.wall import seen_by_the_clinic


@seen_by_the_clinic()  # when was last planned is the whole clinic's
def forget_waiting(kind: str, which: str = "", *, patient: Patient | None = None) -> None:
    """Of one kind, for all or for one patient: only what nobody has heard and no worker has taken.

    The next look is a thorough one.
    Token 0 means never claimed, so neither a try nor a link hangs on the row. By SQL: Django would read every
    message of a clinic of any size before it deletes the first.
    """
    LastLook.objects.all().delete()
    whose = patient.pk if patient else None
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM reminders_message WHERE kind = %s AND state = 'ready' AND token = 0 AND attempts = 0"
            " AND instead_of_id IS NULL AND (%s = '' OR occasion LIKE '%%#' || %s)"
            " AND (%s::uuid IS NULL OR patient_id = %s)",
            [kind, which, which, whose, whose],
        )

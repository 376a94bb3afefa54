"""What must be true before the server starts."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.urls import URLPattern, URLResolver, get_resolver

from clinic.reminders.channels import push, sms
from people.actions.wall import PORTAL


def patterns(resolver: URLResolver | None = None) -> Iterator[URLPattern]:
    """Every URL pattern there is, however deep."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry)
        else:
            yield entry


@register(Tags.security)
def every_view_says_who_may_enter(**kwargs: Any) -> list[Error]:
    return [
        Error(f"{pattern.lookup_str} has no guard.", hint="Add @needs(...), @signed_in or @public.", id="clinic.E001")
        for pattern in patterns()
        if not hasattr(pattern.callback, "guard")
    ]


@register(Tags.security)
def every_channel_can_be_used(**kwargs: Any) -> list[Error]:
    """A way that is set up and cannot be used would stop the messages of every other way, too."""
    try:
        if settings.EMAIL_PROVIDER:
            get_connection()
        if sms.is_on():
            sms.account()
        if push.is_on():
            push.own_key(settings.PUSH_KEY)
    except ImproperlyConfigured as problem:
        return [Error(str(problem), id="clinic.E002")]
    return []


def refuse_unsafe_start() -> None:
    """Stop a web server or worker that would run without the walls it relies on.

    Raises `ImproperlyConfigured` when the database role could switch off triggers, when a demo
    clinic, whose passwords are printed in the README, would be open to the world, or when a channel
    cannot be used.
    """
    for problem in every_channel_can_be_used():
        raise ImproperlyConfigured(problem.msg)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper OR pg_has_role(current_user, tableowner::name, 'MEMBER')"
            " FROM pg_roles, pg_tables WHERE rolname = current_user AND tablename = 'people_auditevent'"
        )
        row = cursor.fetchone()
        if row and row[0]:
            raise ImproperlyConfigured(
                "The database role may change the audit trail. Connect as a plain role (docs/deploy.md, Roles)."
            )
        if settings.IS_PRODUCTION and row:
            cursor.execute("SELECT count(*) FROM people_clinic WHERE is_demo")
            if cursor.fetchone()[0]:
                raise ImproperlyConfigured(
                    "This is the demo clinic, with public passwords. Start an empty one instead."
                )
        _refuse_without_second_wall(cursor)
    connection.close()  # the pool of workers forks after this: nobody may inherit the connection


def _refuse_without_second_wall(cursor: CursorWrapper) -> None:
    """Raises `ImproperlyConfigured` where a patient's request could not be held to her own rows, or would not be."""
    cursor.execute(
        "SELECT pg_has_role(session_user, oid, 'MEMBER') AND NOT rolsuper AND NOT rolbypassrls"
        " AND NOT pg_has_role(oid, session_user, 'MEMBER') FROM pg_roles WHERE rolname = %s",
        [PORTAL],
    )
    row = cursor.fetchone()
    cursor.execute("SELECT relrowsecurity FROM pg_class WHERE oid = to_regclass('patients_patient')")
    table = cursor.fetchone()
    if table and not (row and row[0] and table[0]):
        raise ImproperlyConfigured(
            "Patients' requests have no wall of their own: make the role and run grant_app (docs/deploy.md, Roles)."
        )

"""Give the role that the clinic runs as exactly what it needs. Run as the owner, after every migrate."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from clinic import row_security
from people.actions.wall import PORTAL

# Rows of these are only ever added. The triggers refuse too; this is the second wall.
ADD_ONLY = frozenset({"people_auditevent", "patients_addendum"})


@transaction.atomic
def grant_to(role: str) -> None:
    """Let `role` read and write rows, and nothing else: no DDL, no TRUNCATE, no change of what is add-only.

    What it may see in a patient's request is less: `row_security`. Raises `CommandError` without the portal's role.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [PORTAL])
        if cursor.fetchone() is None:
            raise CommandError(f"Make the portal's role first: CREATE ROLE {PORTAL}; GRANT {PORTAL} TO {role};")
        name = connection.ops.quote_name(role)
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {name}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}")
        for table in ADD_ONLY:
            cursor.execute(f"REVOKE UPDATE, DELETE ON {connection.ops.quote_name(table)} FROM {name}")
    row_security.enforce(role, ADD_ONLY)


class Command(BaseCommand):
    help = "Grant the runtime role what it needs. Run with DATABASE_URL of the owner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", help="the role in the runtime's DATABASE_URL, for example clinic_app")

    def handle(self, *args: Any, role: str, **options: Any) -> None:
        grant_to(role)
        self.stdout.write(f"{role} may read and write, and change nothing that must stay.")

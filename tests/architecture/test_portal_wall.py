"""The second wall: with every filter of ours taken away, a patient's request still finds her rows and nobody else's."""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from architecture.test_matrix import GUARDED, Door, somebody_elses
from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import Q
from factories import a_portal_patient
from portal_cast import signed_in

from clinic import row_security
from patients.models import Patient
from people.actions import wall
from people.models import User
from people.rules.permissions import Permission

__all__ = ["somebody_elses"]
CHECKOUT = Path(__file__).parents[2]
HOUSES = ("people", "patients", "programs", "clinic")
MODELS = apps.get_models(include_auto_created=True)
PORTAL = [door for door in GUARDED if door.permission in {None, Permission.OWN_RECORD}]
# What may be asked of the clinic's whole table in a patient's request. Think twice before you add to it: what comes
# back must tell nothing of anybody else.
DOORS = {
    "clinic.appointments.actions.availability.free_times",
    "clinic.appointments.actions.booking._book_all",
    "clinic.appointments.actions.booking._move_all",
    "clinic.appointments.actions.booking.cancel",
    "clinic.appointments.actions.seats.free_seats",
    "clinic.appointments.actions.seats.seat",
    "clinic.appointments.actions.seats.reseat",
    "clinic.appointments.actions.undo.undo",
    "patients.actions.helping._account",
    "clinic.reminders.actions.anew.forget_waiting",
    "clinic.reminders.actions.screens.turn_on",
}
# They lead to a patient only through whom they are with, and clinicians are no patients.
OF_CLINICIANS = {"appointments_groupsession", "appointments_shift"}


@contextmanager
def as_the_portal(*, user_id: object = "", patient_id: object = "") -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('role', %s, true), set_config('app.user_id', %s, true),"
            " set_config('app.patient_id', %s, true)",
            [wall.PORTAL, str(user_id), str(patient_id)],
        )
        yield
        cursor.execute("RESET ROLE")


@cache
def ways_to_a_patient(model: type[models.Model], hops: int = 3) -> tuple[str, ...]:
    """Every chain of foreign keys by which a row leads to a patient, and not to an account."""
    found = []
    for field in model._meta.concrete_fields:
        parent: Any = field.related_model if field.is_relation else None
        if parent is Patient:
            found.append(field.name)
        elif parent and parent is not User and parent is not model and hops > 1:
            found += [f"{field.name}__{way}" for way in ways_to_a_patient(parent, hops - 1)]
    return tuple(found)


def rows_of_others(model: type[models.Model], me: Patient) -> models.QuerySet[Any]:
    another = Q(pk__in=[])
    for way in ways_to_a_patient(model):
        another |= Q(**{f"{way}__isnull": False}) & ~Q(**{way: me.pk})
    return model._default_manager.filter(another) if model is not Patient else Patient.objects.exclude(pk=me.pk)


def all_of_others(me: Patient) -> set[tuple[str, Any]]:
    return {(it._meta.db_table, pk) for it in HERS for pk in rows_of_others(it, me).values_list("pk", flat=True)}


KEPT = [model for model in MODELS if ways_to_a_patient(model) or model is Patient]
HERS = [model for model in KEPT if row_security.rule_of(model) and model._meta.db_table not in OF_CLINICIANS]


def test_every_table_that_leads_to_a_patient_is_shown_to_her_alone(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE leads (oid) AS (
                SELECT 'patients_patient'::regclass::oid
                UNION SELECT conrelid FROM pg_constraint JOIN leads ON confrelid = leads.oid WHERE contype = 'f'
            )
            SELECT relname, relrowsecurity, pg_class.oid IN (SELECT oid FROM leads),
                   has_table_privilege(%s, pg_class.oid, 'SELECT, INSERT, UPDATE, DELETE'),
                   coalesce((SELECT pg_get_expr(polqual, polrelid) FROM pg_policy
                             WHERE polrelid = pg_class.oid AND polname = 'seen_by_her'), 'nobody')
            FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm') AND relnamespace = 'public'::regnamespace
            """,
            [wall.PORTAL],
        )
        tables = {row[0]: row[1:] for row in cursor.fetchall()}

    assert len(tables) > 70
    without = {name for name, (is_on, *_) in tables.items() if not is_on}
    assert without == {"django_migrations"}
    assert not tables["django_migrations"][2], "it has no rule, so the portal may not read it"
    open_to_all = {name for name, (_, leads, may, sees) in tables.items() if leads and may and sees == "true"}
    assert open_to_all == OF_CLINICIANS
    assert {name for name, (*_, may, sees) in tables.items() if may and sees == "nobody"} == set()


def test_the_portals_role_can_do_nothing_by_itself(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, pg_has_role(oid, session_user, 'MEMBER'),"
            " pg_has_role(session_user, oid, 'USAGE') FROM pg_roles WHERE rolname = %s",
            [wall.PORTAL],
        )
        assert cursor.fetchone() == (False,) * 6


@pytest.mark.parametrize("who", [{}, {"user_id": "00000000-0000-0000-0000-000000000007"}], ids=["unset", "a stranger"])
def test_who_is_nobody_sees_nothing(who: dict[str, str], somebody_elses: dict[str, Any]) -> None:
    full = {model._meta.db_table for model in HERS if rows_of_others(model, Patient()).exists()}

    with as_the_portal(**who):
        seen = {model._meta.db_table for model in HERS if rows_of_others(model, Patient()).exists()}

    assert len(full) >= 20, "there is something to see"
    assert seen == set()


class Loaded:
    """Rows that Django made objects of while the door was shut."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rows: set[tuple[str, Any]] = set()
        before = models.Model.from_db.__func__  # type: ignore[attr-defined]

        def from_db(cls: Any, db: Any, names: Any, values: Any) -> Any:
            made = before(cls, db, names, values)
            around = wall._around.get()
            if around is not None and not around.has_open_door:
                self.rows.add((cls._meta.db_table, made.pk))
            return made

        monkeypatch.setattr(models.Model, "from_db", classmethod(from_db))


def without_filters(monkeypatch: pytest.MonkeyPatch, *, all_of_them: bool) -> None:
    """Nobody asks whose a row is any more; or nobody asks for anything."""
    of_whom = {"patient", "user", "patient_id", "user_id", "patient__in", "patient__user"}
    before = models.QuerySet._filter_or_exclude  # type: ignore[attr-defined]

    def filtered(self: Any, negate: bool, args: Any, kwargs: Any) -> Any:
        if self.model in HERS:
            if all_of_them:
                return self._chain()
            kwargs = {name: value for name, value in kwargs.items() if not of_whom & {name, name.rpartition("__")[2]}}
        return before(self, negate, args, kwargs)

    monkeypatch.setattr(models.QuerySet, "_filter_or_exclude", filtered)
    for model in MODELS:
        kind = type(model._default_manager.all())
        for name in {"visible_to", "opened_by"} & set(dir(kind)):
            monkeypatch.setattr(kind, name, lambda self, _user: self.all())


def asked_everything(me: Patient, ids: dict[str, Any], doors: list[Door], *methods: str) -> list[bytes]:
    client = signed_in(me.user)
    client.raise_request_exception = False  # a page may well break without its filters: it must not tell
    asked = [(door, method) for door in doors for method in methods if door.keys or method == "get"]
    return [getattr(client, method)(door.url(ids)).content for door, method in asked]


@pytest.fixture
def me(somebody_elses: dict[str, Any]) -> Patient:
    other = Patient.objects.get(pk=somebody_elses["patient_id"])
    other.given_name, other.family_name = "Zebedee", "Quillfeather"
    other.save()
    return a_portal_patient(given_name="Leila", family_name="Haddad")


@pytest.mark.parametrize("all_of_them", [False, True], ids=["no filter by person", "no filter at all"])
def test_without_any_filter_of_ours_a_patient_still_finds_nobody_elses_rows(
    all_of_them: bool, me: Patient, somebody_elses: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    others = all_of_others(me)
    without_filters(monkeypatch, all_of_them=all_of_them)
    loaded = Loaded(monkeypatch)

    pages = asked_everything(me, somebody_elses, PORTAL, *["get"] if all_of_them else ["get", "post"])

    assert len(others) >= 20
    assert loaded.rows & others == set()
    assert not any(b"Quillfeather" in page or b"Zebedee" in page for page in pages)
    assert any(table == "patients_patient" for table, _ in loaded.rows), "she finds herself"


def test_without_the_wall_the_same_pages_would_show_others(
    me: Patient, somebody_elses: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    others = all_of_others(me)
    without_filters(monkeypatch, all_of_them=False)
    monkeypatch.setattr(wall, "_set", lambda **_: None)
    loaded = Loaded(monkeypatch)

    asked_everything(me, somebody_elses, [door for door in PORTAL if door.keys], "get")

    assert loaded.rows & others


def test_the_door_is_opened_by_these_actions_alone() -> None:
    found = {use for house in HOUSES for path in (CHECKOUT / house).rglob("*.py") for use in _uses(path)}

    assert found - {"people.actions.wall.seen_by_the_clinic"} == DOORS
    assert all(".actions." in name for name in found)


def _uses(path: Path) -> Iterator[str]:
    """Functions that stand behind the door or go through it; a module that does so outside of any."""
    text = path.read_text()
    if "seen_by_the_clinic" not in text:
        return
    module = ".".join(path.relative_to(CHECKOUT).with_suffix("").parts)
    tree = ast.parse(text)
    functions = [it for it in ast.walk(tree) if isinstance(it, ast.FunctionDef)]
    named = {it: {id(inner) for inner in ast.walk(it)} for it in functions}
    for it in ast.walk(tree):
        if isinstance(it, ast.Name | ast.Attribute) and "seen_by_the_clinic" in {
            getattr(it, "id", ""),
            getattr(it, "attr", ""),
        }:
            yield next((f"{module}.{of.name}" for of, inside in named.items() if id(it) in inside), module)


def test_the_clinic_plans_its_searches_as_if_there_were_no_rules(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_security_active('patients_patient')")
        assert cursor.fetchone() == (False,), "with rules PostgreSQL forgets its statistics of names and times"

    with as_the_portal(), connection.cursor() as cursor:
        cursor.execute("SELECT row_security_active('patients_patient')")
        assert cursor.fetchone() == (True,)

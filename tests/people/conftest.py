"""Who acts in these tests."""

from collections.abc import Callable

import pytest
from django.test import Client
from factories import a_user, the_clinic
from staff_cast import PASSWORD

from people.models import Clinic, User
from people.rules.permissions import Role

AsUser = Callable[[User | None], Client]


@pytest.fixture
def demo(db: None) -> Clinic:
    return the_clinic()


@pytest.fixture
def real_clinic(db: None) -> Clinic:
    """Outside the demo: staff need a second factor."""
    return the_clinic(is_demo=False)


@pytest.fixture
def owner(db: None) -> User:
    return a_user(Role.OWNER, name="Olive Owner")


@pytest.fixture
def manager(db: None) -> User:
    return a_user(Role.MANAGER, name="Max Manager")


@pytest.fixture
def receptionist(db: None) -> User:
    return a_user(Role.FRONT_DESK, name="Rita Desk", password=PASSWORD)


@pytest.fixture
def as_user() -> AsUser:
    """A browser, signed in as this person."""

    def of(user: User | None) -> Client:
        client = Client()
        if user:
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return of

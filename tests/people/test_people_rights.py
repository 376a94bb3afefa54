"""The one table of who may do what."""

import pytest

from people.rules.permissions import RIGHTS, Permission, Role, rights_of

CLINICAL = {Permission.RECORD_VIEW, Permission.RECORD_EDIT, Permission.PLAN_EDIT}


def test_the_desk_never_sees_a_record() -> None:
    assert not CLINICAL & RIGHTS[Role.FRONT_DESK]


def test_a_patient_opens_nothing_but_their_own_record() -> None:
    assert rights_of(Role.PATIENT) == {Permission.OWN_RECORD}
    assert rights_of(Role.PATIENT, profession="physician") == {Permission.OWN_RECORD}


def test_no_member_of_staff_opens_the_portal() -> None:
    assert [role for role in Role if role != Role.PATIENT and Permission.OWN_RECORD in RIGHTS[role]] == []


def test_only_an_owner_reads_the_audit_trail() -> None:
    assert [role for role in Role if Permission.AUDIT_VIEW in RIGHTS[role]] == [Role.OWNER]


@pytest.mark.parametrize("role", [Role.OWNER, Role.MANAGER])
def test_an_owner_or_manager_treats_only_with_a_profession(role: Role) -> None:
    assert not CLINICAL & rights_of(role)
    assert rights_of(role, profession="physical_therapist") >= CLINICAL


def test_a_profession_gives_the_desk_nothing() -> None:
    assert rights_of(Role.FRONT_DESK, profession="physician") == rights_of(Role.FRONT_DESK)


def test_an_unknown_role_may_do_nothing() -> None:
    assert rights_of("janitor") == frozenset()


def test_whoever_has_left_may_do_nothing() -> None:
    from people.models import User

    assert User(role=Role.OWNER, is_active=False).rights == frozenset()
    assert User(role=Role.OWNER).may(Permission.AUDIT_VIEW)

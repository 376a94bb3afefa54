"""Inviting, joining, changing role and leaving."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from factories import NOW, a_user
from staff_cast import PASSWORD, invite

from people.actions import staff
from people.models import AuditEvent, Clinic, Invitation, User
from people.rules import staff as rules
from people.rules.permissions import Role
from people.rules.refusal import ChangedMeanwhile


def deeds() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("deed", flat=True))


def test_an_invitation_is_kept_without_its_token(manager: User) -> None:
    invitation, token = invite(manager, email=" Jo@Example.ORG ")

    assert (invitation.email, invitation.expires_at - invitation.invited_at) == ("jo@example.org", timedelta(days=7))
    assert len(token) >= 43, "256 bits"
    assert token not in str(Invitation.objects.values().get())
    assert deeds() == ["staff.invited"]


def test_an_invited_person_becomes_what_they_were_invited_as(manager: User) -> None:
    _, token = invite(manager, role=Role.CLINICIAN, profession="physical_therapist")

    user = staff.join(token, password=PASSWORD, now=NOW)

    assert (user.email, user.role, user.profession) == ("jo@example.org", Role.CLINICIAN, "physical_therapist")
    assert user.check_password(PASSWORD)
    assert deeds() == ["staff.invited", "staff.joined"]


def test_an_invitation_works_once(manager: User) -> None:
    _, token = invite(manager)
    staff.join(token, password=PASSWORD, now=NOW)

    with pytest.raises(rules.InvitationClosed):
        staff.join(token, password=PASSWORD, now=NOW)


@pytest.mark.parametrize(("days", "works"), [(6.99, True), (7, False)])
def test_an_invitation_expires_after_seven_days(manager: User, days: float, works: bool) -> None:
    _, token = invite(manager)

    assert (staff.invitation_of(token, now=NOW + timedelta(days=days)) is not None) == works


def test_a_withdrawn_invitation_is_worth_nothing(manager: User) -> None:
    invitation, token = invite(manager)
    staff.withdraw(invitation, by=manager, now=NOW)

    with pytest.raises(rules.InvitationClosed):
        staff.join(token, password=PASSWORD, now=NOW)
    with pytest.raises(rules.InvitationClosed):
        staff.withdraw(invitation, by=manager, now=NOW)


def test_inviting_again_closes_the_first_link(manager: User) -> None:
    invitation, first = invite(manager)

    _, second = staff.invite_again(invitation, by=manager, now=NOW)

    assert staff.invitation_of(first, now=NOW) is None
    assert staff.invitation_of(second, now=NOW) is not None


def test_a_made_up_token_opens_nothing(db: None) -> None:
    with pytest.raises(rules.InvitationClosed):
        staff.join("no-such-token", password=PASSWORD, now=NOW)


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"role": Role.CLINICIAN}, rules.ProfessionMissing),
        ({"role": Role.MANAGER, "profession": "wizard"}, rules.ProfessionMissing),
        ({"role": Role.PATIENT}, rules.NoSuchRole),
        ({"role": Role.OWNER}, rules.OnlyOwnersDecide),
    ],
)
def test_nobody_is_invited_as_what_they_cannot_be(
    manager: User, fields: dict[str, str], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        invite(manager, **fields)
    assert deeds() == []


def test_an_owner_makes_owners(owner: User) -> None:
    invitation, _ = invite(owner, role=Role.OWNER)

    assert invitation.role == Role.OWNER


def test_a_manager_cannot_take_back_or_replace_an_owners_invitation(owner: User, manager: User) -> None:
    invitation, token = invite(owner, role=Role.OWNER)

    for deed in (
        lambda: staff.withdraw(invitation, by=manager, now=NOW),
        lambda: staff.invite_again(invitation, by=manager, now=NOW),
        lambda: invite(manager),
    ):
        with pytest.raises(rules.OnlyOwnersDecide):
            deed()
    assert staff.invitation_of(token, now=NOW) is not None


def test_whoever_signs_in_here_is_not_invited(manager: User, receptionist: User) -> None:
    with pytest.raises(rules.AlreadyHasAccount):
        invite(manager, email=receptionist.email.upper())


def test_an_address_that_got_an_account_meanwhile_cannot_join(manager: User) -> None:
    _, token = invite(manager)
    a_user(Role.PATIENT, email="jo@example.org")

    with pytest.raises(rules.AlreadyHasAccount):
        staff.join(token, password=PASSWORD, now=NOW)


def test_a_role_is_changed_and_written_down(owner: User, receptionist: User) -> None:
    staff.change_role(receptionist, role=Role.CLINICIAN, profession="chiropractor", name=" Rosa Ng ", by=owner)

    event = AuditEvent.objects.get(deed="staff.role_changed")
    assert event.detail == {"was": "front_desk", "role": "clinician", "profession": "chiropractor", "is_renamed": True}
    assert User.objects.get(pk=receptionist.pk).profession_label
    assert User.objects.get(pk=receptionist.pk).name == "Rosa Ng"


def test_a_manager_decides_nothing_about_owners(owner: User, manager: User, receptionist: User) -> None:
    for deed in (
        lambda: staff.change_role(owner, role=Role.MANAGER, profession="", by=manager),
        lambda: staff.change_role(owner, role=Role.OWNER, profession="", name="Nobody", by=manager),
        lambda: staff.change_role(receptionist, role=Role.OWNER, profession="", by=manager),
        lambda: staff.change_role(manager, role=Role.OWNER, profession="", by=manager),
        lambda: staff.deactivate(owner, by=manager),
    ):
        with pytest.raises(rules.OnlyOwnersDecide):
            deed()
    assert deeds() == []


def test_the_last_owner_stays_an_owner(owner: User) -> None:
    a_user(Role.OWNER, is_active=False)

    with pytest.raises(rules.LastOwner):
        staff.change_role(owner, role=Role.MANAGER, profession="", by=owner)


def test_nobody_takes_their_own_access_away(owner: User) -> None:
    a_user(Role.OWNER)

    with pytest.raises(rules.NotYourself):
        staff.deactivate(owner, by=owner)


def test_whoever_leaves_is_signed_out_everywhere_and_may_come_back(
    demo: Clinic, owner: User, receptionist: User
) -> None:
    Client().post("/signin/", {"login": receptionist.email, "password": PASSWORD})
    assert Session.objects.count() == 1

    staff.deactivate(receptionist, by=owner)

    assert Session.objects.count() == 0
    assert deeds() == ["account.signed_in", "sessions.ended", "staff.deactivated"]
    staff.reactivate(receptionist, by=owner)
    assert User.objects.get(pk=receptionist.pk).is_active


def _at_once(*works: Any) -> list[Any]:
    """Run these at the same moment, each on its own connection. What they raised counts as an answer."""
    gate = Barrier(len(works))

    def one(work: Any) -> Any:
        gate.wait()
        try:
            return work()
        except Exception as refusal:  # noqa: BLE001
            return type(refusal)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result() for future in [pool.submit(one, work) for work in works]]


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_use_one_link_at_once_one_joins() -> None:
    _, token = invite(a_user(Role.MANAGER))

    answers = _at_once(*[lambda: staff.join(token, password=PASSWORD, now=NOW)] * 8)

    assert (
        sorted(str(answer) for answer in answers if not isinstance(answer, User)) == [str(rules.InvitationClosed)] * 7
    )
    assert User.objects.filter(email="jo@example.org").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_invite_the_same_person_at_once_one_link_works() -> None:
    one, other = a_user(Role.MANAGER), a_user(Role.MANAGER)

    answers = _at_once(lambda: invite(one), lambda: invite(other))

    assert Invitation.objects.open(now=NOW).count() == 1
    assert all(answer is ChangedMeanwhile or isinstance(answer, tuple) for answer in answers)


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_let_each_other_go_do_not_leave_the_clinic_without_one() -> None:
    one, other = a_user(Role.OWNER), a_user(Role.OWNER)

    answers = _at_once(lambda: staff.deactivate(one, by=other), lambda: staff.deactivate(other, by=one))

    assert sorted(map(str, answers)) == sorted(["None", str(rules.LastOwner)])
    assert User.objects.filter(role=Role.OWNER, is_active=True).count() == 1

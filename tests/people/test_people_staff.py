"""Inviting, joining, changing role and leaving."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from factories import NOW, a_user

from people.actions import staff
from people.models import AuditEvent, Clinic, Invitation, User
from people.rules import staff as rules
from people.rules.permissions import Role
from people.rules.refusal import ChangedMeanwhile

PASSWORD = "correct horse battery staple"
JO = {"name": "Jo Newman", "role": Role.FRONT_DESK}


def invite(by: User, email: str = "jo@example.org", **fields: Any) -> tuple[Invitation, str]:
    return staff.invite(email, by=by, now=fields.pop("now", NOW), **JO | fields)


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


# ---- the pages


def test_a_manager_invites_by_mail_and_sees_the_link_once(demo: Clinic, manager: User, as_user: Any) -> None:
    form = {"name": "Jo Newman", "email": "jo@example.org", "role": "front_desk", "profession": ""}

    page = as_user(manager).post(reverse("people:invite"), form).content.decode()

    link = re.search(r"http://127\.0\.0\.1:8000(/join/\S+?/)<", page)
    assert link
    assert (mail.outbox[0].to, mail.outbox[0].subject) == (["jo@example.org"], "Northgate: your account")
    assert link[1] in mail.outbox[0].body
    assert link[1] not in as_user(manager).get(reverse("people:staff")).content.decode()


def test_an_owner_without_a_mail_server_hands_the_link_over(
    demo: Clinic, manager: User, as_user: Any, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    form = {"name": "Jo Newman", "email": "jo@example.org", "role": "front_desk", "profession": ""}

    page = as_user(manager).post(reverse("people:invite"), form).content.decode()

    assert "could not be sent" in page
    assert "/join/" in page


def test_a_refusal_is_shown_and_nothing_typed_is_lost(demo: Clinic, manager: User, as_user: Any) -> None:
    form = {"name": "Jo Newman", "email": "jo@example.org", "role": "clinician", "profession": ""}

    page = as_user(manager).post(reverse("people:invite"), form).content.decode()

    assert "A clinician needs a profession" in page
    assert 'value="Jo Newman"' in page
    assert "<title>Error:" in page


def test_an_invited_person_joins_and_must_set_up_a_second_factor(real_clinic: Clinic, manager: User) -> None:
    _, token = invite(manager, now=timezone.now())
    guest, page = Client(), reverse("people:join", kwargs={"token": token})

    shown = guest.get(page).content.decode()
    answer = guest.post(page, {"password": PASSWORD, "again": PASSWORD}, follow=True)

    assert "Jo Newman" in shown
    assert "jo@example.org" in shown
    assert answer.redirect_chain == [("/", 302), (reverse("mfa_index"), 302)]
    # They have just shown who they are: the password is not asked for again.
    assert guest.get(reverse("mfa_activate_totp")).status_code == 200
    assert guest.get(page).status_code == 404


@pytest.mark.parametrize(
    ("password", "again", "words"),
    [
        ("elevenchars", "elevenchars", "at least 12 characters"),
        ("passwordpassword", "passwordpassword1", "not the same"),
        ("q1w2e3r4t5y6", "q1w2e3r4t5y6", "too common"),
        ("jo@example.org", "jo@example.org", "too similar"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(
    demo: Clinic, manager: User, password: str, again: str, words: str
) -> None:
    _, token = invite(manager, now=timezone.now())
    page = reverse("people:join", kwargs={"token": token})

    answer = Client().post(page, {"password": password, "again": again})

    assert (answer.status_code, words in answer.content.decode()) == (200, True)
    assert not User.objects.filter(email="jo@example.org").exists()


def test_every_closed_link_looks_the_same(demo: Clinic, manager: User) -> None:
    invitation, withdrawn = invite(manager, email="a@example.org", now=timezone.now())
    staff.withdraw(invitation, by=manager, now=timezone.now())
    _, expired = invite(manager, email="b@example.org", now=timezone.now() - timedelta(days=8))

    pages = [Client().get(f"/join/{token}/") for token in (withdrawn, expired, "never-made")]

    assert [page.status_code for page in pages] == [404] * 3
    plain = {re.sub(r'"X-CSRFToken": "[^"]*"', "", page.content.decode()) for page in pages}
    assert len(plain) == 1


def test_links_cannot_be_tried_without_end(demo: Clinic) -> None:
    answers = [Client().get(f"/join/guess-{n}/").status_code for n in range(21)]

    assert answers == [404] * 20 + [429]


def test_the_last_owner_is_told_why_not(demo: Clinic, owner: User, as_user: Any) -> None:
    page = reverse("people:member", kwargs={"user_id": owner.pk})

    answer = as_user(owner).post(page, {"name": owner.name, "role": "manager", "profession": ""})

    assert "This is the only owner" in answer.content.decode()


def test_letting_go_and_back_in_from_the_list(demo: Clinic, manager: User, receptionist: User, as_user: Any) -> None:
    office = as_user(manager)

    for door, active in (("deactivate", False), ("reactivate", True)):
        answer = office.post(reverse(f"people:{door}", kwargs={"user_id": receptionist.pk}))
        assert answer.url == reverse("people:staff")
        assert User.objects.get(pk=receptionist.pk).is_active == active
    mine = office.post(reverse("people:deactivate", kwargs={"user_id": manager.pk}))
    assert (mine.status_code, "your own access" in mine.content.decode()) == (409, True)


def test_a_patient_is_nobody_on_the_staff_pages(demo: Clinic, owner: User, as_user: Any) -> None:
    patient = a_user(Role.PATIENT)

    for door in ("member", "deactivate", "reactivate"):
        assert as_user(owner).post(reverse(f"people:{door}", kwargs={"user_id": patient.pk})).status_code == 404


@pytest.mark.parametrize("number", [1, 50])
def test_the_list_costs_the_same_for_one_and_for_fifty(
    demo: Clinic, manager: User, as_user: Any, number: int, django_assert_num_queries: Any
) -> None:
    for n in range(number):
        a_user(Role.FRONT_DESK)
        invite(manager, email=f"new{n}@example.org", now=timezone.now())
    office = as_user(manager)
    office.get(reverse("people:staff"))

    with django_assert_num_queries(6):  # session, user, clinic, second factor; people, invitations
        office.get(reverse("people:staff"))

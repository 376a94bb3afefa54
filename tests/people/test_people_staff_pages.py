"""The pages of the staff list: an invitation sent, a link opened, somebody let go and back in."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from factories import a_user
from staff_cast import PASSWORD, invite

from people.actions import staff
from people.models import Clinic, User
from people.rules.permissions import Role


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

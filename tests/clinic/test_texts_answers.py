"""Answers that a person reads, and addresses that somebody asks about."""

import pytest
from django.urls import reverse
from factories import NOW, a_patient, a_user
from outbox_cast import a_visit
from portal_cast import it_is, signed_in
from pytest_django import DjangoAssertNumQueries
from texts_cast import LEILA, a_text

from clinic.reminders.actions import answers, bounces, wishes
from clinic.reminders.actions.addresses import digest
from clinic.reminders.models import ContactPreference, InboundText, Message
from people.rules.permissions import Role

pytestmark = pytest.mark.django_db
PAGE = "/desk/answers/"


def texted(said: str, sid: str, number: str = LEILA) -> InboundText:
    text = answers.received(provider="twilio", provider_id=sid, number=number, body=said, now=NOW)
    assert text
    return text


def test_the_desk_reads_what_was_texted_and_says_it_is_dealt_with() -> None:
    visit = a_visit(patient=a_patient(mobile=LEILA, family_name="Rahimi", given_name="Leila"))
    a_text(visit)
    text = texted("Can I bring <b>my dog</b>?", "SM1")
    texted("STOP", "SM2")
    desk = signed_in(a_user(Role.FRONT_DESK))

    with it_is(NOW):
        page = desk.get(PAGE).content.decode()
        part = desk.get(PAGE, headers={"HX-Request": "true"}).content.decode()
        once, twice = (desk.post(reverse("reminders:dealt_with", args=[text.pk]), follow=True) for _ in range(2))

    assert "Can I bring &lt;b&gt;my dog&lt;/b&gt;?" in page
    assert "Rahimi, Leila" in page
    assert "about Thu 17 Sep, 10:30" in page
    assert "STOP”" not in page
    assert "<html" not in part
    assert "my dog" in part
    assert "Noted: dealt with." in once.content.decode()
    assert "Nothing to read." in once.content.decode()
    assert "Somebody has dealt with this text already." in twice.content.decode()


@pytest.mark.parametrize("how_many", [1, 6])
def test_many_answers_cost_as_many_questions_as_one(
    how_many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(how_many):
        a_text(a_visit(NOW.replace(day=16 + n), patient=a_patient(mobile=f"+1202555010{n}")), sid=f"SMx{n}")
        texted("hm?", f"SM{n}", f"+1202555010{n}")
        wishes.doubt(a_patient(email=f"n{n}@example.org"), "email", f"n{n}@example.org", now=NOW)
    desk = signed_in(a_user(Role.FRONT_DESK))
    with it_is(NOW):
        desk.get(PAGE)
        with django_assert_num_queries(8):
            desk.get(PAGE)


def test_an_address_that_takes_no_mail_is_doubted_until_somebody_asked() -> None:
    patient = a_patient(email="leila@example.org", family_name="Rahimi", given_name="Leila")
    failed = {"channel": "email", "state": "failed", "reason": "bounced", "address_digest": digest(patient.email)}
    message = a_text(a_visit(patient=patient))
    Message.objects.filter(pk=message.pk).update(**failed)
    desk = signed_in(a_user(Role.FRONT_DESK))

    assert (bounces.sweep(now=NOW), bounces.sweep(now=NOW)) == (1, 0)

    with it_is(NOW):
        page = desk.get(PAGE).content.decode()
        desk.post(reverse("reminders:is_right", args=[patient.pk]), {"which": "email"})
    assert "Mail comes back. Ask for the e-mail address." in page
    assert ContactPreference.objects.get(patient=patient).doubtful_email == ""
    assert bounces.sweep(now=NOW) == 0  # that bounce was seen to


@pytest.mark.parametrize(("reason", "is_doubted", "is_out"), [("bad_number", True, False), ("opted_out", False, True)])
def test_a_number_that_the_phone_company_refuses_is_asked_about_or_left_alone(
    reason: str, is_doubted: bool, is_out: bool
) -> None:
    patient = a_patient(mobile=LEILA)
    message = a_text(a_visit(patient=patient))
    Message.objects.filter(pk=message.pk).update(state="failed", reason=reason, address_digest=digest(LEILA))

    assert (bounces.sweep(now=NOW), bounces.sweep(now=NOW)) == (1, 0)

    assert ContactPreference.objects.filter(doubtful_mobile=digest(LEILA)).exists() == is_doubted
    assert wishes.is_out("sms", digest(LEILA)) == is_out
    wishes.start("sms", address=LEILA, how="desk", by=a_user(Role.FRONT_DESK), now=NOW)
    assert bounces.sweep(now=NOW) == 0  # the later word counts


def test_a_new_address_is_not_doubted_for_what_the_old_one_refused() -> None:
    patient = a_patient(email="new@example.org")
    message = a_text(a_visit(patient=patient))
    old = digest("old@example.org")
    Message.objects.filter(pk=message.pk).update(channel="email", state="failed", reason="bounced", address_digest=old)

    assert bounces.sweep(now=NOW) == 0

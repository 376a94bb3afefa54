"""The safety questions of the form: each answered, none answered for her, and an emergency told at once."""

from typing import Any

from django.test import Client
from django.urls import reverse
from form_cast import SAFETY, checked, part, said
from office_cast import text
from visit_cast import words

from patients.models import Intake, RedFlag
from patients.rules.intake_parts import pages
from patients.rules.rulebook import rulebook

NOT_CONFIRMED = "Not yet confirmed by a clinician"


def safety_page(code: str) -> Any:
    return next(page for page in pages(48) if any(it.code == code for it in page.questions))


def test_no_safety_answer_is_chosen_beforehand(phone: Client, form: Intake) -> None:
    assert checked(phone.get(part(form, "safety-1"))) == set()


def test_none_of_these_is_one_tap_and_records_a_no_to_each(phone: Client, form: Intake) -> None:
    answer = phone.post(part(form, "safety-1"), {"none": "1"})

    assert answer.url == part(form, "safety-2")
    form.refresh_from_db()
    assert form.answers["red_flags"] == {it.code: False for it in SAFETY[0].questions}


def test_none_of_these_never_overwrites_a_yes_or_a_not_sure(phone: Client, form: Intake) -> None:
    first, second, *_ = (it.code for it in SAFETY[0].questions)

    phone.post(part(form, "safety-1"), {"none": "1", first: "yes", second: "unsure"})

    form.refresh_from_db()
    assert form.answers["red_flags"][first] is True
    assert form.answers["not_sure"] == [second]


def test_an_emergency_answer_tells_her_at_once_what_to_do_and_alerts_the_clinic(phone: Client, form: Intake) -> None:
    page = safety_page("rf_thunderclap_headache")

    answer = phone.post(part(form, page.key), said(page, rf_thunderclap_headache="yes"), follow=True)

    told = words(answer)
    assert answer.redirect_chain[-1][0] == reverse("patients:form_urgent", args=[form.pk])
    assert 'role="alert"' in told
    assert "Call 112 or go to the nearest emergency department now." in told
    assert "911" not in text(answer)  # the page itself has keys in it, which are made of such figures
    assert NOT_CONFIRMED in told
    assert "Send what I have told you so far" in told
    assert [flag.code for flag in RedFlag.objects.open()] == ["rf_thunderclap_headache"]


def test_an_emergency_answer_does_not_wait_for_the_rest_of_the_page(phone: Client, form: Intake) -> None:
    page = safety_page("rf_dysarthria")

    answer = phone.post(part(form, page.key), {"rf_dysarthria": "yes"})

    assert answer.url == reverse("patients:form_urgent", args=[form.pk])
    assert RedFlag.objects.open().count() == 1


def test_she_can_still_send_the_form_after_an_emergency_answer(phone: Client, form: Intake) -> None:
    phone.post(part(form, "safety-1"), {"rf_lockjaw_facial_spasm": "yes"})

    answer = phone.post(reverse("patients:form_check", args=[form.pk]), follow=True)

    form.refresh_from_db()
    assert (form.is_submitted, form.urgency) == (True, "emergency_now")
    assert "your form was sent" in words(answer)
    assert "Call 112" in words(answer)


def test_thoughts_of_self_harm_are_met_with_kindness_and_no_number_of_our_own(phone: Client, form: Intake) -> None:
    page = safety_page("rf_self_harm_thoughts")

    told = text(phone.post(part(form, page.key), said(page, rf_self_harm_thoughts="yes"), follow=True))

    assert "You are not alone with it" in told
    assert rulebook().urgencies["emergency_now"].patient_message.split("number) ")[1] in told
    assert "988" not in told


def test_a_page_of_safety_questions_asks_for_each_answer_and_keeps_the_given(phone: Client, form: Intake) -> None:
    page = SAFETY[0]
    first = page.questions[0].code

    answer = phone.post(part(form, page.key), {first: "no"})

    assert words(answer).count("Answer this question, or choose “Not sure”.") == 2 * (len(page.questions) - 1)
    assert checked(answer) == {(first, "no")}
    form.refresh_from_db()
    assert form.answers["red_flags"] == {first: False}


def test_an_injured_neck_is_not_asked_how_far_it_turns(phone: Client, form: Intake) -> None:
    last = safety_page("rf_cannot_rotate_45")
    question = rulebook().red_flags["rf_cannot_rotate_45"].patient_question
    assert question in words(phone.get(part(form, last.key)))

    phone.post(part(form, "safety-1"), {"rf_dangerous_mechanism": "yes"})

    assert question not in words(phone.get(part(form, last.key)))

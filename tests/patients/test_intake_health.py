"""The form's pages about health: ticking and "none of these", medicines read as what they are, nothing asked twice."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from factories import NOW, a_user
from form_cast import part
from visit_cast import words

from patients.actions import facts
from patients.actions import intake as intakes
from patients.models import Intake, Outcome, Patient
from patients.rules import intake_groups
from patients.rules.facts import from_form
from patients.rules.intake_parts import is_filled_in, pages, place_codes
from patients.rules.rulebook import rulebook
from patients.web.bodymap import SHAPES
from patients.web.intake_words import conditions
from people.rules.permissions import Role
from programs.actions import safety

NO_ANSWERS: dict[str, Any] = {}


def begin(patient: Patient, at: Any = NOW) -> Intake:
    assert patient.user
    return intakes.start(patient, by=patient.user, now=at)


def kept(form: Intake) -> dict[str, Any]:
    form.refresh_from_db()
    health: dict[str, Any] = form.answers.get("health", {})
    return health


def keys(answers: dict[str, Any]) -> list[str]:
    return [page.key for page in pages(48, answers)]


def ticked(answer: Any) -> set[str]:
    boxes = [it for it in re.findall(r"<input[^>]*>", words(answer)) if " checked" in it]
    return {re.search(r'value="([^"]+)', it)[1] for it in boxes}  # type: ignore[index]


def send(form: Intake, at: Any = NOW) -> None:
    assert form.patient.user
    intakes.submit(form, by=form.patient.user, now=at)


def test_every_yes_or_no_that_intake_sets_is_asked_once_or_follows_from_a_safety_question() -> None:
    book = rulebook()
    ticks = [code for group in book.intake_groups.values() for code in group.facts]
    by_safety = {fact for rule in book.red_flags.values() for fact in rule.sets_facts}
    left = {it.code for it in book.facts.values() if it.set_by == "intake"} - set(ticks) - by_safety

    assert len(ticks) == len(set(ticks))
    assert left == set()


def test_a_page_bears_no_more_boxes_than_a_phone_does() -> None:
    many = [page for page in pages(48) if page.key.startswith("conditions-")]

    assert max(sum(len(it.facts) for it in page.groups) for page in many) <= intake_groups.MOST_TICKS_A_PAGE
    assert len(many) == 4


def test_none_of_these_is_kept_as_no_and_a_tick_as_yes(phone: Client, form: Intake) -> None:
    page = next(it for it in pages(48) if it.key == "conditions-2")
    first, *others = page.groups
    answer = phone.post(part(form, page.key), {first.code: first.facts[0]} | {it.code: "none" for it in others})

    assert answer.status_code == 302
    said = kept(form)["facts"]
    assert said[first.facts[0]] is True
    assert [said[code] for it in page.groups for code in it.facts].count(False) == len(said) - 1


def test_a_group_left_out_is_neither_yes_nor_no(phone: Client, form: Intake) -> None:
    page = next(it for it in pages(48) if it.key == "conditions-1")

    answer = phone.post(part(form, page.key), {})

    assert words(answer).count("Choose what is true, or choose “None of these”.") == 2 * len(page.groups)
    assert kept(form) == {}


def test_none_of_these_and_a_tick_together_are_refused(phone: Client, form: Intake) -> None:
    page = next(it for it in pages(48) if it.key == "conditions-1")
    group = page.groups[0]

    answer = phone.post(part(form, page.key), {group.code: [group.facts[0], "none"]})

    assert "You chose “None of these” and something else." in words(answer)
    assert ticked(answer) == {group.facts[0], "none"}


def test_more_is_asked_only_after_a_yes_and_a_no_answers_it(leila: Patient) -> None:
    yes = {
        "health": {"facts": {"kidney_disease": True}, "recent": ["days_since_nsaid"]},
        "red_flags": {"rf_cancer_history": True},
    }
    no = {"health": {"facts": {"kidney_disease": False}, "takes_none": True}, "red_flags": {"rf_cancer_history": False}}

    assert {"conditions-more", "recent-days", "safety-more"} & set(keys(NO_ANSWERS)) == set()
    assert {"conditions-more", "recent-days", "safety-more"} <= set(keys(yes))
    assert "kinds" not in keys(no)
    known = from_form(no, book=rulebook())
    for fact in ("severe_kidney_disease", "active_cancer", "cancer_within_5_years", "antiplatelet_use"):
        assert known[fact] is False, fact
    assert "active_cancer" not in from_form(yes, book=rulebook())
    assert "active_cancer" not in from_form(NO_ANSWERS, book=rulebook())


def test_a_no_given_later_takes_back_what_followed_from_the_yes() -> None:
    answers = {"health": {"facts": {"active_cancer": True}}, "red_flags": {"rf_cancer_history": False}}

    assert from_form(answers, book=rulebook())["active_cancer"] is False


def test_medicines_are_lines_and_each_says_what_it_was_read_as(phone: Client, form: Intake) -> None:
    phone.post(part(form, "medicines"), {"medicines": "apixaban 5 mg, vitamin C\n Doxycyclin"})

    page = words(phone.get(part(form, "kinds")))

    assert kept(form)["medicines"] == "apixaban 5 mg\nvitamin C\nDoxycyclin"
    assert "apixaban 5 mg: Blood thinner" in page
    assert "Doxycyclin: Makes skin sensitive to light" in page
    assert "vitamin C:" not in page
    assert "photosensitising_medication" in ticked(phone.get(part(form, "kinds")))
    assert "apixaban 5 mg: Blood thinner" in words(phone.get(reverse("patients:form_check", args=[form.pk])))


def test_what_she_says_was_misread_is_not_taken_for_a_fact_and_not_for_its_opposite(
    phone: Client, form: Intake
) -> None:
    phone.post(part(form, "medicines"), {"medicines": "Eliquis (a tea)"})
    assert from_form(read(form), book=rulebook())["anticoagulant_use"] is True

    phone.post(part(form, "kinds"), {"denied": "anticoagulant", "kinds": "none"})

    known = from_form(read(form), book=rulebook())
    assert ("anticoagulant_use" in known, known["antiplatelet_use"]) == (False, False)


def read(form: Intake) -> dict[str, Any]:
    form.refresh_from_db()
    answers: dict[str, Any] = form.answers
    return answers


def test_no_medicines_is_said_and_not_guessed_from_an_empty_list(phone: Client, form: Intake) -> None:
    assert "Write your medicines, or tick that you take none." in words(phone.post(part(form, "medicines"), {}))
    both = phone.post(part(form, "medicines"), {"medicines": "Aspirin 100", "takes_none": "on"})
    assert "You wrote a medicine." in words(both)

    phone.post(part(form, "medicines"), {"takes_none": "on"})

    assert from_form(read(form), book=rulebook())["serotonergic_drug"] is False


def test_a_changed_list_of_medicines_is_asked_about_again(phone: Client, form: Intake) -> None:
    phone.post(part(form, "medicines"), {"medicines": "sertraline"})
    phone.post(part(form, "kinds"), {"kinds": "serotonergic_drug"})
    kinds = next(it for it in pages(48) if it.key == "kinds")
    assert is_filled_in(kinds, read(form))

    phone.post(part(form, "medicines"), {"medicines": "vitamin C"})

    assert not is_filled_in(kinds, read(form))


def test_what_was_recent_is_kept_in_days_and_the_rest_as_longer_ago(phone: Client, form: Intake) -> None:
    phone.post(part(form, "recent"), {"recent": "days_since_nsaid"})
    answer = phone.post(part(form, "recent-days"), {"days_since_nsaid": ""})
    assert "Write how many days ago it was" in words(answer)

    phone.post(part(form, "recent-days"), {"days_since_nsaid": "3"})

    said = kept(form)["facts"]
    assert (said["days_since_nsaid"], said["days_since_local_steroid"]) == (3, 90)
    longest = intake_groups.ASKED_BACK_DAYS
    assert longest >= 84, "no rule looks further back (recent_neck_surgery_days < 84)"


def test_a_form_sets_yes_and_no_and_they_reach_the_rules(leila: Patient, form: Intake) -> None:
    assert leila.user
    for page in pages(48):
        if page.is_safety:
            intakes.save_part(form, page.key, {it.code: False for it in page.questions}, by=leila.user, now=NOW)
    intakes.save_part(
        form, "conditions-1", {"facts": {"pregnancy": True, "breastfeeding": False}}, by=leila.user, now=NOW
    )
    send(form)

    known = facts.known(leila, on=NOW.date())
    assert (known["pregnancy"], known["breastfeeding"], known["active_cancer"]) == (True, False, False)
    standing, *_ = safety.standings(leila, [safety.Treatment("shockwave", NOW.date())])
    assert not standing.may_be_given


def test_a_fact_the_rulebook_does_not_have_is_refused(leila: Patient, form: Intake) -> None:
    assert leila.user
    with pytest.raises(KeyError):
        intakes.save_part(form, "conditions-1", {"facts": {"made_up": True}}, by=leila.user, now=NOW)


def test_what_is_known_is_shown_to_confirm_and_kept_only_when_she_does(leila: Patient, phone: Client) -> None:
    first = begin(leila)
    phone.post(part(first, "medicines"), {"medicines": "Ibuprofen"})
    page = next(it for it in pages(48) if it.key == "conditions-2")
    none = {it.code: "none" for it in page.groups}
    phone.post(part(first, page.key), none)
    phone.post(part(first, "allergies"), {"allergy_state": "none_known"})
    phone.post(part(first, "goals"), {"what_1": "Reading", "rating_1": "4"})
    with time_machine.travel(NOW, tick=False):
        send(first)
    with time_machine.travel(NOW + timedelta(days=7), tick=False):
        client = Client()
        client.force_login(leila.user)  # type: ignore[arg-type]  # a portal patient has an account
        second = begin(leila, NOW + timedelta(days=7))
        pages_shown = {key: client.get(part(second, key)) for key in ("medicines", page.key, "allergies", "goals")}
        before = words(client.get(part(second, "story")))

    for key, answer in pages_shown.items():
        assert "This is what we know from before." in words(answer), key
    assert "This is what we know from before." not in before
    assert "Ibuprofen" in words(pages_shown["medicines"])
    assert ticked(pages_shown[page.key]) == {"none"}
    assert 'value="Reading"' in words(pages_shown["goals"])
    assert "selected" not in words(pages_shown["goals"]).replace('<option value="" selected>', "")
    assert read(second) == {}, "nothing is carried over without her"


def test_her_activities_and_her_pain_become_scores_when_the_form_is_sent(
    leila: Patient, phone: Client, form: Intake
) -> None:
    answer = phone.post(part(form, "goals"), {"what_1": "Reading", "rating_2": "3"})
    assert "Choose how well you can do it now" in words(answer)
    assert "Write which activity this is about." in words(answer)
    phone.post(part(form, "pain"), {"now": "6", "best": "2", "worst": "7"})
    phone.post(part(form, "goals"), {"what_1": "Reading", "rating_1": "3", "what_2": "Driving", "rating_2": "6"})
    assert not Outcome.objects.exists()

    send(form)

    found = {it.measure: it for it in Outcome.objects.all()}
    assert found["psfs"].answers == {"activities": [3, 6], "names": ["Reading", "Driving"]}
    assert found["psfs"].values["mean"] == 4.5
    assert found["nprs"].values["current"] == 6


def test_the_drawing_has_fourteen_places_and_each_is_in_the_list_of_words(phone: Client, form: Intake) -> None:
    page = words(phone.get(part(form, "places")))

    assert len(SHAPES) == 14
    assert set(SHAPES) <= set(place_codes())
    for code in SHAPES:
        assert page.count(f'"{code}"') == 2, code


def test_the_paper_form_asks_the_same_questions(leila: Patient) -> None:
    desk = Client()
    desk.force_login(a_user(Role.FRONT_DESK))

    page = words(desk.get(reverse("patients:paper_form")))

    assert rulebook().red_flags["rf_gait_change"].patient_question in page
    assert "Is it one of these?" in page
    assert leila.family_name not in page


def test_where_nothing_is_true_each_group_says_so_and_a_question_takes_no_colon() -> None:
    none = {"health": {"facts": {code: False for it in rulebook().intake_groups.values() for code in it.facts}}}

    said = conditions(none)

    assert "Is one of these true today? None of these" in said
    assert "Heart, vessels or lungs: None of these" in said
    assert not any("?:" in it or ";" in it for it in said)

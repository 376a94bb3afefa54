"""The pages of a plan's life: start, change, pause, look again, summary, the clinic's own programs."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from factories import a_clinician, a_patient, a_portal_patient, a_user, the_clinic
from plan_cast import a_plan
from portal_cast import signed_in

from patients.actions import facts, outcomes
from patients.models import Patient
from people.models import User
from people.rules.permissions import Role
from programs.actions import plan_revising, plan_templates, plan_versions
from programs.models import Plan, PlanTemplate
from programs.rules.revising import More, Wish
from programs.rules.rulebook import rulebook
from programs.web import self_care_words

pytestmark = pytest.mark.django_db


@pytest.fixture
def therapist() -> User:
    the_clinic()
    user = a_clinician().user
    assert user is not None
    return user


@pytest.fixture
def plan(therapist: User) -> Plan:
    now = timezone.now()
    return a_plan(a_portal_patient(), by=therapist, starts_on=now.date() - timedelta(days=2), now=now)


def page(client: Client, name: str, patient: Patient, **query: Any) -> str:
    return client.get(reverse(f"programs:{name}", args=[patient.pk]), query).content.decode()


def test_a_clinician_adds_two_visits_and_the_page_says_so(plan: Plan, therapist: User) -> None:
    client, url = signed_in(therapist), reverse("programs:revise", args=[plan.patient_id])
    shown = client.get(url, {"lane": 2}, headers={"HX-Request": "true"}).content.decode()
    typed = {"seen": 1, "more_2": 2, "every_2": 3, "why": "More is needed."}

    said = client.post(f"{url}?preview=1&lane=2", typed).content.decode()
    after = client.post(f"{url}?lane=2", typed, follow=True).content.decode()

    assert "How many more" in shown
    assert "<html" not in shown
    assert "Posture check 3 of 4" in said
    assert "<html" not in said
    assert "Version 2" in after
    assert "2 more, 3 days apart" in after


def test_a_stale_change_keeps_what_was_typed(plan: Plan, therapist: User) -> None:
    client = signed_in(therapist)
    url = reverse("programs:revise", args=[plan.patient_id])

    shown = client.post(url, {"seen": 9, "more_2": 2, "every_2": 3, "why": "Because."}).content.decode()

    assert "Somebody else changed this plan meanwhile" in shown
    assert "Because." in shown


def test_a_plan_is_paused_and_goes_on(plan: Plan, therapist: User) -> None:
    client, patient = signed_in(therapist), plan.patient

    paused = client.post(reverse("programs:pause", args=[patient.pk]), {"reason": "away"}, follow=True)
    own = signed_in(patient.user).get(reverse("portal:plan")).content.decode()
    again = client.post(reverse("programs:resume", args=[patient.pk]), follow=True).content.decode()

    assert "Go on with the plan" in paused.content.decode()
    assert "Your plan is paused" in own
    assert "The plan goes on." in again


def test_somebody_looks_again_and_records_the_decision(plan: Plan, therapist: User) -> None:
    client, url = signed_in(therapist), reverse("programs:look", args=[plan.patient_id])

    shown = client.get(url, {"now": 1}).content.decode()
    client.post(f"{url}?now=1", {"decision": "go_on", "reason": "Sleeps through."})

    assert "not known" in shown
    assert plan.checkpoints.exclude(decided_at=None).get().reason == "Sleeps through."


def test_the_summary_says_what_is_met_and_what_nobody_knows(plan: Plan, therapist: User) -> None:
    shown = page(signed_in(therapist), "plan_summary", plan.patient)

    assert "By the scores: not known" in shown


def test_the_start_page_proposes_best_first_and_says_what_is_not_known(therapist: User) -> None:
    shown = page(signed_in(therapist), "start", a_patient())

    assert "May fit: more must be known" in shown
    assert "Not known: NPRS current" in shown


def test_the_patient_sees_what_changed_once(plan: Plan, therapist: User) -> None:
    more = More(modality="laser_therapy", technique="lllt_3b", count=1, every_days=7)
    plan_revising.revise(plan, Wish(more=(more,)), seen=1, why="Secret thought.", by=therapist, now=timezone.now())
    client, url = signed_in(plan.patient.user), reverse("portal:plan")

    before = client.get(url).content.decode()
    after = client.post(url, follow=True).content.decode()

    assert "What changed since last time" in before
    assert "Secret thought" not in before
    assert "What changed since last time" not in after


def test_a_change_seen_by_one_patient_is_not_seen_by_another(plan: Plan, therapist: User) -> None:
    more = More(modality="laser_therapy", technique="lllt_3b", count=1, every_days=7)
    plan_revising.revise(plan, Wish(more=(more,)), seen=1, why="More.", by=therapist, now=timezone.now())

    assert signed_in(a_portal_patient().user).post(reverse("portal:plan")).status_code == 404
    assert plan.versions.get(number=2).seen_at is None


@pytest.mark.parametrize("name", ["revise", "pause", "resume", "look", "plan_summary", "start"])
def test_the_front_desk_finds_none_of_it(name: str, plan: Plan) -> None:
    client, url = signed_in(a_user(Role.FRONT_DESK)), reverse(f"programs:{name}", args=[plan.patient_id])

    assert (client.get(url).status_code, client.post(url).status_code) == (404, 404)


def test_a_clinic_copies_a_program_changes_it_and_retires_it(therapist: User) -> None:
    client = signed_in(therapist)
    form = client.get(reverse("programs:own_program_new"), {"from": 1})
    whole = form.context["whole"]
    typed = filled(whole) | {"name": "Our acute week", "why": "Fewer visits."}

    kept = client.post(f"{reverse('programs:own_program_new')}?from=1", typed, follow=True).content.decode()
    own = PlanTemplate.objects.get()
    client.post(reverse("programs:own_program", args=[own.pk]), typed | {"name": "Our week", "seen": 1})
    newest = PlanTemplate.objects.get(retired_at=None)

    assert "Our acute week" in kept
    assert (newest.version, newest.name, own.code) == (2, "Our week", "own_our_acute_week")
    assert own.code in plan_templates.current()
    running = a_plan(template_code=own.code, by=therapist)
    assert (running.template_version, running.name) == (2, "Our week")
    client.post(reverse("programs:own_program_retire", args=[newest.pk]))
    assert own.code not in plan_templates.current()
    found = plan_templates.of_plan(running)
    assert found is not None
    assert found.name == "Our week"


def test_a_program_whose_days_are_out_of_order_is_refused(therapist: User) -> None:
    client, url = signed_in(therapist), f"{reverse('programs:own_program_new')}?from=1"
    whole = client.get(url).context["whole"]

    shown = client.post(url, filled(whole) | {"name": "Ours", "why": "x", "p1-day_start": 0}).content.decode()

    assert "does not add up" in shown
    assert not PlanTemplate.objects.exists()


def filled(whole: Any) -> dict[str, Any]:
    """The form as it is sent back unchanged."""
    forms = [whole.head, *(it for phase, rows in whole.phases for it in (phase, *rows))]
    return {field.html_name: value for form in forms for field in form if (value := field.value()) not in (None, False)}


START, VISITS, OWN = 16, 18, 7  # queries


def queries(client: Client, url: str) -> int:
    client.get(url)  # what is read once for a session
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url).status_code == 200
    return len(asked)


def test_choosing_a_program_costs_the_same_however_much_is_known(therapist: User) -> None:
    client, now = signed_in(therapist), timezone.now()
    little, much = a_patient(), a_plan(by=therapist, starts_on=now.date(), now=now).patient
    for n in range(20):
        on = now.date() - timedelta(days=n)
        outcomes.record(much, "nprs", {"current": n % 10}, on=on, by=therapist, now=now)

    found = [queries(client, reverse("programs:start", args=[it.pk])) for it in (little, much)]

    assert found == [START, START]


@pytest.mark.parametrize("code", ["tpl_acute_spasm_conservative", "tpl_chronic_prp_series"])
def test_a_plan_with_its_visits_costs_the_same_long_or_short(code: str, therapist: User) -> None:
    now = timezone.now()
    plan = a_plan(template_code=code, by=therapist, starts_on=now.date(), now=now)

    assert queries(signed_in(therapist), reverse("appointments:plan_visits", args=[plan.patient_id])) == VISITS


@pytest.mark.parametrize("n", [1, 20])
def test_the_clinics_own_programs_cost_the_same_for_one_and_for_twenty(n: int, therapist: User) -> None:
    ours = plan_templates.contents_of("tpl_acute_spasm_conservative") or {}
    PlanTemplate.objects.bulk_create(
        PlanTemplate(code=f"own_{nth}", version=1, name=f"Week {nth}", why="Fewer visits.", by=therapist,
                     at=timezone.now(), contents=ours | {"code": f"own_{nth}", "name": f"Week {nth}"})
        for nth in range(n)
    )  # fmt: skip

    assert queries(signed_in(therapist), reverse("programs:own_programs")) == OWN


def test_the_plan_tells_the_limits_of_what_the_patient_does_alone(plan: Plan, therapist: User) -> None:
    own, staff = (
        signed_in(user).get(reverse(name, args=args)).content.decode()
        for user, name, args in (
            (plan.patient.user, "portal:plan", []), (therapist, "programs:plan", [plan.patient_id]),
        )
    )  # fmt: skip

    assert "Ask us if you need it for more than 14 days." in own
    assert "Ice: at most 15 minutes at a time." in staff
    assert "Hold each for at least" not in own


def test_every_limit_of_self_care_has_words() -> None:
    named = {name for it in rulebook().self_care.values() for name in it.limits}

    assert named <= self_care_words.LIMITS.keys()


def test_self_care_is_changed_with_the_plan_and_the_patient_is_told(plan: Plan, therapist: User) -> None:
    url = reverse("programs:revise", args=[plan.patient_id])
    before = plan_versions.advised(plan)
    phase = plan.phases.get(ordinal=1)
    first = before[phase.code][0]
    new = next(code for code in rulebook().self_care if code not in before[phase.code])
    typed = {"seen": 1, "phase": 1, "add_self_care": new, "drop_self_care": f"1:{first}", "why": "Helps more."}

    signed_in(therapist).post(url, typed)
    told = signed_in(plan.patient.user).get(reverse("portal:plan")).content.decode()

    now = plan_versions.advised(plan)
    assert now[phase.code] == [*before[phase.code][1:], new]
    assert f"New advice: {rulebook().self_care[new].label}" in told
    assert f"Advice left out: {rulebook().self_care[first].label}" in told


def test_self_care_that_is_not_safe_for_the_patient_is_not_added(plan: Plan, therapist: User) -> None:
    facts.state(plan.patient, {"peptic_ulcer_or_gi_bleed": True}, by=therapist, now=timezone.now())
    typed = {"seen": 1, "phase": 1, "add_self_care": "sc_otc_nsaid", "why": "Helps."}

    shown = signed_in(therapist).post(reverse("programs:revise", args=[plan.patient_id]), typed).content.decode()

    assert "is not for this patient" in shown
    assert plan.versions.count() == 1


def test_a_change_that_is_sent_twice_is_one_version_and_no_error(plan: Plan, therapist: User) -> None:
    client, url = signed_in(therapist), reverse("programs:revise", args=[plan.patient_id])
    typed = {"seen": 1, "more_2": 2, "every_2": 3, "why": "More is needed."}

    answers = [client.post(url, typed) for _click in range(2)]

    assert [it.status_code for it in answers] == [302, 302]
    assert plan.versions.count() == 2


def test_a_program_of_a_name_that_is_taken_is_not_kept(therapist: User) -> None:
    client, url = signed_in(therapist), f"{reverse('programs:own_program_new')}?from=1"
    typed = filled(client.get(url).context["whole"]) | {"name": "Our acute week", "why": "Fewer visits."}

    answers = [client.post(url, typed) for _click in range(2)]

    assert "There is a program of this name already." in answers[1].content.decode()
    assert PlanTemplate.objects.count() == 1


def test_a_click_on_a_plan_that_has_ended_leads_to_it_and_not_to_an_error(plan: Plan, therapist: User) -> None:
    client, url = signed_in(therapist), reverse("programs:stop", args=[plan.patient_id])

    for _click in range(2):
        said = client.post(url, {"reason": "not_helping"}, follow=True).content.decode()

    assert "This plan has already ended." in said
    assert "it does not help enough" in said
    for name in ("pause", "resume", "look", "revise"):
        late = client.post(reverse(f"programs:{name}", args=[plan.patient_id]), follow=True)
        assert "This plan has already ended." in late.content.decode(), name

"""A visit in a real browser: its tap budgets (C1 to C4, C7), the tablet, two who write, no connection, no script, axe.

The budget of a consent (C8) is kept in test_consent_and_form.py.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from barriers import problems, problems_at
from desk_hands import PASSWORD
from playwright.sync_api import Browser, BrowserContext, Page, expect
from stack import Stack

pytestmark = pytest.mark.browser

SARA = "sara@example.org"  # a licensed acupuncturist of the demo: she needles
TABLET = {"width": 820, "height": 1180}
TROUBLE = re.compile(r"htmx:|Response Status Error Code 403|Failed to load resource: (net::|.*403)")
TAPS = {"C1": 1, "C2": 14, "C3": 7, "C4": 4, "C7": 2}
# Patients with a signed visit a week ago and one visit now, notes that wait for their signature, two first visits.
PEOPLE = """
import sys
from datetime import timedelta
from django.utils import timezone
from clinic.appointments.actions import assessing
from clinic.appointments.models import Appointment, Resource
from patients.actions import assessments, facts, intake
from patients.models import Patient
from people.models import User
from programs.actions import treatments
from programs.actions.treatments import Given
from programs.models import Phase, Plan, PlanExercise
from programs.rules.rulebook import rulebook
sys.path.append("tests")
from factories import consents_signed
user = User.objects.get(email="sara@example.org")
sara = Resource.objects.get(user=user)
site = Appointment.objects.first().site
now = timezone.now()
def visit(patient, at, service_code="dry_needling", **fields):
    return Appointment.objects.create(patient=patient, clinician=sara, site=site, service_code=service_code,
        starts_at=at, ends_at=at + timedelta(minutes=30), booked_at=at, timed_at=at, **fields)
def told(visit, at, sign):
    draft = assessing.open_assessment(visit, by=user, now=at)
    draft = assessments.save(draft, revision=draft.revision, by=user, now=at, told={"worst": 5, "treat": {}},
        moves={"turn_left": 62, "turn_right": 48, "look_down": 45})
    draft = assessments.ask_again(draft, revision=draft.revision, by=user, now=at)
    given = [Given(modality="dry_needling", technique="dn_superficial", regions=("upper_trapezius:right",),
        dose={"needles": 4})]
    if sign:
        treatments.sign_visit(draft, given, note="Said: Worst pain 5.", by=user, now=at)
for name in ("Fast", "Flagged", "Thinner", "Reason", "Offline", "Plain", "Both"):
    patient = Patient.objects.create(given_name="Linh", family_name=name, birth_date="1969-07-22", registered_at=now)
    consents_signed(patient, "dry_needling", by=user)
    told(visit(patient, now - timedelta(days=7)), now - timedelta(days=7), sign=True)
    if name in ("Thinner", "Reason"):
        facts.state(patient, {"anticoagulant_use": True}, by=user, now=now)
    print("VISIT", name, visit(patient, now, status="in_room").pk)
for name in ("Unsigned", "Later"):
    patient = Patient.objects.create(given_name="Ada", family_name=name, birth_date="1969-07-22", registered_at=now)
    one = visit(patient, now - timedelta(days=2))
    told(one, now - timedelta(days=2), sign=False)
    one.refresh_from_db()
    draft = one.assessment
    assessments.save(draft, revision=draft.revision, by=user, now=now,
        told={"worst": 5, "treat": {"dry_needling": {"skipped": True, "why": "no_time"}}})
    print("VISIT", name, one.pk)
for name in ("First", "Hurt"):
    patient = Patient.objects.create(given_name="Tom", family_name=name, birth_date="1985-02-02", registered_at=now)
    form = intake.start(patient, by=user, now=now)
    intake.save_part(form, "story", {"text": "My neck locks when I look back", "causes": ["stress"]}, by=user, now=now)
    intake.save_part(form, "places", {"codes": ["lateral_neck:left"]}, by=user, now=now)
    intake.save_part(form, "pain", {"now": 6, "best": 2, "worst": 8}, by=user, now=now)
    intake.submit(form, by=user, now=now)
    one = visit(patient, now + timedelta(minutes=1), service_code="first_assessment", status="arrived")
    print("VISIT", name, one.pk)
known = Patient.objects.get(family_name="Plain")
form = intake.start(known, by=user, now=now)
intake.save_part(form, "story", {"text": "It is better, but the left side pulls"}, by=user, now=now)
intake.save_part(form, "places", {"codes": ["lateral_neck:left"]}, by=user, now=now)
intake.submit(form, by=user, now=now)
for name in ("Plain", "Fast"):
    plan = Plan.objects.create(patient=Patient.objects.get(family_name=name), template_code="prog_acute_neck_spasm",
        rulebook_version="1", name="Acute neck", starts_on=now.date() - timedelta(days=7),
        ends_on=now.date() + timedelta(days=35), started_by=user, started_at=now)
    phase = Phase.objects.create(plan=plan, ordinal=1, code="p1", name="Calm it down", starts_on=plan.starts_on,
        ends_on=plan.ends_on)
    PlanExercise.objects.create(plan=plan, phase=phase, code=next(iter(rulebook().exercises)), ordinal=1,
        dosage={"sets": 1, "reps": 5, "times_per_day": 1, "days_per_week": 7})
"""


@pytest.fixture(scope="module")
def visits(stack: Stack) -> dict[str, str]:
    said = stack.manage("shell", "-c", PEOPLE)
    return {name: f"{stack.url}/clinic/visit/{pk}/" for name, pk in re.findall(r"VISIT (\w+) (\S+)", said)}


@contextmanager
def at_work(browser: Browser, stack: Stack, who: str = SARA, **options: Any) -> Iterator[tuple[Page, BrowserContext]]:
    options.setdefault("viewport", TABLET)
    with browser.new_context(**options) as context:
        page = context.new_page()
        page.set_default_timeout(20_000)
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        signed_in(page, stack, who)
        yield page, context
        # Without a connection or a session the browser and htmx say so on the console; that is the test.
        assert [it for it in complaints if not TROUBLE.match(it)] == []


def signed_in(page: Page, stack: Stack, who: str) -> None:
    page.goto(f"{stack.url}/signin/")
    page.get_by_label("E-mail").fill(who)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/signin" not in url)


class Hand:
    """Counts what a finger does."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps = page, 0

    def tap(self, what: Any) -> None:
        what.click()
        self.taps += 1


def saved(page: Page) -> None:
    expect(page.locator("#fu-status [data-kept]")).to_contain_text("Saved")


def chip(page: Page, part: str, words: str) -> Any:
    return page.locator(f"#{part} label").filter(has_text=re.compile(rf"^\s*{re.escape(words)}\s*$")).first


def test_everything_to_know_before_the_visit_is_one_tap_away(
    stack: Stack, browser: Browser, visits: dict[str, str]
) -> None:
    with at_work(browser, stack) as (page, _context):
        page.goto(f"{stack.url}/clinic/")
        hand = Hand(page)

        hand.tap(page.locator(f"a[href='{visits['Plain'].removeprefix(stack.url)}']").first)

        expect(page.get_by_role("region", name="Patient", exact=True)).to_contain_text("PLAIN")
        expect(page.get_by_role("region", name="What matters")).to_contain_text("Allergies")
        glance = page.get_by_role("complementary", name="At a glance")
        expect(glance.get_by_text("It is better, but the left side pulls").first).to_be_visible()
        expect(glance.get_by_role("img", name=re.compile("Numeric Pain Rating Scale: 5"))).to_be_visible()
        expect(glance.get_by_role("img", name=re.compile("Back view.*left"))).to_be_visible()
        expect(glance.get_by_role("img", name=re.compile("Each day of the month"))).to_be_visible()
        expect(glance.get_by_text("Acute neck")).to_be_visible()
        assert hand.taps <= TAPS["C1"]


def test_a_follow_up_without_a_sign_takes_at_most_fourteen_taps(
    stack: Stack, browser: Browser, visits: dict[str, str]
) -> None:
    with at_work(browser, stack) as (page, _context):
        page.goto(visits["Fast"])
        hand = Hand(page)

        hand.tap(page.get_by_role("button", name="I asked again: all no"))
        # At once, while the page is still being redrawn: a quick finger loses nothing.
        hand.tap(chip(page, "since", "3"))
        hand.tap(chip(page, "since", "Sore for 1 day"))
        hand.tap(page.locator("#since fieldset").last.get_by_text("Better"))
        for movement in ("Turn left", "Turn right"):
            hand.tap(page.get_by_role("button", name=f"{movement}, more"))
            hand.tap(page.get_by_role("button", name=f"{movement}, more"))
        expect(page.get_by_label("Turn left", exact=True)).to_have_value("67")
        expect(page.get_by_label("Look down", exact=True)).to_have_value("")
        saved(page)
        hand.tap(page.get_by_role("button", name=re.compile("Same as on")))
        expect(page.get_by_label("Superficial dry needling")).to_be_checked()
        hand.tap(chip(page, "treat", "None"))
        hand.tap(chip(page, "plan", "Keep the plan"))
        hand.tap(chip(page, "plan", "Same"))
        note = page.locator("#fu-note")
        expect(note).to_contain_text("Worst pain 3, was 5.")
        expect(note).to_contain_text("Turn left 67°, was 62°.")
        expect(note).to_contain_text("Plan and exercises stay the same.")
        expect(page.locator("#fu-left")).to_contain_text("Ready to sign")
        hand.tap(page.get_by_role("button", name=re.compile("Sign and next patient")))
        page.wait_for_url(lambda url: url != visits["Fast"])

        assert hand.taps <= TAPS["C2"]
        page.goto(visits["Fast"])
        expect(page.get_by_text("As it was signed")).to_be_visible()
        expect(page.get_by_text("Upper trapezius (right), 4 needles", exact=True)).to_be_visible()


def test_a_yes_leads_to_the_doctor_in_at_most_seven_taps(
    stack: Stack, browser: Browser, visits: dict[str, str]
) -> None:
    with at_work(browser, stack) as (page, _context):
        page.goto(f"{stack.url}/clinic/")
        hand = Hand(page)
        page.goto(visits["Flagged"])

        hand.tap(page.get_by_text("Answer one by one"))
        legs = page.locator(".onebyone fieldset").filter(has=page.locator("input[value='rf_gait_change']"))
        hand.tap(legs.get_by_text("Yes").first)
        expect(page.locator("#fu-raised .alertbox.stop")).to_be_visible()
        tests = page.locator("#fu-raised section fieldset")
        for nth in range(min(tests.count(), 3)):
            hand.tap(tests.nth(nth).get_by_text("No", exact=False).first)
        expect(page.locator("#treat .alertbox.stop").first).to_contain_text("Stopped")
        saved(page)
        page.get_by_role("button", name=re.compile("Sign and next patient")).click()  # no part of the way
        expect(page.get_by_role("alert").filter(has_text="There is a problem")).to_be_visible()
        assert page.url == visits["Flagged"]
        hand.tap(chip(page, "fu-raised", "Doctor in charge called"))
        expect(page.locator("#fu-note")).to_contain_text("Doctor in charge called, ")
        saved(page)

        assert hand.taps <= TAPS["C3"]
        assert problems(page) == []


def test_going_ahead_against_a_caution_takes_four(stack: Stack, browser: Browser, visits: dict[str, str]) -> None:
    with at_work(browser, stack) as (page, _context):
        page.goto(visits["Reason"])
        page.get_by_label("Deep trigger point needling").locator("..").click()
        locked = page.locator("#treat .alertbox").filter(has_text="Locked")
        expect(locked).to_be_visible()
        hand = Hand(page)

        hand.tap(locked.get_by_text("Go ahead with a reason"))
        hand.tap(locked.get_by_text("Agreed with the prescriber"))
        locked.get_by_label("Who agreed, and when").fill("Dr Weber, by phone, today")
        hand.taps += 1
        hand.tap(locked.get_by_role("button", name="Record reason"))

        expect(locked).to_have_count(0)
        assert hand.taps <= TAPS["C4"]


def test_a_first_assessment_is_written_by_taps(stack: Stack, browser: Browser, visits: dict[str, str]) -> None:
    with at_work(browser, stack) as (page, _context):
        page.goto(visits["First"])
        expect(page.locator("input:checked")).to_have_count(0)

        page.get_by_role("button", name=re.compile("Asked: all no.*Cancer")).click()
        expect(page.locator("#found-cancer")).to_contain_text("Sara")
        page.get_by_role("button", name="I asked again: all no").click()
        expect(page.locator("#fu-asked")).to_contain_text("Asked: all no")
        for nth, value in enumerate(("4", "2", "7")):
            page.locator("#since fieldset").nth(nth).get_by_text(value, exact=True).click()
        page.get_by_role("button", name="Side of the neck, left, more").click()
        page.locator("[data-region='upper_trapezius:left']").click()
        expect(page.get_by_label("Top of the shoulder, beside the neck, left", exact=True)).to_have_value("5")
        page.get_by_text(re.compile("Named in the form: Stress")).click()
        chip(page, "found", "Stress").click()
        page.get_by_label("Impression").fill("Muscle, no nerve")

        note = page.locator("#fu-note")
        expect(note).to_contain_text("Safety questions asked, all no.")
        expect(note).to_contain_text("Worst pain 7. Pain now 4. Least pain 2. Hurts: ")
        expect(note).to_contain_text("Muscle, no nerve. Likely causes: stress.")
        expect(page.locator("#fu-left")).to_contain_text("Ready to sign")
        saved(page)
        page.reload()
        expect(page.get_by_label("Impression")).to_have_value("Muscle, no nerve")
        expect(page.get_by_label("Look up", exact=True)).to_have_value("")
        page.keyboard.press("Control+Enter")
        page.wait_for_url(lambda url: url != visits["First"])
        page.goto(visits["First"])
        expect(page.get_by_text("As it was signed")).to_be_visible()


def test_an_injured_neck_is_asked_about_factor_by_factor(
    stack: Stack, browser: Browser, visits: dict[str, str]
) -> None:
    with at_work(browser, stack) as (page, _context):
        page.goto(visits["Hurt"])

        page.locator("#safety summary").filter(has_text="Bone and ligaments").click()
        injury = page.locator("#safety fieldset").filter(has=page.locator("input[value='rf_known_injury']"))
        injury.get_by_text("Yes").click()
        spine = page.get_by_role("region", name="Injured neck: Canadian C-spine rule")
        expect(spine).to_contain_text("Ask every high-risk factor first.")
        for code in ("rf_dangerous_mechanism", "rf_limb_tingling_after_injury"):
            factor = spine.locator("fieldset").filter(has=page.locator(f"input[value='{code}']"))
            factor.get_by_text("No", exact=False).last.click()
        expect(spine).to_contain_text("Look for a low-risk factor first.")
        expect(spine.get_by_text("Cannot turn 45 degrees")).to_have_count(0)
        spine.locator("fieldset").filter(has_text="Walking at any time").get_by_text("Yes").click()
        expect(spine).to_contain_text("You may test rotation.")
        expect(spine.get_by_text("Cannot turn 45 degrees")).to_be_visible()
        saved(page)
        assert problems(page) == []


def test_two_who_write_at_once_choose_and_lose_nothing(stack: Stack, browser: Browser, visits: dict[str, str]) -> None:
    with (
        at_work(browser, stack) as (sara, _one),
        at_work(browser, stack, who="amara@example.org") as (amara, _other),
    ):
        sara.goto(visits["Both"])
        amara.goto(visits["Both"])
        amara.get_by_label("What happens next").fill("Amara rings her")
        amara.get_by_label("What happens next").blur()
        saved(amara)

        chip(sara, "since", "3").click()
        expect(sara.locator("#fu-status")).to_contain_text("Amara")
        expect(sara.locator("#fu-status")).to_contain_text("changed Plan and home at")
        sara.get_by_role("button", name="See both").click()
        both = sara.get_by_role("region", name="Both versions")
        expect(both).to_contain_text("Amara rings her")
        assert problems(sara) == []
        both.get_by_role("button", name="Keep what is chosen").click()
        expect(both).to_have_count(0)
        sara.reload()

        expect(sara.get_by_label("What happens next")).to_have_value("Amara rings her")
        expect(sara.locator("#since input[value='3']").first).to_be_checked()


def test_a_waiting_note_is_signed_in_two(stack: Stack, browser: Browser, visits: dict[str, str]) -> None:
    with at_work(browser, stack) as (page, _context):
        page.goto(f"{stack.url}/clinic/")
        hand = Hand(page)

        hand.tap(page.get_by_role("link", name="Open next"))
        page.wait_for_url("**/clinic/visit/**")
        first = page.url
        page.keyboard.press("Control+Enter")
        hand.taps += 1
        page.wait_for_url(lambda url: url != first and "/clinic/visit/" in url)

        assert hand.taps <= TAPS["C7"]
        assert first.split("?")[0] != page.url.split("?")[0]
        page.goto(first)
        expect(page.get_by_text("As it was signed")).to_be_visible()


def test_what_is_typed_without_a_connection_is_kept_and_sent_later(
    stack: Stack, browser: Browser, visits: dict[str, str]
) -> None:
    with at_work(browser, stack) as (page, context):
        page.goto(visits["Offline"])
        context.set_offline(True)
        page.get_by_label("What happens next").fill("Ring her on Friday")
        page.get_by_label("What happens next").blur()
        expect(page.locator("#fu-status")).to_contain_text("No connection")
        expect(page.get_by_label("What happens next")).to_have_value("Ring her on Friday")

        context.set_offline(False)

        saved(page)
        page.reload()
        expect(page.get_by_label("What happens next")).to_have_value("Ring her on Friday")


def test_whoever_is_signed_out_while_typing_loses_nothing(
    stack: Stack, browser: Browser, visits: dict[str, str]
) -> None:
    with at_work(browser, stack) as (page, context):
        page.goto(visits["Offline"])
        context.clear_cookies(name="sessionid")
        page.get_by_label("Look down", exact=True).fill("41")
        page.get_by_label("Look down", exact=True).blur()
        expect(page.locator("#fu-status")).to_contain_text("You were signed out")
        # Pressing anything leaves the page as it is, too.
        page.get_by_role("button", name="I asked again: all no").click()
        expect(page.locator("#fu-status")).to_contain_text("You were signed out")
        assert page.url == visits["Offline"]

        other = context.new_page()
        signed_in(other, stack, SARA)
        other.close()

        saved(page)
        page.get_by_role("button", name="I asked again: all no").click()
        expect(page.locator("#fu-asked")).to_contain_text("Asked again: all no")
        page.get_by_role("button", name="Take it back").click()
        expect(page.get_by_role("button", name="I asked again: all no")).to_be_visible()
        page.reload()
        expect(page.get_by_label("Look down", exact=True)).to_have_value("41")


def test_a_number_that_cannot_be_is_said_and_the_page_is_not_left_by_mistake(
    stack: Stack, browser: Browser, visits: dict[str, str]
) -> None:
    with at_work(browser, stack) as (page, _context):
        page.goto(visits["Offline"])
        page.get_by_label("Look up", exact=True).fill("999")
        page.get_by_label("Look up", exact=True).blur()
        expect(page.locator("#fu-status")).to_contain_text("Not saved: Look up")
        asked: list[str] = []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))

        page.get_by_role("link", name="Summary").click(no_wait_after=True)
        page.wait_for_timeout(500)
        assert (asked, page.url) == (["beforeunload"], visits["Offline"])
        page.get_by_label("Look up", exact=True).fill("49")
        page.get_by_label("Look up", exact=True).blur()
        saved(page)
        page.get_by_role("link", name="Summary").click()
        page.wait_for_url("**/record/")
        page.go_back()

        expect(page.get_by_label("Look up", exact=True)).to_have_value("49")


def test_without_javascript_a_button_saves_and_signs(stack: Stack, browser: Browser, visits: dict[str, str]) -> None:
    with at_work(browser, stack, java_script_enabled=False) as (page, _context):
        page.goto(visits["Plain"])
        page.get_by_role("button", name="I asked again: all no").click()
        page.get_by_label("Look up", exact=True).fill("50")
        page.get_by_role("button", name=re.compile("Leave it out today")).click()
        expect(page.locator("#treat")).to_contain_text("Left out today.")
        expect(page.get_by_label("Look up", exact=True)).to_have_value("50")
        page.get_by_role("button", name=re.compile("Sign and next patient")).click()

        page.goto(visits["Plain"])
        expect(page.get_by_text("As it was signed")).to_be_visible()


def test_the_first_assessment_has_no_barrier(stack: Stack, browser: Browser, visits: dict[str, str]) -> None:
    with at_work(browser, stack) as (page, _context):
        page.goto(visits["Hurt"])
        for summary in page.locator("#visit-page details > summary").all():
            if summary.is_visible():
                summary.click()

        assert problems_at(page, 820, 390) == []


def test_the_page_has_no_barrier(stack: Stack, browser: Browser, visits: dict[str, str]) -> None:
    with at_work(browser, stack) as (page, _context):
        page.goto(visits["Thinner"])
        for summary in page.locator("details > summary").all():
            if summary.is_visible():
                summary.click()
        page.get_by_label("Deep trigger point needling").locator("..").click()
        expect(page.locator("#treat .alertbox").first).to_contain_text("Locked")
        saved(page)

        assert problems_at(page, 1366, 820, 390) == []

"""The follow-up in a real browser: its tap budgets (C1, C2, C3, C7), the tablet, no connection, no JavaScript, axe."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from stack import Stack, browser_options, running

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("visit")]

PASSWORD = "rebalance-demo-360"
SARA = "sara@example.org"  # a licensed acupuncturist of the demo: she needles
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TABLET = {"width": 820, "height": 1180}
TAPS = {"C1": 1, "C2": 14, "C3": 7, "C7": 2}
# Four patients with a signed visit a week ago and one visit now, and two notes that wait for their signature.
PEOPLE = """
from datetime import timedelta
from django.utils import timezone
from clinic.appointments.actions import assessing
from clinic.appointments.models import Appointment, Resource
from patients.actions import assessments, facts
from patients.models import Patient
from people.models import User
from programs.actions import treatments
from programs.actions.treatments import Given
user = User.objects.get(email="sara@example.org")
sara = Resource.objects.get(user=user)
site = Appointment.objects.first().site
now = timezone.now()
def visit(patient, at, **fields):
    return Appointment.objects.create(patient=patient, clinician=sara, site=site, service_code="dry_needling",
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
for name in ("Fast", "Flagged", "Thinner", "Offline", "Plain"):
    patient = Patient.objects.create(given_name="Linh", family_name=name, birth_date="1969-07-22", registered_at=now)
    told(visit(patient, now - timedelta(days=7)), now - timedelta(days=7), sign=True)
    if name == "Thinner":
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
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running() as up:
        yield up


@pytest.fixture(scope="module")
def visits(stack: Stack) -> dict[str, str]:
    said = stack.manage("shell", "-c", PEOPLE)
    return {name: f"{stack.url}/clinic/visit/{pk}/" for name, pk in re.findall(r"VISIT (\w+) (\S+)", said)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**browser_options())
        yield chromium
        chromium.close()


@contextmanager
def at_work(browser: Browser, stack: Stack, **options: Any) -> Iterator[tuple[Page, BrowserContext]]:
    options.setdefault("viewport", TABLET)
    with browser.new_context(**options) as context:
        page = context.new_page()
        page.set_default_timeout(10_000)
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{stack.url}/signin/")
        page.get_by_label("E-mail").fill(SARA)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/signin" not in url)
        yield page, context
        # Without a connection the browser and htmx say so on the console; that is the test.
        assert [it for it in complaints if not re.match(r"htmx:|Failed to load resource: net::", it)] == []


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
        expect(page.get_by_text("upper trapezius (right), 4 needles")).to_be_visible()


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
        hand.tap(page.get_by_role("button", name="I have called the doctor"))
        expect(page.get_by_label("What happens next")).to_have_value(re.compile("Called the doctor in charge, "))

        assert hand.taps <= TAPS["C3"]
        assert problems(page) == []


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


def problems(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    wrong = [f"{it['id']}: {node['html'][:160]}" for it in found for node in it["nodes"][:3]]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"):
        wrong.append("scrolls sideways")
    return wrong


@pytest.mark.parametrize(("scheme", "width"), [("light", 820), ("dark", 820), ("light", 1366), ("dark", 390)])
def test_the_page_has_no_barrier(
    stack: Stack, browser: Browser, visits: dict[str, str], scheme: str, width: int
) -> None:
    with at_work(browser, stack, color_scheme=scheme, viewport={"width": width, "height": 1180}) as (page, _context):
        page.goto(visits["Thinner"])
        for summary in page.locator("details > summary").all():
            if summary.is_visible():
                summary.click()
        page.get_by_label("Deep trigger point needling").locator("..").click()
        expect(page.locator("#treat .alertbox").first).to_contain_text("Locked")
        saved(page)

        assert problems(page) == []

"""A whole plan booked in a real browser, with every interaction counted; on a phone, in the dark, by keyboard."""

import re
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from barriers import problems_at
from desk_hands import Hands, at_work
from playwright.sync_api import Browser, Page, expect
from stack import Stack

pytestmark = pytest.mark.browser

FIVE = 5  # the budget of a whole plan, from the patient's page
PLAN = re.compile("Book all|Make (all|1)|Book 1")
SOMEBODY_WITH_A_PLAN = """
from django.utils import timezone
from patients.models import Patient
from people.models import User
from programs.actions import plans
user, now = User.objects.get(email="sara@example.org"), timezone.now()
patient = Patient.objects.create(given_name="Noor", family_name="Haddad", birth_date="1980-01-01", registered_at=now)
plans.start(patient, template_code="tpl_acute_spasm_conservative", remind_at=None, by=user, now=now,
    starts_on=timezone.localdate())
print("PATIENT", patient.pk)
"""


@pytest.fixture
def patient(stack: Stack) -> str:
    """The address of the page of somebody who has a plan of which nothing is booked."""
    found = re.search(r"PATIENT (\S+)", stack.manage("shell", "-c", SOMEBODY_WITH_A_PLAN))
    assert found
    return f"{stack.url}/patients/{found[1]}/"


def open_the_plan(page: Page, patient: str) -> None:
    page.goto(patient)
    page.get_by_role("link", name="Book the whole plan").first.click()
    page.wait_for_load_state()


def test_nobody_is_shut_out_of_booking_and_mending_a_plan(browser: Browser, stack: Stack, patient: str) -> None:
    page = at_work(browser, stack)
    open_the_plan(page, patient)
    found = {}
    for path in (page.url, f"{stack.url}/desk/mend/"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        if wrong := problems_at(page, 1440, 390):
            found[path] = wrong

    assert found == {}


def test_a_whole_plan_is_booked_in_five_interactions_and_taken_back_with_one(
    browser: Browser, stack: Stack, patient: str
) -> None:
    page = at_work(browser, stack)
    page.goto(patient)
    hands = Hands(page)

    hands.click("link", "Book the whole plan")
    page.wait_for_url("**/book/**")
    hands.click("button", PLAN.pattern)
    expect(page.get_by_text(re.compile("There is nothing to book"))).to_be_visible()
    assert hands.count <= FIVE

    hands.click("button", "Undo (all )?[0-9]+ changes?")
    expect(page.get_by_role("button", name=PLAN)).to_be_visible()


def test_a_visit_is_dragged_to_another_day_and_the_others_follow(browser: Browser, stack: Stack, patient: str) -> None:
    page = at_work(browser, stack)
    open_the_plan(page, patient)
    mark = page.locator("g[data-session]").last
    session, at = mark.get_attribute("data-session"), datetime.fromisoformat(str(mark.get_attribute("data-at")))
    box = mark.locator(".grip").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y, steps=4)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert "at." not in page.url  # thought better of it
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y, steps=4)
    page.mouse.up()
    page.wait_for_url(f"**at.{session}=2*")

    asked = datetime.fromisoformat(parse_qs(urlsplit(page.url).query)[f"at.{session}"][0])
    assert asked.time() == at.time()
    assert asked.date() > at.date()
    # It stands there now, or the page says what is in the way.
    kept = page.locator(f"input[name=pin][value^='{session}']:checked")
    expect(kept.or_(page.get_by_text("cannot")).first).to_be_visible()


def test_a_plan_is_booked_with_the_keyboard_alone(browser: Browser, stack: Stack, patient: str) -> None:
    page = at_work(browser, stack)
    open_the_plan(page, patient)
    page.goto(page.url)
    button = page.get_by_role("button", name=PLAN)

    page.get_by_role("button", name="Look again").focus()
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_text(re.compile("There is nothing to book"))).to_be_visible()

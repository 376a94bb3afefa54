"""The life of a plan in a real browser: interactions counted, and by keyboard alone."""

import re

import pytest
from desk_hands import PASSWORD, Hands
from playwright.sync_api import Browser, Page, expect
from stack import Stack

pytestmark = pytest.mark.browser

FAR = 200  # presses of Tab; no page has so many places to stop at
FOUR = 4  # C6: plus on a lane, the number, the distance, save


def with_a_plan(browser: Browser, stack: Stack) -> Page:
    page = browser.new_page(viewport={"width": 1366, "height": 1024})
    page.goto(f"{stack.url}/signin/")
    page.get_by_label("E-mail").fill("sara@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/signin" not in url)
    page.goto(f"{stack.url}/patients/")
    doors = page.locator("main a[href^='/patients/']").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    for door in doors:
        if re.fullmatch(r"/patients/[0-9a-f-]{36}/", door):
            page.goto(f"{stack.url}{door}plan/")
            if page.get_by_role("link", name="Change plan").count():
                return page
    pytest.fail("nobody in the demo follows a plan")


def test_two_more_visits_are_four_touches_and_the_rules_answer_meanwhile(browser: Browser, stack: Stack) -> None:
    page = with_a_plan(browser, stack)
    hands = Hands(page)

    hands.click("link", "More of")
    expect(page.get_by_label("How many more")).to_be_focused()
    page.get_by_label("How many more").select_text()
    hands.enter("2", end="Tab")
    hands.enter("14", end="")
    expect(page.locator("#answers .changed")).to_be_visible()
    hands.click("button", "Save")

    expect(page.get_by_text("Version 2", exact=True)).to_be_visible()
    assert hands.count <= FOUR


def tab_to(page: Page, role: str, name: str) -> None:
    wanted = page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
    for _press in range(FAR):
        page.keyboard.press("Tab")
        if wanted.evaluate("it => it === document.activeElement"):
            return
    pytest.fail(f"the keyboard does not reach {name}")


def test_a_plan_is_paused_and_goes_on_by_keyboard_alone(browser: Browser, stack: Stack) -> None:
    page = with_a_plan(browser, stack)

    tab_to(page, "link", "Pause")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Pause the plan")).to_be_visible()
    page.keyboard.press("Tab")
    for _press in range(FAR):
        if page.evaluate("document.activeElement.type === 'radio'"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    tab_to(page, "button", "Pause the plan")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    tab_to(page, "button", "Go on with the plan")
    page.keyboard.press("Enter")

    expect(page.get_by_text("The plan goes on.")).to_be_visible()

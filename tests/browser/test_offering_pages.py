"""Set-up, classes and walk-ins in a real browser: also a refusal is a page without barriers, and few interactions."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from barriers import problems
from playwright.sync_api import Browser, Page
from stack import Stack

pytestmark = pytest.mark.browser

PASSWORD = "rebalance-demo-360"


@dataclass
class Looker:
    """Somebody at a screen, who counts what they press."""

    page: Page
    stack: Stack
    pressed: int = 0

    def go(self, path: str) -> None:
        answer = self.page.goto(self.stack.url + path)
        assert answer
        assert answer.status == 200, path

    def click(self, name: str | re.Pattern[str], role: Any = "button") -> None:
        self.pressed += 1
        self.page.get_by_role(role, name=name).first.click()

    def type_and_enter(self, text: str) -> None:
        """One interaction, as a receptionist counts it: the field is ready and she types."""
        self.pressed += 1
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def problems(self) -> list[str]:
        return problems(self.page)


def a_looker(browser: Browser, stack: Stack, who: str) -> Looker:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(f"{stack.url}/signin/")
    page.get_by_label("E-mail").fill(f"{who}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/signin" not in url)
    return Looker(page, stack)


def test_a_class_is_set_up_filled_and_ticked_off(stack: Stack, browser: Browser) -> None:
    rosa = a_looker(browser, stack, "rosa")
    rosa.go("/desk/classes/new/")
    rosa.click("Next")
    day = rosa.page.evaluate(
        "() => { const day = new Date(); do { day.setDate(day.getDate() + 1); } while (day.getDay() % 6 === 0);"
        " return day.toISOString().slice(0, 10); }"
    )
    rosa.page.get_by_label("Day*").fill(day)
    for hour in ("09:00", "10:00", "11:00", "13:00", "14:00", "15:00", "16:00"):
        rosa.page.get_by_label("Begins at").fill(hour)
        with rosa.page.expect_navigation():
            rosa.click("Set up")
        if rosa.page.url.endswith("/new/") or "new/?" in rosa.page.url:
            assert rosa.problems() == []  # a refusal is a page too
            continue
        break
    assert "/desk/class/" in rosa.page.url
    rosa.page.get_by_label(re.compile("Who\\?")).fill("rahimi")
    rosa.click("Find")
    rosa.click(re.compile("Put into the class"))
    rosa.page.wait_for_selector("text=0 of 1 came")
    assert rosa.problems() == []

    rosa.pressed = 0
    rosa.click("Everybody has come")
    rosa.page.wait_for_selector("text=1 of 1 came")
    assert rosa.pressed == 1

    rosa.page.set_viewport_size({"width": 390, "height": 900})
    assert rosa.problems() == []


def test_a_known_patient_who_walks_in_is_helped_in_three_interactions(stack: Stack, browser: Browser) -> None:
    rosa = a_looker(browser, stack, "rosa")
    rosa.go("/desk/")

    rosa.click("Walk-in", role="link")
    rosa.page.wait_for_selector("#who:focus")
    rosa.type_and_enter("brandt thom")
    rosa.page.wait_for_selector("button:focus")
    assert rosa.problems() == []
    rosa.pressed += 1
    rosa.page.keyboard.press("Enter")

    # On a day on which nobody is free any more the same key lets them wait.
    rosa.page.wait_for_selector("text=/Checked in:|waits\\.|check needed/")
    assert rosa.pressed == 3


def test_the_free_times_of_a_changed_service_are_shown_before_it_is_saved(stack: Stack, browser: Browser) -> None:
    ines = a_looker(browser, stack, "ines")
    ines.go("/setup/services/review/")

    ines.page.get_by_label("Minutes of the visit").fill("60")
    ines.click("Show the free times first")

    assert ines.page.get_by_role("heading", name="Free times that would result").is_visible()
    assert ines.page.get_by_label("Minutes of the visit").input_value() == "60"
    assert ines.problems() == []
    ines.page.set_viewport_size({"width": 390, "height": 900})
    assert ines.problems() == []

"""Somebody at the front desk in a real browser, with every interaction counted.

An interaction is a decision that needs a hand: a key chord, an entry that ends in Enter or Tab, a click.
"""

import re
from dataclasses import dataclass

from playwright.sync_api import Browser, Page
from stack import Stack

PASSWORD = "rebalance-demo-360"


def at_work(browser: Browser, stack: Stack, *, script: bool = True) -> Page:
    context = browser.new_context(
        viewport={"width": 1440, "height": 900},
        java_script_enabled=script,
    )
    page = context.new_page()
    page.goto(f"{stack.url}/signin/")
    page.get_by_label("E-mail").fill("rosa@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/signin" not in url)
    return page


@dataclass
class Hands:
    """Somebody at the desk, with every interaction counted."""

    page: Page
    count: int = 0

    def press(self, key: str) -> None:
        self.count += 1
        self.page.keyboard.press(key)

    def enter(self, text: str, *, end: str = "Enter") -> None:
        self.count += 1
        # The field that a page opens with has the focus once it is drawn, which may be after it is loaded.
        self.page.wait_for_function("document.activeElement?.matches('input, textarea')")
        self.page.keyboard.type(text)
        if end:
            self.page.keyboard.press(end)

    def click(self, role: str, name: str) -> None:
        self.count += 1
        self.page.get_by_role(role, name=re.compile(name)).first.click()  # type: ignore[arg-type]

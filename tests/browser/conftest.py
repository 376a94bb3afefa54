"""The running product and a Chromium, once for each module: every module has a clinic of its own to change."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from stack import Stack, browser_options, running
from visit_hands import who_came

# Two browsers and two clinics share two cores: what is slow there is not wrong.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running() as up:
        yield up


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**browser_options())
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def visits(stack: Stack) -> dict[str, str]:
    return who_came(stack)


@pytest.fixture(autouse=True)
def _no_page_stays_open(request: pytest.FixtureRequest) -> Iterator[None]:
    """A day that nobody looks at any more still asks every second what is new, until its module is over."""
    if "browser" not in request.fixturenames:
        yield
        return
    browser: Browser = request.getfixturevalue("browser")
    kept = list(browser.contexts)
    yield
    for context in browser.contexts:
        if context not in kept:
            context.close()

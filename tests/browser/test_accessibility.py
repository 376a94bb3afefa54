"""Every page there is, found by following links as each role, measured by axe in light and dark."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

import pytest
from barriers import SIDEWAYS, problems_at
from playwright.sync_api import Browser, Page
from stack import Stack

pytestmark = pytest.mark.browser

PASSWORD = "rebalance-demo-360"
STAFF = {"front desk": "rosa@example.org", "clinician": "amara@example.org", "owner": "ines@example.org"}
VARIES = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d{2}-\d{2}|\d{4}-W\d{2}|(?<=/)[a-z]+_[a-z0-9_]+(?=/)")
PHONE = 390
FILES = (".ics", ".pdf", ".json")  # no pages
SAME_FOR_ALL = ("/desk/", "/account/")
PAGES_A_ROLE = 80  # far above what there is; a loop of links must not run for ever


def sign_in_staff(page: Page, stack: Stack, who: str) -> None:
    page.goto(f"{stack.url}/signin/")
    page.get_by_label("E-mail").fill(who)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/signin" not in url)


def sign_in_leila(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.url}/signin/code/")
    page.get_by_label("E-mail").fill("leila@example.org")
    page.get_by_role("button").filter(has_text=re.compile("code", re.IGNORECASE)).first.click()
    page.wait_for_url("**/signin/code/confirm/**")
    letter = stack.inbox.wait_for("leila@example.org", "code")
    code = re.search(
        r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", str(letter.get_body(("plain",)).get_content()), re.MULTILINE
    )
    assert code
    page.get_by_label("Code").fill(code[1])
    page.get_by_role("button").filter(has_text=re.compile("Sign in|Confirm|Continue", re.IGNORECASE)).first.click()
    page.wait_for_url("**/me/**")


def kind_of(url: str) -> str:
    """One address for all pages of one kind: ids, days and codes do not count, a question mark does."""
    parts = urlsplit(url)
    return VARIES.sub("*", parts.path) + ("?" if parts.query else "")


def pages(page: Page, stack: Stack, known: set[str]) -> Iterator[str]:
    """Each kind of page that can be reached by links from where we are, opened once.

    What is `known` of the desk and of one's account leads nobody further than whoever was there first.
    """
    waiting, seen = [page.url], {it for it in known if it.startswith(SAME_FOR_ALL)} - {kind_of(page.url)}
    most = len(seen) + PAGES_A_ROLE
    while waiting and len(seen) < most:
        url = waiting.pop(0)
        if kind_of(url) in seen or "signout" in url:
            continue
        seen.add(kind_of(url))
        answer = page.goto(url)
        assert answer
        assert answer.status < 400, (url, answer.status)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        yield url
        hrefs = page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
        waiting += [
            urldefrag(it).url for it in hrefs if it.startswith(stack.url) and not urlsplit(it).path.endswith(FILES)
        ]


def look_at_everything(
    page: Page, stack: Stack, measured: set[str], *widths: int
) -> tuple[dict[str, list[str]], list[str]]:
    """What is wrong with each page at each width, in both schemes. A kind that is in `measured` is only opened."""
    complaints: list[str] = []
    page.on("console", lambda it: complaints.append(f"{it.text} {it.location}") if it.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    found = {}
    count = 0
    for url in pages(page, stack, measured):
        count += 1
        if kind_of(url) in measured:
            continue
        measured.add(kind_of(url))
        wrong = problems_at(page, *widths)
        page.set_viewport_size({"width": PHONE, "height": 900})
        if page.evaluate(SIDEWAYS):
            wrong.append(f"{PHONE} px: scrolls sideways")
        if wrong:
            found[urlsplit(url).path] = wrong
    assert count >= 5, "the crawl found hardly any pages: is the sign-in broken?"
    return found, complaints


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context() as context:
        yield context.new_page()


@pytest.fixture(scope="module")
def measured() -> set[str]:
    """A page that two of the staff see is measured for the first of them."""
    return set()


@pytest.mark.parametrize("role", STAFF)
def test_no_page_of_the_staff_has_a_barrier(stack: Stack, page: Page, role: str, measured: set[str]) -> None:
    sign_in_staff(page, stack, STAFF[role])

    assert look_at_everything(page, stack, measured, 1440) == ({}, [])


def test_no_page_of_the_patient_has_a_barrier(stack: Stack, page: Page) -> None:
    sign_in_leila(page, stack)

    assert look_at_everything(page, stack, set(), 390, 320) == ({}, [])


def test_no_open_page_has_a_barrier(stack: Stack, page: Page) -> None:
    for path in ("/signin/", "/signin/code/", "/help/urgent/", "/a/no-such-link/", "/nowhere/"):
        page.goto(stack.url + path)

        assert problems_at(page, 390) == [], path


def test_the_pages_need_no_style_or_script_of_their_own() -> None:
    """A strict CSP forbids them; a page that has one would only break in the browser."""
    inline = re.compile(r"\sstyle=|<style|\son[a-z]+=|hx-on|<script(?![^>]*(src=|application/json))")
    guilty = [
        str(path) for path in Path(__file__).parents[2].glob("templates/**/*.html") if inline.search(path.read_text())
    ]

    assert guilty == []

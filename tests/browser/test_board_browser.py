"""The day board under the hands of two receptionists: one tap, two screens, the keyboard, a mouse that drags."""

import re
from collections.abc import Iterator
from http import HTTPStatus

import pytest
from barriers import problems_at
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from stack import Stack

pytestmark = pytest.mark.browser

PASSWORD = "rebalance-demo-360"
SECONDS = 1000  # ms
QUESTIONS = 2  # until a page is told what another desk did: one every 1.5 s, and one may have left before it was so


@pytest.fixture(scope="module")
def desk(stack: Stack, browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=stack.url, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto("/signin/")
    page.get_by_label("E-mail").fill("rosa@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/signin" not in url)
    page.close()
    yield context
    context.close()


@pytest.fixture
def page(desk: BrowserContext) -> Iterator[Page]:
    page = desk.new_page()
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    page.close()
    # A strict CSP says here what it stopped.
    assert wrong == []


def busy_day(page: Page) -> str:
    """The address of the next day that has somebody who may be moved."""
    page.goto("/desk/")
    for _ in range(5):
        page.locator(".daybar a.iconbtn").nth(1).click()
        page.wait_for_load_state()
        if page.locator("a.appt[data-visit]").count() > 3:
            return page.url
    raise AssertionError("the demo clinic has no day with visits")


def first_card(page: Page) -> Locator:
    return page.locator("a.appt[data-visit]").first


def test_to_check_somebody_in_is_one_tap_and_the_other_desk_sees_it_by_its_second_question(
    desk: BrowserContext, page: Page
) -> None:
    """D3. The other page keeps what it had scrolled to and what had the focus."""
    address = busy_day(page)
    other = desk.new_page()
    other.goto(address)
    card = other.locator("a.appt[data-visit]").last
    card.focus()
    focused = card.get_attribute("id")
    other.evaluate("document.getElementById('daygrid').scrollTop = 40")
    page.goto(address.replace("/desk/day/", "/desk/list/"))
    button = page.get_by_role("button", name=re.compile("^Check in")).first
    row = page.locator("tr", has=button).locator("a").first
    name, visit = row.inner_text(), (row.get_attribute("href") or "").split("/")[3]

    # From the moment at which it is so, not from the tap: how long saving takes is another budget.
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        button.click()
    told: list[int] = []
    other.on("response", lambda answer: told.append(answer.status) if "/pulse/" in answer.url else None)
    expect(other.locator(f"[id$='{visit}'].appt.st-arrived").first).to_be_visible()

    assert HTTPStatus.OK in told[:QUESTIONS]
    expect(other.locator("#now")).to_contain_text(name)
    assert other.evaluate("document.getElementById('daygrid').scrollTop") == 40
    assert other.evaluate("document.activeElement.id") == focused
    other.close()


def test_the_grid_is_one_tab_stop_and_arrows_walk_through_it(page: Page) -> None:
    page.goto(busy_day(page))
    cards = page.locator("a.appt")
    assert cards.evaluate_all("all => all.filter(card => card.tabIndex === 0).length") == 1
    # In the first column that has two visits.
    cards.evaluate_all("all => all.find(card => card.nextElementSibling?.matches('a.appt')).focus()")
    first = page.evaluate("document.activeElement.id")

    page.keyboard.press("ArrowDown")
    below = page.evaluate("document.activeElement.id")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.id") == first
    # Beside the last column there is only the one before.
    is_last = page.evaluate(
        "[...document.querySelectorAll('.dg-col:has(a.appt)')].at(-1).contains(document.activeElement)"
    )
    page.keyboard.press("ArrowLeft" if is_last else "ArrowRight")
    beside = page.evaluate("document.activeElement.closest('.dg-col').dataset.name")

    assert below != first
    assert beside != page.locator(f"[id='{first}']").evaluate("card => card.closest('.dg-col').dataset.name")
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/visit/**")


def test_m_on_a_card_opens_the_move_page_and_f1_says_so(page: Page) -> None:
    page.goto(busy_day(page))
    page.keyboard.press("F1")
    expect(page.get_by_role("dialog")).to_contain_text("Move the visit that has the focus")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()

    first_card(page).focus()
    page.keyboard.press("m")

    page.wait_for_url("**/move/")


def drag(page: Page, card: Locator, rows: int) -> None:
    box = card.bounding_box()
    assert box
    row = page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize) * 1.625")
    page.mouse.move(box["x"] + 30, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 30, box["y"] + 8 + rows * row, steps=8)


def test_dragging_asks_and_saves_nothing_until_somebody_says_yes(page: Page) -> None:
    page.goto(busy_day(page))
    card = first_card(page)
    where, visit = card.get_attribute("class"), card.get_attribute("data-visit")
    card.scroll_into_view_if_needed()

    drag(page, card, 2)
    expect(page.locator(".ghost")).to_be_visible()
    page.mouse.up()

    bar = page.locator("#drop")
    expect(bar).to_contain_text(re.compile("Move|cannot come"))
    assert "/desk/day/" in page.url, "letting go must not open the visit"
    page.keyboard.press("Escape")
    expect(bar).to_be_empty()
    page.reload()
    assert page.locator(f"a.appt[data-visit='{visit}']").first.get_attribute("class") == where


def test_a_drop_that_is_confirmed_with_enter_moves_the_visit(page: Page) -> None:
    page.goto(busy_day(page))
    for n in range(page.locator("a.appt[data-visit]").count()):
        card = page.locator("a.appt[data-visit]").nth(n)
        card.scroll_into_view_if_needed()
        visit, where = card.get_attribute("data-visit"), card.get_attribute("class")
        drag(page, card, 4)
        page.mouse.up()
        expect(page.locator("#drop")).not_to_be_empty()
        if "?" in page.locator("#drop").inner_text():
            break
        page.keyboard.press("Escape")
    page.keyboard.press("Enter")

    page.wait_for_load_state()
    expect(page.locator("main")).to_contain_text(re.compile("Moved|moved"))
    moved = page.locator(f"a.appt[data-visit='{visit}']").first
    assert moved.get_attribute("class") != where


def test_escape_during_a_drag_leaves_everything_where_it_was(page: Page) -> None:
    page.goto(busy_day(page))
    drag(page, first_card(page), 3)

    page.keyboard.press("Escape")
    page.mouse.up()

    expect(page.locator(".ghost")).to_have_count(0)
    expect(page.locator("#drop")).to_be_empty()


@pytest.mark.parametrize(("rests", "drags"), [(0.6, True), (0.0, False)])
def test_a_finger_drags_a_visit_after_resting_on_it_and_scrolls_otherwise(
    desk: BrowserContext, browser: Browser, stack: Stack, *, rests: float, drags: bool
) -> None:
    tablet = browser.new_context(
        base_url=stack.url, viewport={"width": 1440, "height": 900}, has_touch=True, storage_state=desk.storage_state()
    )
    page = tablet.new_page()
    page.goto(busy_day(page))
    card = first_card(page)
    card.scroll_into_view_if_needed()
    box = card.bounding_box()
    assert box
    x, y = box["x"] + 30, box["y"] + 8
    finger = tablet.new_cdp_session(page)

    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    page.wait_for_timeout(rests * SECONDS)
    for step in range(1, 9):
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y + step * 6}]})
    expect(page.locator(".ghost")).to_have_count(1 if drags else 0)
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    if drags:
        expect(page.locator("#drop")).to_contain_text(re.compile("Move|cannot come"))
    else:
        expect(page.locator("#drop")).to_be_empty()
    assert "/desk/day/" in page.url
    tablet.close()


def test_the_lower_edge_of_a_visit_draws_its_length(page: Page) -> None:
    page.goto(busy_day(page))
    card = first_card(page)
    card.scroll_into_view_if_needed()
    box = card.bounding_box()
    assert box
    x, y = box["x"] + 30, box["y"] + box["height"] - 3

    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + box["height"] / 2, steps=4)
    expect(page.locator(".ghost")).to_contain_text("min")
    page.mouse.up()

    expect(page.locator("#drop")).to_contain_text(re.compile("minutes from|cannot come"))
    page.keyboard.press("Escape")
    expect(page.locator("#drop")).to_be_empty()


def test_a_click_on_an_empty_time_books_then_and_there(page: Page) -> None:
    page.goto(busy_day(page))
    column = page.locator(".dg-col").last
    spot = column.evaluate(
        """column => {
          const taken = [...column.children].map(it => it.getBoundingClientRect());
          const box = column.getBoundingClientRect();
          for (let y = box.top + 5; y < Math.min(box.bottom, innerHeight) - 5; y += 13)
            if (y > 260 && !taken.some(it => it.top <= y && y <= it.bottom)) return [box.left + box.width / 2, y];
          return null;
        }"""
    )
    assert spot

    page.mouse.click(*spot)

    page.wait_for_url(re.compile(r"/desk/book/\?day=\d{4}-\d\d-\d\d&at=\d\d%3A\d\d&site=[\w-]+&clinician="))


def test_without_the_scripts_the_grid_is_there_and_every_card_is_a_link(stack: Stack, desk: BrowserContext) -> None:
    bare = desk.browser.new_context(  # type: ignore[union-attr]
        base_url=stack.url, java_script_enabled=False, storage_state=desk.storage_state()
    )
    page = bare.new_page()
    page.goto(busy_day(page))
    page.locator("a.appt").first.click()

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "/desk/visit/" in page.url
    page.goto("/desk/keys/")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    bare.close()


def test_nothing_stands_in_anybodys_way(page: Page) -> None:
    """axe on the grid, the list, the week, the sheets and the drop line; no page scrolls sideways."""
    day = busy_day(page)
    stem = day.partition("?")[0].rpartition("/day/")[2]
    clinician = page.locator(".dg-col").first.get_attribute("data-resource")
    week = page.get_by_role("link", name="Week").get_attribute("href") or ""
    found = {}
    for address in [
        day, f"{day}&by=rooms", f"/desk/list/{stem}", week, f"{week}&resource={clinician}", f"/desk/print/{stem}",
        f"/desk/stand-in/{stem}?clinician={clinician}", f"/desk/free/{stem}",
    ]:  # fmt: skip
        page.goto(address)
        page.wait_for_timeout(300)
        if wrong := problems_at(page, 1440, 390):
            found[address] = wrong

    assert found == {}


def test_at_twice_the_text_size_everything_is_still_there(page: Page) -> None:
    page.goto(busy_day(page))
    page.evaluate("document.documentElement.style.fontSize = '200%'")

    expect(page.get_by_role("link", name="New booking")).to_be_visible()
    expect(page.locator("a.appt").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

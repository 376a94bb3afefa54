"""How many interactions a booking takes, counted; and that nobody is shut out of the panel.

An interaction is a decision that needs a hand: a key chord, an entry that ends in Enter or Tab, a click.
"""

import re

import pytest
from barriers import SIDEWAYS, problems_at
from desk_hands import Hands, at_work
from playwright.sync_api import Browser, Page, Route, expect
from stack import Stack

pytestmark = pytest.mark.browser

D1_KEYBOARD, D1_MOUSE, D2, D4, D8 = 4, 5, 4, 8, 2  # the budgets of the design
CHOSEN = "input[name=offer]:checked"

TWO_CALLERS = """
from django.utils import timezone
from patients.models import Patient
for name in ("Tom", "Ada"):
    who = Patient.objects.create(given_name=name, family_name="Keller", birth_date="1969-07-22",
        registered_at=timezone.now())
    print("PATIENT", who.pk)
"""


def is_booked(page: Page, name: str) -> None:
    expect(page.locator("#toasts").get_by_text(re.compile(f"Booked: .*{name}"))).to_be_visible()
    page.wait_for_url("**/desk/day/**")


def test_a_caller_is_booked_with_the_keyboard_in_four_interactions(browser: Browser, stack: Stack) -> None:
    page = at_work(browser, stack)
    hands = Hands(page)

    hands.press("F2")
    hands.enter("rahi 78")
    expect(page.locator("#pick-A")).to_be_focused()
    expect(page.locator("#saythis .about-A")).to_be_visible()
    hands.press("ArrowDown")
    expect(page.locator("#pick-B")).to_be_checked()
    expect(page.locator("#saythis .about-B")).to_be_visible()
    hands.press("Enter")

    is_booked(page, "Rahimi")
    assert hands.count <= D1_KEYBOARD


def test_a_caller_is_booked_with_the_mouse_in_five_interactions(browser: Browser, stack: Stack) -> None:
    page = at_work(browser, stack)
    hands = Hands(page)

    hands.click("link", "New booking")
    page.wait_for_url("**/desk/book/**")
    hands.enter("rahi 78", end="")
    page.wait_for_load_state("networkidle")  # what is found while typing is drawn anew with each letter
    hands.click("link", "Rahimi, Leila")
    page.wait_for_url("**patient=**")
    hands.count += 1
    page.locator("label.opt", has=page.locator("#pick-C")).click()
    hands.click("button", "Book visit")

    is_booked(page, "Rahimi")
    assert hands.count <= D1_MOUSE


def test_a_search_that_gets_no_answer_says_so_and_keeps_what_was_typed(browser: Browser, stack: Stack) -> None:
    page = at_work(browser, stack)
    bar = page.locator("#unanswered")
    late: list[Route] = []

    def keep(route: Route) -> None:
        late.append(route)

    page.route("**/*part=badge", keep)
    page.goto(f"{stack.url}/desk/book/")
    expect(page.locator("#who")).to_be_focused()

    page.context.set_offline(True)
    page.keyboard.type("rahi")
    expect(bar).to_contain_text("did not answer. What you typed is still here")
    with page.expect_response("**/*part=badge"):
        for route in late:
            route.fulfill(body="")
    expect(bar).to_contain_text("did not answer")  # the page's own parts do not answer for the search
    page.context.set_offline(False)
    page.keyboard.type(" 78")

    expect(page.get_by_role("link", name=re.compile("Rahimi, Leila"))).to_be_visible()
    expect(bar).to_be_empty()
    expect(page.locator("#who")).to_have_value("rahi 78")


def test_a_visit_is_moved_in_four_interactions(browser: Browser, stack: Stack) -> None:
    page = at_work(browser, stack)
    hands = Hands(page)

    hands.press("F2")
    hands.enter("rahi 78")
    page.wait_for_url("**patient=**")
    hands.click("link", "^Move ")
    page.wait_for_url("**/move/**")
    expect(page.locator("input[name=offer]").first).to_be_focused()
    hands.press("Enter")

    expect(page.locator("#toasts").get_by_text(re.compile("Moved: .*Rahimi"))).to_be_visible()
    assert hands.count <= D2


def test_a_new_caller_is_registered_and_booked_in_eight_interactions(browser: Browser, stack: Stack) -> None:
    page = at_work(browser, stack)
    hands = Hands(page)

    hands.press("F8")
    page.wait_for_url("**/desk/book/**")
    hands.enter("zara quillfeather")
    page.wait_for_url("**/desk/book/new/**")
    expect(page.locator("#id_birth_date")).to_be_focused()
    hands.enter("05171984", end="")
    page.get_by_label("Mobile").focus()  # Tab leaves a date field through its parts and its button
    hands.enter("202 555 0188", end="Tab")
    page.keyboard.press("Tab")  # no e-mail
    hands.press("Space")
    expect(page.get_by_label("New neck or back pain")).to_be_checked()
    page.wait_for_load_state("networkidle")  # the times for that visit
    page.locator("#pick-A").focus()
    hands.press("ArrowDown")
    expect(page.locator("#pick-B")).to_be_checked()
    hands.press("Enter")

    is_booked(page, "Quillfeather")
    assert hands.count <= D4


def test_whoever_leaves_the_desk_has_the_next_visit_in_two_interactions(browser: Browser, stack: Stack) -> None:
    page = at_work(browser, stack)
    page.goto(f"{stack.url}/desk/book/?q=rahi+78&first=1")
    patient = re.search(r"patient=([0-9a-f-]+)", page.url)
    assert patient
    page.goto(f"{stack.url}/desk/patients/{patient[1]}/visits/")
    page.locator("li.qrow", has_text="Done").get_by_role("link").first.click()
    hands = Hands(page)

    hands.click("link", "Next visit")
    expect(page.locator("#pick-A")).to_be_focused()
    hands.press("Enter")

    is_booked(page, "Rahimi")
    assert hands.count <= D8


def test_what_the_caller_says_is_typed_straight_away(browser: Browser, stack: Stack) -> None:
    page = at_work(browser, stack)
    page.goto(f"{stack.url}/desk/book/?q=rahi+78&first=1")
    expect(page.locator("#pick-A")).to_be_focused()

    page.keyboard.type("thu after 1")
    expect(page.locator("#say")).to_have_value("thu after 1")
    page.keyboard.press("Enter")

    page.wait_for_url("**say=thu+after+1**")
    expect(page.locator("#pick-A")).to_be_focused()
    first = page.locator("label.opt .t").first.inner_text()
    assert re.match(r"Thu \d+ \w+, 1[3-9]:", first), first


def test_the_letters_stand_in_the_calendar_and_follow_the_choice(browser: Browser, stack: Stack) -> None:
    page = at_work(browser, stack)
    page.goto(f"{stack.url}/desk/book/?q=rahi+78&first=1")

    expect(page.locator(".beside .slot.on .k").first).to_have_text("A")
    on_day = page.locator(".beside .slot .k").all_inner_texts()
    if "B" in on_day:
        page.keyboard.press("ArrowDown")
        expect(page.locator(".beside .slot.on .k").first).to_have_text("B")


def test_two_desks_want_one_time_and_the_second_hears_who_was_quicker(browser: Browser, stack: Stack) -> None:
    first, second = at_work(browser, stack), at_work(browser, stack)
    # Nobody has seen either of them yet: what is best for one is best for the other.
    callers = re.findall(r"PATIENT (\S+)", stack.manage("shell", "-c", TWO_CALLERS))
    for page, caller in zip((first, second), callers, strict=True):
        page.goto(f"{stack.url}/desk/book/?patient={caller}&service=review&say=friday")
    wanted = first.locator(CHOSEN).input_value()
    assert second.locator(CHOSEN).input_value() == wanted

    first.locator("#pick-A").focus()
    first.keyboard.press("Enter")
    is_booked(first, "Keller")
    second.locator("#pick-A").focus()
    second.keyboard.press("Enter")

    expect(second.get_by_role("alert")).to_contain_text("was booked by Rosa a moment ago. Nothing was saved.")
    assert second.locator(CHOSEN).input_value() != wanted
    expect(second.locator("#say")).to_have_value("friday")


def test_escape_leads_back_to_the_day(browser: Browser, stack: Stack) -> None:
    page = at_work(browser, stack)
    page.goto(f"{stack.url}/desk/book/?q=rahi+78&first=1")
    expect(page.locator("#pick-A")).to_be_focused()

    page.keyboard.press("Escape")

    page.wait_for_url("**/desk/day/**")


def test_a_visit_is_booked_without_javascript(browser: Browser, stack: Stack) -> None:
    page = at_work(browser, stack, script=False)
    page.goto(f"{stack.url}/desk/book/")
    page.get_by_label(re.compile("Who")).fill("rahi 78")
    page.get_by_role("button", name="Find").click()
    page.wait_for_url("**patient=**")
    page.locator("#pick-B").check(force=True)
    page.get_by_role("button", name="Book visit").click()

    is_booked(page, "Rahimi")


def test_nobody_is_shut_out_of_the_panel(browser: Browser, stack: Stack) -> None:
    page = at_work(browser, stack)
    found = {}
    for path in (
        "/desk/book/",
        "/desk/book/?q=a",
        "/desk/book/?q=rahi+78&first=1",
        "/desk/book/new/?q=zara+quillfeather",
    ):
        page.goto(stack.url + path)
        page.wait_for_load_state("networkidle")
        wrong = problems_at(page, 1440, 390)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate(SIDEWAYS):
                wrong.append(f"{width} px: scrolls sideways at twice the text size")
        if wrong:
            found[path] = wrong

    assert found == {}

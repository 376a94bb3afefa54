"""How many interactions it takes to fill a gap, to cancel and refill, and to see to who did not come; and axe.

An interaction is a decision that needs a hand: a key chord, a click.
"""

import re
from datetime import date, timedelta

import pytest
from barriers import problems, problems_at
from desk_hands import Hands, at_work
from playwright.sync_api import Browser, Page, expect
from stack import Stack

pytestmark = pytest.mark.browser

D5, D6, D7 = 2, 3, 2  # the budgets of the design
OPEN_OFFERS = """
from clinic.appointments.models import SlotOffer
for offer in SlotOffer.objects.filter(state="open"):
    print("OFFER", offer.link_token)
"""


def leila_waits(page: Page, stack: Stack) -> None:
    """For a review, on any day: she has an e-mail address."""
    page.goto(f"{stack.url}/desk/waitlist/new/?q=rahimi+leila&service=review")
    page.locator("a.foundone").first.click()
    page.get_by_role("button", name="Put on the waitlist").click()
    page.wait_for_load_state()


def a_review(page: Page, stack: Stack) -> None:
    """Open the card of a review that is still to come and is somebody else's."""
    for ahead in range(1, 15):
        day = date.today() + timedelta(days=ahead)  # noqa: DTZ011  (any day of the coming fortnight will do)
        page.goto(f"{stack.url}/desk/list/{day.isoformat()}/")
        rows = page.locator("tbody tr:not(.off)", has_text="Review visit").filter(has_text=re.compile("onfirmed"))
        rows = rows.filter(has_not_text="Rahimi")
        if rows.count():
            rows.first.locator("th a").click()
            page.wait_for_url("**/desk/visit/**")
            return
    raise AssertionError("the demo has no review to come")


def a_visit_that_began(page: Page, stack: Stack) -> None:
    """Open the card of a visit of the last days, stepped back to where somebody is waited for."""
    for ago in range(1, 15):
        day = date.today() - timedelta(days=ago)  # noqa: DTZ011  (any day of the last fortnight will do)
        page.goto(f"{stack.url}/desk/list/{day.isoformat()}/")
        rows = page.locator("tbody tr:not(.off)").filter(has_text=re.compile("Done|Did not come"))
        if rows.count():
            break
    rows.first.locator("th a").click()
    page.wait_for_url("**/desk/visit/**")
    for _ in range(4):
        if page.get_by_role("button", name=re.compile("^Did not come")).count():
            return
        page.get_by_role("button", name=re.compile("^(Back to|Not confirmed)")).first.click()
        page.wait_for_load_state()
    raise AssertionError("no way leads back to a visit that somebody may miss")


def test_a_cancelled_time_is_offered_again_in_three(browser: Browser, stack: Stack) -> None:
    page = at_work(browser, stack)
    leila_waits(page, stack)
    a_review(page, stack)

    hands = Hands(page)
    hands.click("link", "^Cancel the visit")
    hands.click("button", "^Cancel and offer the time")
    expect(page.get_by_role("heading", name="Offer a free time")).to_be_visible()
    expect(page.get_by_role("checkbox", name=re.compile("Rahimi, Leila"))).to_be_checked()
    hands.press("Enter")

    expect(page.locator("#toasts")).to_contain_text("Offered to")
    assert hands.count <= D6


def a_gap_somebody_waits_for(page: Page, stack: Stack) -> None:
    """Today, or the next day on which one of the first gaps suits somebody."""
    for ahead in range(15):
        day = date.today() + timedelta(days=ahead)  # noqa: DTZ011  (any day of the coming fortnight will do)
        page.goto(f"{stack.url}/desk/day/{day.isoformat()}/", wait_until="networkidle")
        if page.get_by_role("link", name=re.compile("^Offer")).count():
            return
    raise AssertionError("no gap of a fortnight suits anybody who waits")


def test_a_gap_is_offered_in_two(browser: Browser, stack: Stack) -> None:
    page = at_work(browser, stack)
    leila_waits(page, stack)  # says so if she waits already
    a_gap_somebody_waits_for(page, stack)

    hands = Hands(page)
    hands.click("link", "^Offer")
    page.wait_for_url("**/desk/waitlist/offer/**")
    expect(page.locator("#send")).to_be_focused()
    hands.press("Enter")

    expect(page.locator("#toasts")).to_contain_text("Offered to")
    assert hands.count <= D5


@pytest.mark.parametrize("way", ["Called", "Write"])
def test_who_did_not_come_is_seen_to_in_two(browser: Browser, stack: Stack, way: str) -> None:
    page = at_work(browser, stack)
    a_visit_that_began(page, stack)

    hands = Hands(page)
    hands.click("button", "^Did not come")
    page.locator("#follow").wait_for()
    if way == "Write" and not page.get_by_role("button", name="Write").count():
        way = "Called"  # no letter reaches everybody
    hands.click("button", f"^{way}$")

    expect(page.locator("#toasts")).to_contain_text("Noted: called." if way == "Called" else "The letter leaves")
    assert hands.count <= D7


def test_an_offer_is_sent_without_a_script(browser: Browser, stack: Stack) -> None:
    page = at_work(browser, stack, script=False)
    leila_waits(page, stack)
    page.goto(f"{stack.url}/desk/waitlist/")
    page.locator("td a.btn-tonal").first.click()
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name=re.compile("Send the offer")).click()

    expect(page.locator("#toasts")).to_contain_text("Offered to")


def test_nobody_is_shut_out_of_the_waitlist(browser: Browser, stack: Stack) -> None:
    page = at_work(browser, stack)
    leila_waits(page, stack)
    page.goto(f"{stack.url}/desk/waitlist/")
    time, wish = (page.locator(f"td a.{kind}").first.get_attribute("href") for kind in ("btn-tonal", "btn-quiet"))
    paths = ["/desk/waitlist/", f"{time}", f"{wish}", "/desk/waitlist/new/?q=rahimi", "/desk/tasks/"]
    found = {}
    for path in paths:
        page.goto(path if path.startswith("http") else f"{stack.url}{path}")
        if wrong := problems_at(page, 1440, 320):
            found[path] = wrong

    assert found == {}


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 320)])
def test_a_patient_takes_an_offered_time_with_one_tap(browser: Browser, stack: Stack, scheme: str, width: int) -> None:
    links = [f"{stack.url}/o/{it}/" for it in re.findall(r"OFFER (\S+)", stack.manage("shell", "-c", OPEN_OFFERS))]
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
        java_script_enabled=True,
    )
    page = context.new_page()
    for link in links:  # a time that two were offered, or one that lies across another, may have gone since
        page.goto(link)
        if page.get_by_role("button", name=re.compile("^Yes, I take it")).count():
            break
    before = problems(page)
    hands = Hands(page)
    hands.click("button", "^Yes, I take it")
    page.wait_for_load_state()

    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("It is yours|That time has gone"))
    assert (before, problems(page), hands.count) == ([], [], 1)

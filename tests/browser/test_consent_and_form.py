"""A locked tablet, and the form on a phone: by touch, by keyboard alone, and without JavaScript."""

import re
from collections.abc import Callable

import pytest
from barriers import problems_at
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from stack import Stack, text_of

pytestmark = pytest.mark.browser

PASSWORD = "rebalance-demo-360"
PHONE = {"width": 390, "height": 844}
TABLET = {"width": 820, "height": 1180}
MOST_TABS = 120  # to the far end of the longest page


@pytest.fixture(scope="module")
def her_session(stack: Stack, browser: Browser) -> str:
    """Leila signs in once; each test opens a phone that remembers her."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{stack.url}/signin/code/")
    page.get_by_label("E-mail").fill("leila@example.org")
    page.get_by_role("button").filter(has_text=re.compile("code", re.IGNORECASE)).first.click()
    page.wait_for_url("**/signin/code/confirm/**")
    letter = text_of(stack.inbox.wait_for("leila@example.org", "code"))
    code = re.search(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", letter, re.MULTILINE)
    assert code
    page.get_by_label("Code").fill(code[1])
    page.get_by_role("button").filter(has_text=re.compile("Sign in|Confirm|Continue", re.IGNORECASE)).first.click()
    page.wait_for_url("**/me/**")
    kept = next(str(it["value"]) for it in context.cookies() if it["name"] == "sessionid")
    context.close()
    return kept


def a_phone(browser: Browser, stack: Stack, session: str, *, scripts: bool = True) -> BrowserContext:
    context = browser.new_context(
        viewport=PHONE,  # type: ignore[arg-type]
        has_touch=True,
        java_script_enabled=scripts,
    )
    context.add_cookies([{"name": "sessionid", "value": session, "url": stack.url}])
    return context


def at_work(browser: Browser, stack: Stack) -> Page:
    page = browser.new_context(viewport=TABLET, has_touch=True).new_page()  # type: ignore[arg-type]
    page.goto(f"{stack.url}/signin/")
    page.get_by_label("E-mail").fill("amara@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/signin" not in url)
    return page


def consents_of(page: Page, stack: Stack, name: str) -> str:
    page.goto(f"{stack.url}/patients/?q={name}")
    link = page.locator("main").get_by_role("link", name=re.compile(name, re.IGNORECASE)).first.get_attribute("href")
    assert link
    return f"{stack.url}{link}consents/"


def begun(page: Page, stack: Stack) -> str:
    """The address under which her open form lies, begun if there is none."""
    page.goto(f"{stack.url}/me/forms/")
    start = page.get_by_role("button", name=re.compile("Begin|new form"))
    if start.count():
        start.first.click()
    else:
        page.get_by_role("link", name=re.compile("Go on|Begin")).first.click()
    page.wait_for_url(re.compile(r"/me/forms/[0-9a-f-]{36}/"))
    found = re.match(r".*/forms/[0-9a-f-]{36}/", page.url)
    assert found
    return found[0]


def test_a_consent_takes_two_taps_of_the_clinician_and_two_of_the_patient(stack: Stack, browser: Browser) -> None:
    page = at_work(browser, stack)
    page.goto(consents_of(page, stack, "Rahimi"))

    page.get_by_role("listitem").filter(has_text="Consent to shockwave").get_by_role("link", name="Sign").tap()
    page.get_by_role("button", name="Lock and hand over").tap()
    staff = 2
    expect(page.get_by_role("heading", level=1)).to_contain_text("shockwave")
    page.get_by_label("Type your full name").fill("Leila Rahimi")
    page.get_by_role("button", name="I agree").tap()
    patient = 2

    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert (staff, patient) == (2, 2)
    page.go_back()
    expect(page.get_by_role("heading", name="This page has stopped working")).to_be_visible()
    for path in ("/patients/", "/clinic/", "/desk/", "/library/"):
        page.goto(f"{stack.url}{path}")
        assert "/signin/" in page.url, path
    page.context.close()


def test_a_signature_may_be_drawn_as_well_as_typed(stack: Stack, browser: Browser, her_session: str) -> None:
    with a_phone(browser, stack, her_session) as context:
        page = context.new_page()
        home = at_work(browser, stack)
        address = consents_of(home, stack, "Rahimi")
        home.goto(address)
        key = home.get_by_role("link", name=re.compile("Consent to dry needling")).last.get_attribute("href")
        assert key
        page.goto(f"{stack.url}/me/consents/read/{key.split('document=')[1]}/")
        page.get_by_text("Draw it as well").tap()
        box = page.locator("svg.pad").bounding_box()
        assert box
        page.mouse.move(box["x"] + 20, box["y"] + 50)
        page.mouse.down()
        page.mouse.move(box["x"] + 120, box["y"] + 20, steps=5)
        page.mouse.up()
        page.get_by_label("Type your full name").fill("Leila Rahimi")
        page.get_by_role("button", name="I agree").tap()

        expect(page.get_by_text("Signed. Thank you.")).to_be_visible()
        page.get_by_role("link", name="Consent to dry needling").tap()
        expect(page.get_by_role("img", name="Drawn signature")).to_be_visible()
        home.context.close()


def test_no_sheet_and_no_page_of_the_form_has_a_barrier(stack: Stack, browser: Browser, her_session: str) -> None:
    wrong: dict[str, list[str]] = {}
    with a_phone(browser, stack, her_session) as context:
        page = context.new_page()
        form = begun(page, stack)
        page.goto(f"{form}medicines/")
        page.get_by_label("One medicine on each line").fill("apixaban")
        page.get_by_role("button", name="Save and go on").click()
        page.goto(f"{form}recent/")
        page.get_by_label("An antibiotic").check()
        page.get_by_role("button", name="Save and go on").click()
        for key in ("places", "kinds", "conditions-1", "conditions-3", "recent-days", "allergies", "goals", "check"):
            page.goto(f"{form}{key}/")
            wrong[key] = problems_at(page, PHONE["width"])
        for path in ("check", "flare", "consents"):
            page.goto(f"{stack.url}/me/{path}/")
            wrong[path] = problems_at(page, PHONE["width"])
            if path != "consents":
                page.get_by_role("button", name="Send to the clinic").click()
                wrong[f"{path} with errors"] = problems_at(page, PHONE["width"])
    page = at_work(browser, stack)
    address = consents_of(page, stack, "Rahimi")
    page.goto(address)
    expect(page.get_by_text("All consents")).to_be_visible()
    wrong["list"] = problems_at(page, TABLET["width"])
    page.get_by_role("link", name="Copy").first.click()
    wrong["copy"] = problems_at(page, TABLET["width"])
    page.goto(f"{stack.url}/clinic/paper-form/")
    wrong["paper"] = problems_at(page, TABLET["width"])
    page.goto(f"{stack.url}/clinic/flares/")
    wrong["flares"] = problems_at(page, TABLET["width"])
    page.goto(address)
    page.get_by_role("link", name=re.compile("Consent to laser")).last.click()
    wrong["hand over"] = problems_at(page, TABLET["width"])
    page.get_by_role("button", name="Lock and hand over").click()
    wrong["tablet"] = problems_at(page, TABLET["width"])
    page.get_by_role("button", name="I do not want to sign").click()
    wrong["back"] = problems_at(page, TABLET["width"])
    page.context.close()

    assert {where: what for where, what in wrong.items() if what} == {}


def reach(page: Page, wanted: Locator) -> None:
    """Tab until it has the focus, as somebody without a mouse does."""
    for _ in range(MOST_TABS):
        if wanted.evaluate("it => it === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} cannot be reached by Tab")


def typed(page: Page, label: str, words: str) -> None:
    reach(page, page.get_by_label(label))
    page.keyboard.press("Control+a")
    page.keyboard.type(words)


def chosen(page: Page, wanted: Locator, key: str = "Space") -> None:
    reach(page, wanted)
    page.keyboard.press(key)


# What is typed or chosen on a page before its groups are answered with "None of these".
BY_KEYBOARD: dict[str, Callable[[Page], None]] = {
    "story": lambda page: typed(page, "What is the problem", "Stiff again."),
    "places": lambda page: chosen(page, page.get_by_role("checkbox", name="Side of the neck, right")),
    "pain": lambda page: chosen(
        page, page.get_by_role("group", name="Pain right now").get_by_role("radio").first, "ArrowRight"
    ),
    "medicines": lambda page: typed(page, "One medicine on each line", "apixaban"),
    "recent-days": lambda page: typed(page, "An antibiotic", "30"),
}


def answered(page: Page) -> None:
    """One page by keyboard, and on to the next."""
    key, here = page.url.rstrip("/").split("/")[-1], page.url
    if key in BY_KEYBOARD:
        BY_KEYBOARD[key](page)
    for none in page.get_by_label("None of these").all():
        if not none.is_checked():
            chosen(page, none)
    is_safety = key.startswith("safety-") and key != "safety-more"
    button = page.get_by_role("button", name=re.compile("None of these") if is_safety else "Save and go on")
    chosen(page, button, "Enter")
    page.wait_for_url(lambda url: url != here)


def test_the_whole_form_is_filled_in_by_keyboard_alone(stack: Stack, browser: Browser, her_session: str) -> None:
    with a_phone(browser, stack, her_session) as context:
        page = context.new_page()
        page.goto(f"{begun(page, stack)}story/")
        count = 0
        while "/check/" not in page.url:
            answered(page)
            count += 1
            assert count < 30, page.url

        expect(page.get_by_text("apixaban: Blood thinner")).to_be_visible()
        chosen(page, page.get_by_role("button", name="Send to the clinic"), "Enter")
        expect(page.get_by_role("heading", name="Thank you, your form was sent")).to_be_visible()


def test_the_drawing_is_tapped_and_says_the_same_as_the_words(stack: Stack, browser: Browser, her_session: str) -> None:
    with a_phone(browser, stack, her_session) as context:
        page = context.new_page()
        page.goto(f"{begun(page, stack)}places/")
        regions = page.locator("[data-place]")
        boxes = [regions.nth(n).bounding_box() for n in range(regions.count())]
        assert len(boxes) == 14
        assert all(box and min(box["width"], box["height"]) >= 24 for box in boxes)

        page.locator('[data-place="upper_trapezius:left"]').tap()
        left = page.get_by_role("group", name="Top of the shoulder").get_by_label("left")
        expect(left).to_be_checked()
        left.uncheck()
        expect(page.locator('[data-place="upper_trapezius:left"]')).to_have_attribute("aria-checked", "false")
        page.locator('[data-place="suboccipital:right"]').tap()
        page.get_by_role("button", name="Save and go on").tap()
        page.wait_for_url("**/pain/")
        page.get_by_role("link", name="Back").tap()
        expect(page.get_by_role("group", name="Where the head meets").get_by_label("right")).to_be_checked()


def test_without_javascript_the_form_and_the_sheet_work_all_the_same(
    stack: Stack, browser: Browser, her_session: str
) -> None:
    with a_phone(browser, stack, her_session, scripts=False) as context:
        page = context.new_page()
        form = begun(page, stack)
        page.goto(f"{form}places/")
        assert not page.locator("[data-bodymap]").is_visible()
        page.get_by_role("group", name="Side of the neck").get_by_label("left").check()
        page.get_by_role("button", name="Save and go on").click()
        page.goto(f"{form}conditions-4/")
        boxes = page.get_by_label("None of these").all()
        for none in boxes:
            none.check()
        page.get_by_role("button", name="Save and go on").click()
        assert "conditions-4" not in page.url
        page.goto(f"{stack.url}/me/check/")
        for none in page.get_by_label("None of these").all():
            none.check()
        page.get_by_role("button", name="Send to the clinic").click()
        expect(page.get_by_role("heading", name="Thank you, we have your answers")).to_be_visible()
        page.goto(f"{stack.url}/me/consents/")
        page.get_by_role("link", name=re.compile("onsent")).first.click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()

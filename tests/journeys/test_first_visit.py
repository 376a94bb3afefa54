"""The story that must work: from the phone call to the plan and the first ticked exercise, in a real browser.

Everything is real: `manage.py up` (PostgreSQL, Valkey, web, worker, beat), an SMTP server, Chromium.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from stack import Stack, browser_options, running, text_of

pytestmark = pytest.mark.browser
expect.set_options(timeout=20_000)  # two browsers share the machine

PASSWORD = "rebalance-demo-360"
EMAIL = "zara.quillfeather@example.org"
PHONE = {"width": 390, "height": 844}
HEALTH = re.compile(
    "pain|neck|spine|spasm|assessment|treatment|therapy|injection|needl|laser|symptom|diagnos|doctor|physi",
    re.IGNORECASE,
)


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


def at_work(browser: Browser, stack: Stack, email: str) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(f"{stack.url}/signin/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/signin" not in url)
    return page


def links(stack: Stack, text: str) -> dict[str, str]:
    """The links of a letter by the first part of their path: a for the visit, f for the form."""
    return {url.removeprefix(stack.url).split("/")[1]: url for url in re.findall(rf"{re.escape(stack.url)}/\S+", text)}


def enter_the_code(page: Page, stack: Stack) -> None:
    letter = stack.inbox.wait_for(EMAIL, "code")
    code = re.search(r"^\s*(\d{4}-\d{4})\s*$", text_of(letter), re.MULTILINE)
    assert code
    page.get_by_label("Code").fill(code[1])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/signin" not in url)


class Story:
    """One caller, told step by step; each step begins where the last one ended."""

    def __init__(self, browser: Browser, stack: Stack) -> None:
        self.browser, self.stack = browser, stack
        self.desk = at_work(browser, stack, "rosa@example.org")
        self.phone: BrowserContext = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
        self.patient_url = ""

    def the_desk_registers_her_and_books(self) -> int:
        """By keyboard alone. Returns how many interactions it took: entries that end in a key, and chords."""
        page, hands = self.desk, 0
        page.keyboard.press("F2")
        page.keyboard.type("zara quillfeather")
        page.keyboard.press("Enter")
        hands += 2
        page.wait_for_url("**/desk/book/new/**")
        expect(page.get_by_label("First name", exact=False).first).to_have_value("Zara")
        for label, value in [("Birth date", "1984-05-17"), ("Mobile", "202 555 0188"), ("E-mail", EMAIL)]:
            page.locator("main").get_by_label(label, exact=False).first.fill(value)
            hands += 1
        page.get_by_label("New neck or back pain").focus()
        page.keyboard.press("Space")
        hands += 1
        page.wait_for_load_state("networkidle")  # the times for that visit
        page.locator("#pick-A").focus()
        page.keyboard.press("Enter")  # the first time is chosen
        hands += 1
        expect(page.get_by_text(re.compile("Booked: .*Quillfeather"))).to_be_visible()
        return hands

    def the_day_shows_her(self) -> None:
        self.desk.get_by_text(re.compile("Booked: .*Quillfeather")).wait_for()
        expect(self.desk.get_by_role("link", name=re.compile("Quillfeather")).first).to_be_visible()

    def the_desk_ends_the_call(self) -> None:
        """Nothing is sent while it can be undone; who is sure lets it go."""
        bar = self.desk.get_by_role("status").filter(has_text=re.compile("Quillfeather.*booked"))
        expect(bar).to_contain_text(re.compile(r"The message waits [0-2]:\d\d"))
        bar.get_by_role("button", name="Send now").click()
        expect(self.desk.get_by_text("The message goes out now.")).to_be_visible()

    def she_gets_a_letter(self) -> dict[str, str]:
        letter = self.stack.inbox.wait_for(EMAIL, "Your visit is booked", seconds=60)
        text = text_of(letter)
        assert not HEALTH.search(text.replace(self.stack.url, "")), text
        assert not HEALTH.search(str(letter["Subject"]))
        return links(self.stack, text)

    def she_says_yes(self, link: str) -> None:
        page = self.phone.new_page()
        page.goto(link)
        assert not HEALTH.search(page.locator("main").inner_text())
        page.get_by_role("button", name="I will be there").tap()
        expect(page.get_by_text(re.compile("you will be there|confirmed", re.IGNORECASE)).first).to_be_visible()
        page.close()

    def she_fills_in_the_form(self, link: str) -> None:
        page = self.phone.new_page()
        page.goto(link)
        page.get_by_label("Birth date", exact=False).first.fill("1984-05-17")
        page.get_by_role("button", name="Send me a code").tap()
        enter_the_code(page, self.stack)
        if "/me/who/" in page.url:  # the birth date is asked once more by the record itself
            page.get_by_label("Birth date", exact=False).first.fill("1984-05-17")
            page.get_by_role("button").filter(has_text=re.compile("Open|Go on|Continue", re.IGNORECASE)).first.tap()
        page.goto(f"{self.stack.url}/me/forms/")
        page.get_by_role("button", name=re.compile("Start|Begin|Go on")).first.tap()
        page.get_by_label("What is the problem").fill("My neck locks when I look over my shoulder in the car.")
        page.get_by_label("For how long").fill("9")
        self._go_on(page)
        page.get_by_label("Neck pain, mild to severe").check()
        self._go_on(page)
        page.get_by_role("group", name="Top of the shoulder").get_by_label("left").check()
        self._go_on(page)
        page.get_by_role("group", name="Pain right now").get_by_label("6", exact=True).check()
        self._go_on(page)
        page.get_by_label("One medicine on each line").fill("Ibuprofen")
        self._go_on(page)
        while "/allergies/" not in page.url:
            for none in page.get_by_label("None of these").all():
                none.check()
            self._go_on(page)
        page.get_by_label("None that I know of").check()
        self._go_on(page)
        self._answer_the_safety_questions(page)
        page.get_by_label("Activity 1", exact=True).fill("Driving")
        page.get_by_label("Activity 1: how well").select_option("3")
        self._go_on(page)
        page.get_by_label("Anything else").fill("I would like to drive without fear.")
        self._go_on(page)
        page.get_by_role("button", name=re.compile("Send")).tap()
        expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("thank|sent", re.IGNORECASE))
        page.close()

    def _go_on(self, page: Page) -> None:
        here = page.url
        page.get_by_role("button", name="Save and go on").tap()
        page.wait_for_url(lambda url: url != here)

    def _answer_the_safety_questions(self, page: Page) -> None:
        """Yes to one that is an emergency: she is told at once what to do, and may still send the form."""
        page.wait_for_url("**/safety-1/**")
        sudden = page.get_by_role("group", name=re.compile("suddenly become unsteady"))
        was_told = False
        while "/safety-" in page.url:
            here = page.url
            if sudden.count() and not was_told:
                sudden.get_by_label("Yes").check()
            page.get_by_role("button", name=re.compile("None of these")).tap()
            page.wait_for_url(lambda url, here=here: url != here)
            if "/urgent/" in page.url:
                was_told = True
                alert = page.get_by_role("alert")
                expect(alert).to_contain_text("911")
                expect(alert).to_contain_text("Not yet confirmed by a clinician")
                page.get_by_role("link", name=re.compile("Go on|form", re.IGNORECASE)).first.tap()
                page.wait_for_url(lambda url: "/urgent/" not in url)
        assert was_told

    def the_clinic_is_alerted(self) -> None:
        letter = self.stack.inbox.wait_for("amara@example.org", "clinician", seconds=60)
        assert "Quillfeather" not in text_of(letter)

    def the_doctor_reads_closes_and_signs(self) -> None:
        page = at_work(self.browser, self.stack, "amara@example.org")
        page.goto(f"{self.stack.url}/patients/?q=quillfeather")
        page.get_by_role("link", name=re.compile("Quillfeather")).first.click()
        self.patient_url = page.url
        page.get_by_role("link", name=re.compile(r"^\w{3} \d+ \w{3} \d{4}, \d\d:\d\d$")).first.click()
        page.get_by_role("link", name="Open the clinical visit").click()
        safety = page.get_by_role("region", name="Safety check")
        expect(safety).to_contain_text("Emergency now")
        expect(safety).to_contain_text("Not yet confirmed by a clinician")
        words = page.get_by_role("region", name="In the patient's words")
        expect(words).to_contain_text("My neck locks when I look over my shoulder")
        self._close_every_flag(page)
        page.get_by_label("Findings").fill("Walks steadily heel to toe. Reflexes equal. Left upper trapezius tight.")
        page.get_by_label("What happens next").fill("Program started; call at once if unsteady again.")
        expect(page.locator("#fu-left")).to_contain_text("Ready to sign")
        visit = page.url
        page.get_by_role("button", name=re.compile("Sign and next patient")).click()
        page.wait_for_url(lambda url: url != visit)
        page.goto(visit)
        expect(page.get_by_role("region", name="Assessment")).to_contain_text("Signed by")
        page.get_by_role("link", name="Choose a program").click()
        page.get_by_role("link", name=re.compile("Look at this one.*Acute neck spasm")).click()
        page.get_by_role("button", name="Start this plan").click()
        page.wait_for_url(re.compile(r"/plan/$"))
        expect(page.get_by_role("heading", name=re.compile("Acute neck spasm"))).to_be_visible()

    def _close_every_flag(self, page: Page) -> None:
        close = page.get_by_role("link", name=re.compile("Close with a finding"))
        while left := close.count():
            close.first.click()
            page.get_by_label("What did you find?").fill("Examined: one stumble on ice, no sign today.")
            page.get_by_role("button", name="Close the warning sign").click()
            page.wait_for_url(re.compile(r"/clinic/visit/[0-9a-f-]+/$"))  # and not where its address is only named
            expect(close).to_have_count(left - 1)

    def the_desk_books_her_first_session(self) -> None:
        page = self.desk
        page.goto(self.patient_url)
        page.get_by_role("link", name="Book a visit").click()
        expect(page.get_by_text("Due next on the plan")).to_be_visible()
        page.get_by_role("button", name=re.compile("Book visit")).click()
        expect(page.get_by_text(re.compile("Booked: .*Quillfeather"))).to_be_visible()

    def she_ticks_off_an_exercise(self) -> None:
        page = self.phone.new_page()
        page.goto(f"{self.stack.url}/me/")
        expect(page.get_by_role("heading", name="Your next visit")).to_be_visible()
        tick = page.get_by_role("button", name=re.compile("Mark as done")).first
        tick.tap()
        expect(page.get_by_role("button", name=re.compile("Done at")).first).to_be_visible()
        yes = page.get_by_role("button", name="I will be there")
        if yes.count():
            with page.expect_navigation():
                yes.first.tap()
        page.goto(f"{self.stack.url}/me/plan/")
        expect(page.get_by_text("Week 1 of")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")


def test_a_caller_becomes_a_patient_with_a_plan(stack: Stack, browser: Browser) -> None:
    story = Story(browser, stack)

    assert story.the_desk_registers_her_and_books() <= 8
    story.the_day_shows_her()
    story.the_desk_ends_the_call()
    letter = story.she_gets_a_letter()
    story.she_says_yes(letter["a"])
    story.she_fills_in_the_form(letter["f"])
    story.the_clinic_is_alerted()
    story.the_doctor_reads_closes_and_signs()
    story.the_desk_books_her_first_session()
    story.she_ticks_off_an_exercise()

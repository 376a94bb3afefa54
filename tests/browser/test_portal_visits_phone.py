"""Visits on a phone, by touch, with their taps counted: P1, P5, P6 and P8."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from barriers import SIDEWAYS, problems_at
from playwright.sync_api import Browser, Locator, Page, expect
from stack import Stack, text_of

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
BOOKER = """
from datetime import timedelta
from importlib import import_module
from django.conf import settings
from django.utils import timezone
from patients.models import Patient
from people.models import User
from programs.actions import plans
sara, now = User.objects.get(email="sara@example.org"), timezone.now()
account = User.objects.create_user(email="booker@phone.example", role="patient", name="Mina Booker")
patient = Patient.objects.create(given_name="Mina", family_name="Booker", registered_at=now, birth_date="1980-01-01",
    user=account, portal_confirmed_at=now)
plans.start(patient, template_code="tpl_acute_spasm_conservative", remind_at=None, by=sara, now=now,
    starts_on=timezone.localdate() + timedelta(days=2))  # a visit of tomorrow cannot be changed at home
session = import_module(settings.SESSION_ENGINE).SessionStore()
session["_auth_user_id"], session["_auth_user_hash"] = str(account.pk), account.get_session_auth_hash()
session["_auth_user_backend"] = "people.web.backends.RightsBackend"
session.save()
print("SESSION", session.session_key)
"""
# Every word longer by two letters in five, as in a language with longer words than Spanish.
LONGER = """() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) texts.currentNode.textContent = texts.currentNode.textContent.replace(
        /[A-Za-zÀ-ÿ]{3,}/g, word => word + word.slice(0, Math.ceil(word.length * 0.4)));
}"""

# A browser with one voice, since the one that tests use has none.
A_VOICE = """() => {
    window.SpeechSynthesisUtterance = function (text) { this.text = text; };
    const said = [];
    const speechSynthesis = { said, getVoices: () => [{ lang: "en-GB" }], addEventListener() {},
        speak: line => said.push(line), cancel: () => said.splice(0).forEach(line => line.onerror()) };
    Object.defineProperty(window, "speechSynthesis", { value: speechSynthesis });
}"""


@contextmanager
def a_phone(browser: Browser, stack: Stack, session: str = "", *, scripts: bool = True) -> Iterator[Page]:
    with browser.new_context(**PHONE, java_script_enabled=scripts) as context:  # type: ignore[arg-type]
        if session:
            context.add_cookies([{"name": "sessionid", "value": session, "url": stack.url}])
        yield context.new_page()


@pytest.fixture(scope="module")
def bookers_session(stack: Stack) -> str:
    found = re.search(r"SESSION (\S+)", stack.manage("shell", "-c", BOOKER))
    assert found
    return found[1]


def tapped(page: Page, *wanted: Callable[[], Locator]) -> int:
    """Tap one after the other, each as soon as it is there; how many taps that were."""
    for each in wanted:
        each().first.tap()
    return len(wanted)


def test_a_visit_is_booked_in_three_taps_moved_and_cancelled_in_four_and_undone_in_one(
    stack: Stack, browser: Browser, bookers_session: str
) -> None:
    with a_phone(browser, stack, bookers_session) as page:
        page.goto(f"{stack.url}/me/visits/")
        a_time = page.locator('a[href*="offer="]')
        booked = tapped(
            page,
            lambda: page.get_by_role("link", name=re.compile("^Book")),
            lambda: a_time,
            lambda: page.get_by_role("button", name="Yes, book it"),
        )
        expect(page.get_by_text("Your visit is booked.")).to_be_visible()
        here = page.url

        page.goto(f"{stack.url}/me/")
        change = page.get_by_role("link", name="Change or cancel")
        moved = tapped(page, lambda: change, lambda: a_time, lambda: page.get_by_role("button", name="Move my visit"))
        expect(page.get_by_text("Your visit has moved.")).to_be_visible()
        undone = tapped(page, lambda: page.get_by_role("button", name="Undo"))
        expect(page.get_by_text("Your visit is as it was before.")).to_be_visible()
        page.goto(f"{stack.url}/me/")
        cancelled = tapped(
            page,
            lambda: change,
            lambda: page.get_by_role("link", name="Cancel this visit"),
            lambda: page.get_by_role("button", name="Cancel my visit"),
        )
        expect(page.get_by_text("The visit is cancelled.")).to_be_visible()

        assert (booked, undone) == (3, 1)
        assert max(moved, cancelled) <= 4
        assert "/me/visits/" in here


def test_language_and_text_size_are_two_taps_away_and_stay(
    stack: Stack, browser: Browser, bookers_session: str
) -> None:
    with a_phone(browser, stack, bookers_session, scripts=False) as page:
        page.goto(f"{stack.url}/me/visits/")

        taps = tapped(
            page,
            lambda: page.get_by_role("link", name="Language and text size"),
            lambda: page.get_by_role("button", name="Larger"),
        )

        expect(page).to_have_url(f"{stack.url}/me/visits/")
        assert taps == 2
        page.goto(f"{stack.url}/help/urgent/")
        expect(page.locator("html")).to_have_attribute("data-text", "150")


def test_no_page_about_visits_has_a_barrier_in_ordinary_and_in_the_largest_letters(
    stack: Stack, browser: Browser, bookers_session: str
) -> None:
    wrong: dict[str, list[str]] = {}
    with a_phone(browser, stack, bookers_session) as page:
        page.goto(f"{stack.url}/me/visits/book/")
        chosen = page.locator('a[href*="offer="]').first.get_attribute("href")
        for path in ("visits/", "visits/book/", f"visits/book/{chosen}", "visits/wish/", "measures/", "settings/"):
            page.goto(f"{stack.url}/me/{path}")
            wrong[path] = problems_at(page, 390, 320)
            page.evaluate("document.documentElement.dataset.text = '200'")
            wrong[f"{path} in 200 %"] = problems_at(page, 390)
        page.goto(f"{stack.url}/reading/")
        wrong["reading"] = problems_at(page, 390, 320)

    assert {where: what for where, what in wrong.items() if what} == {}


def test_signing_in_takes_two_taps_where_the_code_fills_itself_in(stack: Stack, browser: Browser) -> None:
    stack.inbox.letters.clear()
    with a_phone(browser, stack) as page:
        page.goto(f"{stack.url}/me/visits/")
        page.get_by_label("E-mail").fill("leila@example.org")
        taps = tapped(page, lambda: page.get_by_role("button", name="Send me a code"))
        code = re.search(r"\d{4}-\d{4}", text_of(stack.inbox.wait_for("leila@example.org", "code")))
        assert code
        page.get_by_label("Code").fill(code[0])
        taps += tapped(page, lambda: page.get_by_role("button", name="Sign in", exact=True))

        page.wait_for_url("**/me/visits/")
        assert taps == 2
        kept = next(it for it in page.context.cookies() if it["name"] == "sessionid")
        assert kept["expires"] - time.time() > 29 * 86_400


def test_a_message_typed_without_a_connection_is_kept_and_sent_once(
    stack: Stack, browser: Browser, bookers_session: str
) -> None:
    with a_phone(browser, stack, bookers_session) as page:
        page.goto(f"{stack.url}/me/messages/")
        tapped(page, lambda: page.get_by_role("link", name="Write to us"))
        page.get_by_label("My visits").check()
        page.get_by_label("Your message").fill("Is there parking?")
        page.context.set_offline(True)
        tapped(page, lambda: page.get_by_role("button", name="Send"))
        expect(page.get_by_text("What you wrote stays here.")).to_be_visible()

        page.context.set_offline(False)
        page.reload()
        expect(page.get_by_label("Your message")).to_have_value("Is there parking?")
        page.get_by_label("My visits").check()
        page.get_by_role("button", name="Send").dblclick()

        expect(page.get_by_text("Sent. We answer within 2 working days.")).to_be_visible()
        assert page.evaluate("Object.keys(sessionStorage).filter(it => it.startsWith('draft:'))") == []
        page.goto(f"{stack.url}/me/messages/")
        expect(page.get_by_role("link", name="My visits")).to_have_count(1)
        assert problems_at(page, 390, 320) == []


def test_longer_words_and_lines_from_right_to_left_break_no_page_of_a_narrow_phone(
    stack: Stack, browser: Browser, bookers_session: str
) -> None:
    too_wide = []
    with a_phone(browser, stack, bookers_session) as page:
        page.context.add_cookies([{"name": "django_language", "value": "es", "url": stack.url}])
        page.set_viewport_size({"width": 320, "height": 640})
        for path in ("", "plan/", "exercises/", "visits/", "visits/book/", "messages/", "data/", "settings/", "check/"):
            page.goto(f"{stack.url}/me/{path}")
            expect(page.locator("html")).to_have_attribute("lang", "es")
            for change in (LONGER, "document.documentElement.dir = 'rtl'"):
                page.evaluate(change)
                too_wide += [(path, change[:12])] if page.evaluate(SIDEWAYS) else []

    assert too_wide == []


def test_nobody_is_signed_out_while_writing_and_who_is_away_is_asked_first(
    stack: Stack, browser: Browser, bookers_session: str
) -> None:
    with a_phone(browser, stack, bookers_session) as page:
        page.clock.install()
        page.goto(f"{stack.url}/me/messages/new/")
        warning = page.get_by_role("alert").filter(has_text="You will be signed out in two minutes.")
        words = page.get_by_label("Your message")
        words.fill("It hurts more since Monday.")

        with page.expect_response("**/me/messages/new/"):  # the clinic is told that somebody is there
            page.clock.run_for("02:00")
        page.clock.run_for("27:30")
        expect(warning).not_to_be_visible()
        page.clock.run_for("01:00")
        expect(warning).to_be_in_viewport(ratio=1)
        stay = warning.get_by_role("button", name="Stay signed in")
        stay.focus()
        page.keyboard.press("Enter")

        expect(warning).not_to_be_visible()
        expect(words).to_have_value("It hurts more since Monday.")


def test_a_consent_is_read_aloud_where_the_browser_has_a_voice_for_its_language(
    stack: Stack, browser: Browser, bookers_session: str
) -> None:
    with a_phone(browser, stack, bookers_session) as page:
        page.goto(f"{stack.url}/me/consents/")
        page.get_by_role("link", name=re.compile("^(General c|C)onsent")).first.tap()
        page.wait_for_url("**/read/**")
        read, stop = page.get_by_role("button", name="Read it to me"), page.get_by_role("button", name="Stop reading")
        expect(read).to_be_hidden()

        page.add_init_script(f"({A_VOICE})()")
        page.reload()
        read.tap()
        said = page.evaluate("speechSynthesis.said.map(line => [line.lang, line.text])")
        stop.tap()

        assert {language for language, _text in said} == {"en"}
        assert said[0][1] == page.get_by_role("heading", level=1).inner_text()
        expect(read).to_be_visible()
        assert page.evaluate("speechSynthesis.said") == []

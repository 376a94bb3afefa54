"""The page of a visit when things go wrong: two who write, no connection, no session, no script, a wrong number."""

import re

import pytest
from barriers import problems
from playwright.sync_api import Browser, expect
from stack import Stack
from visit_hands import SARA, at_work, chip, saved, signed_in

pytestmark = pytest.mark.browser


def test_two_who_write_at_once_choose_and_lose_nothing(stack: Stack, browser: Browser, visits: dict[str, str]) -> None:
    with (
        at_work(browser, stack) as (sara, _one),
        at_work(browser, stack, who="amara@example.org") as (amara, _other),
    ):
        sara.goto(visits["Both"])
        amara.goto(visits["Both"])
        amara.get_by_label("What happens next").fill("Amara rings her")
        amara.get_by_label("What happens next").blur()
        saved(amara)

        chip(sara, "since", "3").click()
        expect(sara.locator("#fu-status")).to_contain_text("Amara")
        expect(sara.locator("#fu-status")).to_contain_text("changed Plan and home at")
        sara.get_by_role("button", name="See both").click()
        both = sara.get_by_role("region", name="Both versions")
        expect(both).to_contain_text("Amara rings her")
        assert problems(sara) == []
        both.get_by_role("button", name="Keep what is chosen").click()
        expect(both).to_have_count(0)
        sara.reload()

        expect(sara.get_by_label("What happens next")).to_have_value("Amara rings her")
        expect(sara.locator("#since input[value='3']").first).to_be_checked()


def test_what_is_typed_without_a_connection_is_kept_and_sent_later(
    stack: Stack, browser: Browser, visits: dict[str, str]
) -> None:
    with at_work(browser, stack) as (page, context):
        page.goto(visits["Offline"])
        context.set_offline(True)
        page.get_by_label("What happens next").fill("Ring her on Friday")
        page.get_by_label("What happens next").blur()
        expect(page.locator("#fu-status")).to_contain_text("No connection")
        expect(page.get_by_label("What happens next")).to_have_value("Ring her on Friday")

        context.set_offline(False)

        saved(page)
        page.reload()
        expect(page.get_by_label("What happens next")).to_have_value("Ring her on Friday")


def test_whoever_is_signed_out_while_typing_loses_nothing(
    stack: Stack, browser: Browser, visits: dict[str, str]
) -> None:
    with at_work(browser, stack) as (page, context):
        page.goto(visits["Offline"])
        context.clear_cookies(name="sessionid")
        page.get_by_label("Look down", exact=True).fill("41")
        page.get_by_label("Look down", exact=True).blur()
        expect(page.locator("#fu-status")).to_contain_text("You were signed out")
        # Pressing anything leaves the page as it is, too.
        page.get_by_role("button", name="I asked again: all no").click()
        expect(page.locator("#fu-status")).to_contain_text("You were signed out")
        assert page.url == visits["Offline"]

        other = context.new_page()
        signed_in(other, stack, SARA)
        other.close()

        saved(page)
        page.get_by_role("button", name="I asked again: all no").click()
        expect(page.locator("#fu-asked")).to_contain_text("Asked again: all no")
        page.get_by_role("button", name="Take it back").click()
        expect(page.get_by_role("button", name="I asked again: all no")).to_be_visible()
        page.reload()
        expect(page.get_by_label("Look down", exact=True)).to_have_value("41")


def test_a_number_that_cannot_be_is_said_and_the_page_is_not_left_by_mistake(
    stack: Stack, browser: Browser, visits: dict[str, str]
) -> None:
    with at_work(browser, stack) as (page, _context):
        page.goto(visits["Offline"])
        page.get_by_label("Look up", exact=True).fill("999")
        page.get_by_label("Look up", exact=True).blur()
        expect(page.locator("#fu-status")).to_contain_text("Not saved: Look up")
        asked: list[str] = []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))

        page.get_by_role("link", name="Summary").click(no_wait_after=True)
        page.wait_for_timeout(500)
        assert (asked, page.url) == (["beforeunload"], visits["Offline"])
        page.get_by_label("Look up", exact=True).fill("49")
        page.get_by_label("Look up", exact=True).blur()
        saved(page)
        page.get_by_role("link", name="Summary").click()
        page.wait_for_url("**/record/")
        page.go_back()

        expect(page.get_by_label("Look up", exact=True)).to_have_value("49")


def test_without_javascript_a_button_saves_and_signs(stack: Stack, browser: Browser, visits: dict[str, str]) -> None:
    with at_work(browser, stack, java_script_enabled=False) as (page, _context):
        page.goto(visits["Plain"])
        page.get_by_role("button", name="I asked again: all no").click()
        page.get_by_label("Look up", exact=True).fill("50")
        page.get_by_role("button", name=re.compile("Leave it out today")).click()
        expect(page.locator("#treat")).to_contain_text("Left out today.")
        expect(page.get_by_label("Look up", exact=True)).to_have_value("50")
        page.get_by_role("button", name=re.compile("Sign and next patient")).click()

        page.goto(visits["Plain"])
        expect(page.get_by_text("As it was signed")).to_be_visible()

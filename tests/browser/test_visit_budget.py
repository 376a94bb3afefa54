"""A visit in a real browser: its tap budgets (C1 to C4, C7), the tablet, axe.

The budget of a consent (C8) is kept in test_consent_and_form.py.
"""

import re

import pytest
from barriers import problems, problems_at
from playwright.sync_api import Browser, expect
from stack import Stack
from visit_hands import Hand, at_work, chip, saved

pytestmark = pytest.mark.browser

TAPS = {"C1": 1, "C2": 14, "C3": 7, "C4": 4, "C7": 2}


def test_everything_to_know_before_the_visit_is_one_tap_away(
    stack: Stack, browser: Browser, visits: dict[str, str]
) -> None:
    with at_work(browser, stack) as (page, _context):
        page.goto(f"{stack.url}/clinic/")
        hand = Hand(page)

        hand.tap(page.locator(f"a[href='{visits['Plain'].removeprefix(stack.url)}']").first)

        expect(page.get_by_role("region", name="Patient", exact=True)).to_contain_text("PLAIN")
        expect(page.get_by_role("region", name="What matters")).to_contain_text("Allergies")
        glance = page.get_by_role("complementary", name="At a glance")
        expect(glance.get_by_text("It is better, but the left side pulls").first).to_be_visible()
        expect(glance.get_by_role("img", name=re.compile("Numeric Pain Rating Scale: 5"))).to_be_visible()
        expect(glance.get_by_role("img", name=re.compile("Back view.*left"))).to_be_visible()
        expect(glance.get_by_role("img", name=re.compile("Each day of the month"))).to_be_visible()
        expect(glance.get_by_text("Acute neck")).to_be_visible()
        assert hand.taps <= TAPS["C1"]


def test_a_follow_up_without_a_sign_takes_at_most_fourteen_taps(
    stack: Stack, browser: Browser, visits: dict[str, str]
) -> None:
    with at_work(browser, stack) as (page, _context):
        page.goto(visits["Fast"])
        hand = Hand(page)

        hand.tap(page.get_by_role("button", name="I asked again: all no"))
        # At once, while the page is still being redrawn: a quick finger loses nothing.
        hand.tap(chip(page, "since", "3"))
        hand.tap(chip(page, "since", "Sore for 1 day"))
        hand.tap(page.locator("#since fieldset").last.get_by_text("Better"))
        for movement in ("Turn left", "Turn right"):
            hand.tap(page.get_by_role("button", name=f"{movement}, more"))
            hand.tap(page.get_by_role("button", name=f"{movement}, more"))
        expect(page.get_by_label("Turn left", exact=True)).to_have_value("67")
        expect(page.get_by_label("Look down", exact=True)).to_have_value("")
        saved(page)
        hand.tap(page.get_by_role("button", name=re.compile("Same as on")))
        expect(page.get_by_label("Superficial dry needling")).to_be_checked()
        hand.tap(chip(page, "treat", "None"))
        hand.tap(chip(page, "plan", "Keep the plan"))
        hand.tap(chip(page, "plan", "Same"))
        note = page.locator("#fu-note")
        expect(note).to_contain_text("Worst pain 3, was 5.")
        expect(note).to_contain_text("Turn left 67°, was 62°.")
        expect(note).to_contain_text("Plan and exercises stay the same.")
        expect(page.locator("#fu-left")).to_contain_text("Ready to sign")
        hand.tap(page.get_by_role("button", name=re.compile("Sign and next patient")))
        page.wait_for_url(lambda url: url != visits["Fast"])

        assert hand.taps <= TAPS["C2"]
        page.goto(visits["Fast"])
        expect(page.get_by_text("As it was signed")).to_be_visible()
        expect(page.get_by_text("Upper trapezius (right), 4 needles", exact=True)).to_be_visible()


def test_a_yes_leads_to_the_doctor_in_at_most_seven_taps(
    stack: Stack, browser: Browser, visits: dict[str, str]
) -> None:
    with at_work(browser, stack) as (page, _context):
        page.goto(f"{stack.url}/clinic/")
        hand = Hand(page)
        page.goto(visits["Flagged"])

        hand.tap(page.get_by_text("Answer one by one"))
        legs = page.locator(".onebyone fieldset").filter(has=page.locator("input[value='rf_gait_change']"))
        hand.tap(legs.get_by_text("Yes").first)
        expect(page.locator("#fu-raised .alertbox.stop")).to_be_visible()
        tests = page.locator("#fu-raised section fieldset")
        for nth in range(min(tests.count(), 3)):
            hand.tap(tests.nth(nth).get_by_text("No", exact=False).first)
        expect(page.locator("#treat .alertbox.stop").first).to_contain_text("Stopped")
        saved(page)
        page.get_by_role("button", name=re.compile("Sign and next patient")).click()  # no part of the way
        expect(page.get_by_role("alert").filter(has_text="There is a problem")).to_be_visible()
        assert page.url == visits["Flagged"]
        hand.tap(chip(page, "fu-raised", "Doctor in charge called"))
        expect(page.locator("#fu-note")).to_contain_text("Doctor in charge called, ")
        saved(page)

        assert hand.taps <= TAPS["C3"]
        assert problems(page) == []


def test_going_ahead_against_a_caution_takes_four(stack: Stack, browser: Browser, visits: dict[str, str]) -> None:
    with at_work(browser, stack) as (page, _context):
        page.goto(visits["Reason"])
        page.get_by_label("Deep trigger point needling").locator("..").click()
        locked = page.locator("#treat .alertbox").filter(has_text="Locked")
        expect(locked).to_be_visible()
        hand = Hand(page)

        hand.tap(locked.get_by_text("Go ahead with a reason"))
        hand.tap(locked.get_by_text("Agreed with the prescriber"))
        locked.get_by_label("Who agreed, and when").fill("Dr Weber, by phone, today")
        hand.taps += 1
        hand.tap(locked.get_by_role("button", name="Record reason"))

        expect(locked).to_have_count(0)
        assert hand.taps <= TAPS["C4"]


def test_a_first_assessment_is_written_by_taps(stack: Stack, browser: Browser, visits: dict[str, str]) -> None:
    with at_work(browser, stack) as (page, _context):
        page.goto(visits["First"])
        expect(page.locator("input:checked")).to_have_count(0)

        page.get_by_role("button", name=re.compile("Asked: all no.*Cancer")).click()
        expect(page.locator("#found-cancer")).to_contain_text("Sara")
        page.get_by_role("button", name="I asked again: all no").click()
        expect(page.locator("#fu-asked")).to_contain_text("Asked: all no")
        for nth, value in enumerate(("4", "2", "7")):
            page.locator("#since fieldset").nth(nth).get_by_text(value, exact=True).click()
        page.get_by_role("button", name="Side of the neck, left, more").click()
        page.locator("[data-region='upper_trapezius:left']").click()
        expect(page.get_by_label("Top of the shoulder, beside the neck, left", exact=True)).to_have_value("5")
        page.get_by_text(re.compile("Named in the form: Stress")).click()
        chip(page, "found", "Stress").click()
        page.get_by_label("Impression").fill("Muscle, no nerve")

        note = page.locator("#fu-note")
        expect(note).to_contain_text("Safety questions asked, all no.")
        expect(note).to_contain_text("Worst pain 7. Pain now 4. Least pain 2. Hurts: ")
        expect(note).to_contain_text("Muscle, no nerve. Likely causes: stress.")
        expect(page.locator("#fu-left")).to_contain_text("Ready to sign")
        saved(page)
        page.reload()
        expect(page.get_by_label("Impression")).to_have_value("Muscle, no nerve")
        expect(page.get_by_label("Look up", exact=True)).to_have_value("")
        page.keyboard.press("Control+Enter")
        page.wait_for_url(lambda url: url != visits["First"])
        page.goto(visits["First"])
        expect(page.get_by_text("As it was signed")).to_be_visible()


def test_an_injured_neck_is_asked_about_factor_by_factor(
    stack: Stack, browser: Browser, visits: dict[str, str]
) -> None:
    with at_work(browser, stack) as (page, _context):
        page.goto(visits["Hurt"])

        page.locator("#safety summary").filter(has_text="Bone and ligaments").click()
        injury = page.locator("#safety fieldset").filter(has=page.locator("input[value='rf_known_injury']"))
        injury.get_by_text("Yes").click()
        spine = page.get_by_role("region", name="Injured neck: Canadian C-spine rule")
        expect(spine).to_contain_text("Ask every high-risk factor first.")
        for code in ("rf_dangerous_mechanism", "rf_limb_tingling_after_injury"):
            factor = spine.locator("fieldset").filter(has=page.locator(f"input[value='{code}']"))
            factor.get_by_text("No", exact=False).last.click()
        expect(spine).to_contain_text("Look for a low-risk factor first.")
        expect(spine.get_by_text("Cannot turn 45 degrees")).to_have_count(0)
        spine.locator("fieldset").filter(has_text="Walking at any time").get_by_text("Yes").click()
        expect(spine).to_contain_text("You may test rotation.")
        expect(spine.get_by_text("Cannot turn 45 degrees")).to_be_visible()
        saved(page)
        assert problems(page) == []


def test_a_waiting_note_is_signed_in_two(stack: Stack, browser: Browser, visits: dict[str, str]) -> None:
    with at_work(browser, stack) as (page, _context):
        page.goto(f"{stack.url}/clinic/")
        hand = Hand(page)

        hand.tap(page.get_by_role("link", name="Open next"))
        page.wait_for_url("**/clinic/visit/**")
        first = page.url
        page.keyboard.press("Control+Enter")
        hand.taps += 1
        page.wait_for_url(lambda url: url != first and "/clinic/visit/" in url)

        assert hand.taps <= TAPS["C7"]
        assert first.split("?")[0] != page.url.split("?")[0]
        page.goto(first)
        expect(page.get_by_text("As it was signed")).to_be_visible()


def test_the_first_assessment_has_no_barrier(stack: Stack, browser: Browser, visits: dict[str, str]) -> None:
    with at_work(browser, stack) as (page, _context):
        page.goto(visits["Hurt"])
        for summary in page.locator("#visit-page details > summary").all():
            if summary.is_visible():
                summary.click()

        assert problems_at(page, 820, 390) == []


def test_the_page_has_no_barrier(stack: Stack, browser: Browser, visits: dict[str, str]) -> None:
    with at_work(browser, stack) as (page, _context):
        page.goto(visits["Thinner"])
        for summary in page.locator("details > summary").all():
            if summary.is_visible():
                summary.click()
        page.get_by_label("Deep trigger point needling").locator("..").click()
        expect(page.locator("#treat .alertbox").first).to_contain_text("Locked")
        saved(page)

        assert problems_at(page, 1366, 820, 390) == []

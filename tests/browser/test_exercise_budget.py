"""Prescribing in a real browser (C5), the worklist by keyboard, and the patient's side on a phone; axe on each page."""

import json
import re
from collections.abc import Iterator

import pytest
from barriers import problems_at
from desk_hands import PASSWORD, Hands
from playwright.sync_api import Browser, Page, expect
from stack import Stack

pytestmark = pytest.mark.browser

C5 = 6
SMALLEST = 24  # CSS pixels of a target, WCAG 2.5.8
# A patient of Sara's who has done nothing for two weeks, and one to prescribe for.
PEOPLE = """
from datetime import timedelta
from importlib import import_module
from django.conf import settings
from django.utils import timezone
from patients.models import Patient
from people.models import User
from programs.actions import plans
user, now = User.objects.get(email="sara@example.org"), timezone.now()
for name in ("Idle", "Fresh", "Plain"):
    account = User.objects.create_user(email=f"{name.lower()}@example.org", role="patient", name=f"Noor {name}")
    patient = Patient.objects.create(given_name="Noor", family_name=name, birth_date="1980-01-01", registered_at=now,
        user=account, portal_confirmed_at=now, email=account.email)
    plan = plans.start(patient, template_code="tpl_acute_spasm_conservative", remind_at=None, by=user, now=now,
        starts_on=timezone.localdate() - timedelta(days=13 if name == "Idle" else 0))
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session["_auth_user_id"] = str(account.pk)
    session["_auth_user_backend"] = "people.web.backends.RightsBackend"
    session["_auth_user_hash"] = account.get_session_auth_hash()
    session.save()
    print("PATIENT", name, patient.pk, session.session_key)
"""


@pytest.fixture(scope="module")
def people(stack: Stack) -> dict[str, tuple[str, str]]:
    said = stack.manage("shell", "-c", PEOPLE)
    return {name: (key, session) for name, key, session in re.findall(r"PATIENT (\w+) (\S+) (\S+)", said)}


def opened(
    browser: Browser, stack: Stack, *, width: int = 1366, script: bool = True, session: str = ""
) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        java_script_enabled=script,
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    if session:
        context.add_cookies([{"name": "sessionid", "value": session, "url": stack.url}])
    else:
        page.goto(f"{stack.url}/signin/")
        page.get_by_label("E-mail").fill("sara@example.org")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/signin" not in url)
    yield page
    # A preview that a quicker one overtakes is given up, and htmx says so on the console.
    assert [it for it in complaints if not it.startswith("htmx:")] == []
    context.close()


@pytest.fixture
def sara(browser: Browser, stack: Stack) -> Iterator[Page]:
    yield from opened(browser, stack)


def test_three_exercises_of_a_set_are_prescribed_in_six(
    stack: Stack, sara: Page, people: dict[str, tuple[str, str]]
) -> None:
    patient, _session = people["Fresh"]
    sara.goto(f"{stack.url}/patients/{patient}/exercises/prescribe/")
    hands = Hands(sara)

    hands.click("link", "^Move and loosen$")
    hands.click("checkbox", "^Isometric side press$")
    expect(sara.get_by_role("status").filter(has_text="3 exercises")).to_be_visible()
    hands.click("button", "Isometric front press, Times: more")
    # At once, while the preview is still on its way: a quick finger loses nothing.
    hands.click("button", "^Send to the patient$")
    expect(sara.get_by_text("Sent: the patient sees the new exercises now.")).to_be_visible()

    assert hands.count <= C5
    expect(sara.locator(".entries li")).to_have_count(3)
    expect(sara.locator(".entries li").filter(has_text="Isometric front press")).to_contain_text("8 times.")
    # A slow finger: what was counted here is not counted again by the server.
    sara.goto(f"{stack.url}/patients/{patient}/exercises/prescribe/")
    sara.get_by_role("button", name="Isometric front press, Times: more").click()
    expect(sara.locator("#rx .dose").filter(has_text="10 times.")).to_have_count(1)
    sara.wait_for_load_state("networkidle")
    expect(sara.locator("#rx .dose").filter(has_text="10 times.")).to_have_count(1)


def test_a_dose_is_changed_and_sent_without_a_script(
    browser: Browser, stack: Stack, people: dict[str, tuple[str, str]]
) -> None:
    patient, _session = people["Plain"]
    for page in opened(browser, stack, script=False):
        page.goto(f"{stack.url}/patients/{patient}/exercises/prescribe/")
        page.get_by_role("button", name="Slow belly breathing, Times: less").click()
        expect(page.locator(".asseen")).to_contain_text("8 times.")
        page.get_by_role("button", name="Send to the patient").click()
        expect(page.get_by_text("Sent: the patient sees the new exercises now.")).to_be_visible()


def test_the_worklist_is_worked_by_keyboard_alone(stack: Stack, sara: Page, people: dict[str, tuple[str, str]]) -> None:
    sara.goto(f"{stack.url}/clinic/worklist/?kind=due")
    line = (
        sara.locator("section.panel").filter(has_text="Idle, Noor").locator(".reason").filter(has_text="Reassessment")
    )
    expect(line).to_be_visible()

    line.locator("summary").focus()
    sara.keyboard.press("Enter")
    sara.keyboard.press("Tab")
    sara.keyboard.type("Called")
    sara.keyboard.press("Tab")
    sara.keyboard.type("Comes on Friday")
    sara.keyboard.press("Enter")

    expect(sara.get_by_text("Noted for Idle, Noor")).to_be_visible()
    sara.goto(f"{stack.url}/clinic/worklist/?kind=due")
    expect(sara.locator("section.panel").filter(has_text="Idle, Noor")).to_have_count(0)


def problems(page: Page, *widths: int) -> list[str]:
    wrong = problems_at(page, *widths)
    small = """least => ["a", "button", "summary", "input:not([type=hidden])"]
        .flatMap(kind => [...document.querySelectorAll(`main ${kind}`)])
        .filter(it => it.checkVisibility() && !it.classList.contains("visually-hidden") && !it.closest("p, li > b"))
        .map(it => [it.getBoundingClientRect(), it.outerHTML.slice(0, 120)])
        .filter(([box]) => box.width && (box.width < least || box.height < least)).map(([, html]) => html)"""
    return wrong + [f"small: {html}" for html in page.evaluate(small, SMALLEST)]


def test_no_page_of_the_clinician_has_a_barrier(
    browser: Browser, stack: Stack, people: dict[str, tuple[str, str]]
) -> None:
    patient, _session = people["Idle"]
    paths = [f"/patients/{patient}/{it}/" for it in ("exercises", "exercises/prescribe", "exercises/days", "posture")]
    for page in opened(browser, stack, width=1366):
        for path in [*paths, "/clinic/worklist/?who=all"]:
            page.goto(stack.url + path)
            for summary in page.locator("main details > summary").all():
                summary.click()
            assert problems(page, 1366, 390) == [], path


def test_no_page_of_the_patient_has_a_barrier(
    browser: Browser, stack: Stack, people: dict[str, tuple[str, str]]
) -> None:
    _patient, session = people["Plain"]
    for page in opened(browser, stack, width=390, session=session):
        page.goto(f"{stack.url}/me/")
        if page.get_by_role("button", name=re.compile("^Mark as done")).count():
            page.get_by_role("button", name=re.compile("^Mark as done")).first.click()
            expect(page.get_by_text("Did it hurt? 0 to 10").first).to_be_visible()
        for path in ("/me/", "/me/exercises/", "/me/posture/", "/me/posture/print/"):
            page.goto(stack.url + path)
            for summary in page.locator("main details > summary").all():
                summary.click()
            assert problems(page, 390) == [], path


def test_a_message_that_comes_twice_shows_once_on_the_phones_screen(
    browser: Browser, stack: Stack, people: dict[str, tuple[str, str]]
) -> None:
    ours = "navigator.serviceWorker.getRegistration('/static/clinic/js/')"
    said = {"title": "Northgate", "body": "You have a visit on Tuesday.", "tag": "one", "url": f"{stack.url}/me/"}
    registrations: list[dict[str, str]] = []
    for page in opened(browser, stack, width=390, session=people["Fresh"][1]):
        page.context.grant_permissions(["notifications"], origin=stack.url)
        page.goto(f"{stack.url}/me/screens/")
        push_service = page.context.new_cdp_session(page)
        push_service.on("ServiceWorker.workerRegistrationUpdated", lambda it: registrations.extend(it["registrations"]))
        push_service.send("ServiceWorker.enable")
        page.evaluate("navigator.serviceWorker.register('/static/clinic/js/screen-worker.js').then(() => null)")
        page.wait_for_function(f"{ours}.then(it => Boolean(it && it.active))")

        # The portal has a worker of its own beside it.
        ours_is = next(it["registrationId"] for it in registrations if it["scopeURL"].endswith("/static/clinic/js/"))
        which = {"origin": stack.url, "registrationId": ours_is}
        for body in ("You have a visit.", said["body"]):
            push_service.send("ServiceWorker.deliverPushMessage", {**which, "data": json.dumps({**said, "body": body})})

        shown = f"{ours}.then(it => it.getNotifications()).then(all => all.map(it => it.title + ': ' + it.body).join())"
        page.wait_for_function(f"{shown}.then(it => it === 'Northgate: You have a visit on Tuesday.')")

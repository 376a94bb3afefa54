"""A clinician with a tablet in a real browser, every tap counted. Everybody in here is made up."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from desk_hands import PASSWORD
from playwright.sync_api import Browser, BrowserContext, Page, expect
from stack import Stack

SARA = "sara@example.org"  # a licensed acupuncturist of the demo: she needles
TABLET = {"width": 820, "height": 1180}
TROUBLE = re.compile(r"htmx:|Response Status Error Code 403|Failed to load resource: (net::|.*403)")
# Patients with a signed visit a week ago and one visit now, notes that wait for their signature, two first visits.
PEOPLE = """
import sys
from datetime import timedelta
from django.utils import timezone
from clinic.appointments.actions import assessing
from clinic.appointments.models import Appointment, Resource
from patients.actions import assessments, facts, intake
from patients.models import Patient
from people.models import User
from programs.actions import treatments
from programs.actions.treatments import Given
from programs.models import Phase, Plan, PlanExercise
from programs.rules.rulebook import rulebook
sys.path.append("tests")
from factories import consents_signed
user = User.objects.get(email="sara@example.org")
sara = Resource.objects.get(user=user)
site = Appointment.objects.first().site
now = timezone.now()
def visit(patient, at, service_code="dry_needling", **fields):
    return Appointment.objects.create(patient=patient, clinician=sara, site=site, service_code=service_code,
        starts_at=at, ends_at=at + timedelta(minutes=30), booked_at=at, timed_at=at, **fields)
def told(visit, at, sign):
    draft = assessing.open_assessment(visit, by=user, now=at)
    draft = assessments.save(draft, revision=draft.revision, by=user, now=at, told={"worst": 5, "treat": {}},
        moves={"turn_left": 62, "turn_right": 48, "look_down": 45})
    draft = assessments.ask_again(draft, revision=draft.revision, by=user, now=at)
    given = [Given(modality="dry_needling", technique="dn_superficial", regions=("upper_trapezius:right",),
        dose={"needles": 4})]
    if sign:
        treatments.sign_visit(draft, given, note="Said: Worst pain 5.", by=user, now=at)
for name in ("Fast", "Flagged", "Thinner", "Reason", "Offline", "Plain", "Both"):
    patient = Patient.objects.create(given_name="Linh", family_name=name, birth_date="1969-07-22", registered_at=now)
    consents_signed(patient, "dry_needling", by=user)
    told(visit(patient, now - timedelta(days=7)), now - timedelta(days=7), sign=True)
    if name in ("Thinner", "Reason"):
        facts.state(patient, {"anticoagulant_use": True}, by=user, now=now)
    print("VISIT", name, visit(patient, now, status="in_room").pk)
for name in ("Unsigned", "Later"):
    patient = Patient.objects.create(given_name="Ada", family_name=name, birth_date="1969-07-22", registered_at=now)
    one = visit(patient, now - timedelta(days=2))
    told(one, now - timedelta(days=2), sign=False)
    one.refresh_from_db()
    draft = one.assessment
    assessments.save(draft, revision=draft.revision, by=user, now=now,
        told={"worst": 5, "treat": {"dry_needling": {"skipped": True, "why": "no_time"}}})
    print("VISIT", name, one.pk)
for name in ("First", "Hurt"):
    patient = Patient.objects.create(given_name="Tom", family_name=name, birth_date="1985-02-02", registered_at=now)
    form = intake.start(patient, by=user, now=now)
    intake.save_part(form, "story", {"text": "My neck locks when I look back", "causes": ["stress"]}, by=user, now=now)
    intake.save_part(form, "places", {"codes": ["lateral_neck:left"]}, by=user, now=now)
    intake.save_part(form, "pain", {"now": 6, "best": 2, "worst": 8}, by=user, now=now)
    intake.submit(form, by=user, now=now)
    one = visit(patient, now + timedelta(minutes=1), service_code="first_assessment", status="arrived")
    print("VISIT", name, one.pk)
known = Patient.objects.get(family_name="Plain")
form = intake.start(known, by=user, now=now)
intake.save_part(form, "story", {"text": "It is better, but the left side pulls"}, by=user, now=now)
intake.save_part(form, "places", {"codes": ["lateral_neck:left"]}, by=user, now=now)
intake.submit(form, by=user, now=now)
for name in ("Plain", "Fast"):
    plan = Plan.objects.create(patient=Patient.objects.get(family_name=name), template_code="prog_acute_neck_spasm",
        rulebook_version="1", name="Acute neck", starts_on=now.date() - timedelta(days=7),
        ends_on=now.date() + timedelta(days=35), started_by=user, started_at=now)
    phase = Phase.objects.create(plan=plan, ordinal=1, code="p1", name="Calm it down", starts_on=plan.starts_on,
        ends_on=plan.ends_on)
    PlanExercise.objects.create(plan=plan, phase=phase, code=next(iter(rulebook().exercises)), ordinal=1,
        dosage={"sets": 1, "reps": 5, "times_per_day": 1, "days_per_week": 7})
"""


def who_came(stack: Stack) -> dict[str, str]:
    """The page of each one's visit, by family name."""
    said = stack.manage("shell", "-c", PEOPLE)
    return {name: f"{stack.url}/clinic/visit/{pk}/" for name, pk in re.findall(r"VISIT (\w+) (\S+)", said)}


@contextmanager
def at_work(browser: Browser, stack: Stack, who: str = SARA, **options: Any) -> Iterator[tuple[Page, BrowserContext]]:
    options.setdefault("viewport", TABLET)
    with browser.new_context(**options) as context:
        page = context.new_page()
        page.set_default_timeout(20_000)
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        signed_in(page, stack, who)
        yield page, context
        # Without a connection or a session the browser and htmx say so on the console; that is the test.
        assert [it for it in complaints if not TROUBLE.match(it)] == []


def signed_in(page: Page, stack: Stack, who: str) -> None:
    page.goto(f"{stack.url}/signin/")
    page.get_by_label("E-mail").fill(who)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/signin" not in url)


class Hand:
    """Counts what a finger does."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps = page, 0

    def tap(self, what: Any) -> None:
        what.click()
        self.taps += 1


def saved(page: Page) -> None:
    expect(page.locator("#fu-status [data-kept]")).to_contain_text("Saved")


def chip(page: Page, part: str, words: str) -> Any:
    return page.locator(f"#{part} label").filter(has_text=re.compile(rf"^\s*{re.escape(words)}\s*$")).first

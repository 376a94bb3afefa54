"""Filling in the form, page by page. The same for the patient in the portal and for staff who write for her."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.actions import facts
from patients.actions import intake as intakes
from patients.models import Intake
from patients.rules.intake_parts import MINUTES, PARTS, Page, is_filled_in, pages, patient_words, put
from patients.rules.rulebook import rulebook
from patients.rules.screen import is_told_at_once
from patients.rules.triage import TriageResult
from patients.web import bodymap, intake_words
from patients.web.intake_forms import PageForm, SafetyForm
from patients.web.intake_health_forms import Known, TickForm, form_for, is_from_before
from people.models import User
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest

SELF_HARM = "rf_self_harm_thoughts"


@dataclass(frozen=True, slots=True)
class Frame:
    """Who fills in: the layout around the page, and where each step leads."""

    layout: str
    names: Mapping[str, str]  # the URL names of part, check, sent, urgent and home
    ids: Mapping[str, UUID | str]
    more: Mapping[str, Any] = field(default_factory=dict)
    by: User | None = None  # who handed over the tablet; else whoever is signed in
    shows_known: bool = True  # not where the desk handed it over: it never sees what is in the record

    def url(self, step: str, **kwargs: str) -> str:
        return reverse(self.names[step], kwargs={**self.ids, **kwargs} if step != "home" else self.home_ids)

    @property
    def home_ids(self) -> dict[str, UUID | str]:
        return {name: value for name, value in self.ids.items() if name != "intake_id"}


def fill_in(request: SignedInRequest, intake: Intake, key: str, frame: Frame) -> HttpResponse:
    """One page of the form: show it, keep it, go on."""
    if intake.is_submitted:
        return redirect(frame.url("sent"))
    every = _pages(intake)
    page = next((it for it in every if it.key == key), None)
    if page is None:
        raise Http404
    sent = request.POST if request.method == "POST" else None
    form = form_for(page, intake.answers, Known() if sent or not frame.shows_known else _known(intake, page), sent)
    if request.method == "POST":
        answer = _kept(request, intake, page, form, frame)
        if answer is not None:
            return answer
    nth = every.index(page)
    context = {
        "page": page,
        "form": form,
        "is_safety": isinstance(form, SafetyForm),
        "is_ticking": isinstance(form, TickForm),
        "is_from_before": is_from_before(page, intake.answers, form),
        "regions": bodymap.regions(form["codes"].value() or ()) if page.key == "places" else None,
        "back": frame.url("part", part=every[nth - 1].key) if nth else frame.url("home"),
    }
    return _page(request, "patients/intake_part.html", intake, frame, context)


def _pages(intake: Intake) -> tuple[Page, ...]:
    return pages(intake.patient.age_on(timezone.localdate()), intake.answers)


def _known(intake: Intake, page: Page) -> Known:
    """What need not be asked again but confirmed: her last form, and the facts that still hold."""
    if not (page.is_about_health or page.key == "goals"):
        return Known()
    last = Intake.objects.submitted().filter(patient=intake.patient).order_by("-submitted_at").first()
    return Known(last.answers if last else {}, facts.known(intake.patient, on=timezone.localdate()))


def _kept(request: SignedInRequest, intake: Intake, page: Page, form: PageForm, frame: Frame) -> HttpResponse | None:
    """Save what can be saved and say where to go next; None leaves the page with its errors."""
    is_whole = form.is_valid()
    if not is_whole and not page.is_safety:
        return None
    now = timezone.now()
    before = intakes.judged(intake, now=now)
    try:
        # A safety page is kept even when half answered: an emergency never waits for the rest of the page.
        after = intakes.save_part(intake, page.key, form.kept(), by=frame.by or request.user, now=now)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return None
    if _is_graver(after, before):
        return redirect(frame.url("urgent"))
    if "later" in request.POST:
        return redirect(frame.url("home"))
    return redirect(_next(intake, page, frame)) if is_whole else None


def _is_graver(after: TriageResult, before: TriageResult) -> bool:
    """Whether there is something new to tell her now: a graver screen, or another sign of the gravest kind."""
    book = rulebook()
    if not is_told_at_once(after.urgency, rulebook=book):
        return False
    known = {rule.code for rule in before.positive}
    is_new_emergency = any(rule.code not in known and rule.urgency == "emergency_now" for rule in after.positive)
    return book.rank(after.urgency) > book.rank(before.urgency) or is_new_emergency


def _next(intake: Intake, page: Page, frame: Frame) -> str:
    every = _pages(intake)
    following = [it.key for it in every[[it.key for it in every].index(page.key) + 1 :]]
    return frame.url("part", part=following[0]) if following else frame.url("check")


def first_open_page(intake: Intake) -> str | None:
    """Where she goes on; None when every page is filled in."""
    every = _pages(intake)
    return next((page.key for page in every if not is_filled_in(page, intake.answers)), None)


def check(request: SignedInRequest, intake: Intake, frame: Frame) -> HttpResponse:
    """Everything she said once more, with a way to change it, and the button that sends it."""
    if intake.is_submitted:
        return redirect(frame.url("sent"))
    if request.method == "POST":
        intakes.submit(intake, by=frame.by or request.user, now=timezone.now())
        return redirect(frame.url("sent"))
    every = _pages(intake)
    rows = [
        {"label": it.label, "words": it.words, "url": frame.url("part", part=it.page)}
        for it in intake_words.told(intake.answers)
    ]
    safety = [
        {
            "label": _("Safety questions %(nth)d of %(of)d") % {"nth": it.nth, "of": it.of},
            "words": intake_words.safety(it, intake.answers),
            "url": frame.url("part", part=it.key),
        }
        for it in every
        if it.is_safety
    ]
    open_pages = [it for it in every if not is_filled_in(it, intake.answers)]
    context = {
        "rows": [*rows[:-1], *safety, rows[-1]],
        "open_pages": len(open_pages),
        "open_questions": _open_questions(every, intake.answers),
        "back": frame.url("part", part=every[-1].key),
    }
    return _page(request, "patients/intake_check.html", intake, frame, context)


def _open_questions(every: tuple[Page, ...], answers: Mapping[str, Any]) -> int:
    told = answers.get("red_flags", {})
    said = {*told, *answers.get("not_sure", ())}
    return sum(question.code not in said for page in every for question in put(page.questions, told))


def sent(request: SignedInRequest, intake: Intake, frame: Frame) -> HttpResponse:
    if not intake.is_submitted:
        return redirect(frame.url("check"))
    return _page(request, "patients/intake_sent.html", intake, frame, {})


def urgent(request: SignedInRequest, intake: Intake, frame: Frame) -> HttpResponse:
    """What to do now, on a page of its own: nothing else is asked before it has been read."""
    key = None if intake.is_submitted else first_open_page(intake)
    go_on = frame.url("part", part=key) if key else frame.url("check")
    return _page(
        request, "patients/intake_urgent.html", intake, frame, {"go_on": go_on, "check_url": frame.url("check")}
    )


def _page(
    request: SignedInRequest, template: str, intake: Intake, frame: Frame, context: dict[str, Any]
) -> HttpResponse:
    context |= {
        "layout": frame.layout,
        "intake": intake,
        "patient": intake.patient,
        "urgent": urgent_words(request, intake),
        "needs_look": rulebook().rank(intake.urgency) > 0 if intake.urgency else False,
        "home": frame.url("home"),
        "parts": PARTS,
        "minutes": MINUTES,
        **frame.more,
    }
    return render(request, template, context)


def urgent_words(request: SignedInRequest, intake: Intake) -> dict[str, Any] | None:
    """What the rulebook tells her at once, with its provenance; None when nothing is that urgent."""
    book = rulebook()
    result = intakes.judged(intake, now=intake.submitted_at or timezone.now())
    if not is_told_at_once(result.urgency, rulebook=book):
        return None
    urgency = book.urgencies[result.urgency]
    return {
        "code": urgency.code,
        "label": _(urgency.label),
        "message": patient_words(_(urgency.patient_message), request.clinic.emergency_number),
        "number": request.clinic.emergency_number,
        "is_emergency": urgency.code == "emergency_now",
        "is_self_harm": any(rule.code == SELF_HARM for rule in result.positive),
        "sources": [book.sources[code] for code in urgency.sources],
        "is_confirmed": urgency.is_confirmed_by_clinician,
    }

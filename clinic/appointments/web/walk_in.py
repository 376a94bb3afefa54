"""Somebody stands at the desk: who, and then Enter."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.appointments.actions import walk_ins as work
from clinic.appointments.actions.suggestions import best_times
from clinic.appointments.actions.walk_ins import gaps_today
from clinic.appointments.models import Appointment, Resource, Shift, WaitlistEntry
from clinic.appointments.rules.status import MAY_BE_MOVED
from clinic.appointments.rules.walk_in_refusals import ReasonMissing
from clinic.appointments.web import names, panel, words
from clinic.appointments.web.finding import best_first
from clinic.appointments.web.panel import Wanted, as_id
from patients.models import Patient, RedFlag
from patients.rules.search import LONGEST, read
from patients.web.records import open_record
from people.models import Site
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs

MOST_FOUND = 8
MOST_WAITING = 50
LONGEST_REASON = 200
GONE = 409


@needs(Permission.APPOINTMENT_BOOK)
def walk_in(request: SignedInRequest) -> HttpResponse:
    """Without a patient: whom, and who waits. With one: the first gap of today, or what else can be done."""
    asked = request.POST if request.method == "POST" else request.GET
    sites = list(Site.objects.filter(is_active=True))
    site = _site(request, sites, asked.get("site", ""))
    if site is None:
        return render(request, "desk/no_site.html", {"active": "day"})
    patient_id = as_id(asked.get("patient"))
    if patient_id is None:
        if request.method == "POST":
            raise Http404
        return _who(request, site, sites)
    patient = open_record(request, patient_id)
    wanted = panel.wanted(request.user, patient, asked, now=timezone.now())
    if request.method == "POST":
        try:
            return _done(request, wanted, site)
        except Refused as refusal:
            return _page(request, wanted, site, sites, refusal=refusal)
    return _page(request, wanted, site, sites)


def _site(request: SignedInRequest, sites: list[Site], asked: str) -> Site | None:
    """The site that was asked for, or the one where this person works, or the first."""
    if found := next((site for site in sites if str(site.pk) == asked), None):
        return found
    own = set(Shift.objects.filter(resource__user=request.user).values_list("site_id", flat=True))
    return next((site for site in sites if site.pk in own), next(iter(sites), None))


def _who(request: SignedInRequest, site: Site, sites: list[Site]) -> HttpResponse:
    now = timezone.now()
    text = request.GET.get("q", "").strip()[:LONGEST]
    seen = Patient.objects.visible_to(request.user).current()
    found = best_first(seen, read(text, on=timezone.localdate(now)), most=MOST_FOUND) if text else []
    if len(found) == 1:
        # One match is the patient: the next Enter checks them in.
        return redirect(f"{request.path}?patient={found[0].pk}&site={site.pk}")
    waiting = work.waiting_here(WaitlistEntry.objects.visible_to(request.user), site, now=now)
    context = {
        "active": "day",
        "site": site,
        "sites": sites,
        "asked_for": text,
        "hide_names": names.are_hidden(request),
        "found": found,
        "waiting": waiting[:MOST_WAITING],
        "now": now,
        "today": timezone.localdate(now, site.zone),
    }
    return render(request, "appointments/walk_in_who.html", context)


def _page(
    request: SignedInRequest, it: Wanted, site: Site, sites: list[Site], *, refusal: Refused | None = None
) -> HttpResponse:
    gaps = gaps_today(it.service, it.patient, site, now=it.now)
    gap = gaps[0] if gaps else None
    later: Any = []
    if gap is None:
        first = timezone.localdate(it.now, site.zone)
        later = best_times(
            it.service,
            patient=it.patient,
            first=first,
            now=it.now,
            site=site,
            session=it.session,
            preferring=it.when.prefer,
        )
    able = Resource.objects.in_use().clinicians().offering(it.service.professions)
    context: dict[str, Any] = {
        "active": "day",
        "wanted": it,
        "patient": it.patient,
        "site": site,
        "sites": sites,
        "gap": gap,
        "later": later,
        "is_expected": _expected_today(it, site),
        "services": [each for each in it.services.values() if each.is_enabled and not each.is_class],
        "needs_clinician_check": RedFlag.objects.open().filter(patient=it.patient).exists(),
        "clinicians": able if request.user.may(Permission.APPOINTMENT_OVERBOOK) else [],
        "because": request.POST.get("because", ""),
        "request_key": uuid4(),
        "refusal": refusal,
    }
    return render(request, "appointments/walk_in.html", context, status=GONE if refusal else 200)


def _expected_today(it: Wanted, site: Site) -> list[Appointment]:
    """The visits that the patient has today anyway: perhaps that is why they stand there."""
    today = timezone.localdate(it.now, site.zone)
    every = [*reversed(it.visits.past), *it.visits.coming]
    return [each for each in every if each.local_start.date() == today and each.status in MAY_BE_MOVED]


def _done(request: SignedInRequest, it: Wanted, site: Site) -> HttpResponse:
    by, now = request.user, it.now
    if "wait" in request.POST:
        work.wait(it.patient, it.service, site, by=by, now=now)
        messages.success(request, _("%(name)s waits.") % {"name": names.said(request, it.patient)})
        return redirect(f"{request.path}?site={site.pk}")
    if "squeeze" in request.POST:
        visit = work.squeeze_in(
            it.patient,
            it.service,
            _clinician(request),
            site,
            because=_reason(request),
            by=by,
            now=now,
            session=it.session,
        )
    else:
        key = it.request_key
        visit = work.arrive(it.patient, it.service, site, by=by, now=now, session=it.session, request_key=key)
    messages.success(request, _("Checked in: %s.") % words.booked(request, visit))
    return redirect(f"{reverse('desk:today')}?site={site.pk}")


def _clinician(request: SignedInRequest) -> Resource:
    chosen = as_id(request.POST.get("clinician"))
    found = Resource.objects.in_use().clinicians().filter(pk=chosen).first() if chosen else None
    if found is None:
        raise Http404
    return found


def _reason(request: SignedInRequest) -> str:
    because = request.POST.get("because", "").strip()[:LONGEST_REASON]
    if not because:
        raise ReasonMissing
    return because

"""A freed time and whom it fits: tick, send, and the first yes has it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.appointments.actions import availability, matches, offers, on_the_phone, places
from clinic.appointments.actions.matches import Match
from clinic.appointments.actions.openings import Gap
from clinic.appointments.models import Appointment, BookingPolicy, GroupSession, Resource, SlotOffer, WaitlistEntry
from clinic.appointments.web import names, waitlist_words, words
from people.models import Site
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.rules.rulebook import rulebook

REFUSED = 409


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody who could have the time. A letter does not reach everybody: the others are called."""

    match: Match
    service: str
    is_ticked: bool

    @property
    def gets_mail(self) -> bool:
        patient = self.match.entry.patient
        return bool(patient.email) and patient.may_be_mailed


@needs(Permission.APPOINTMENT_BOOK)
def offer(request: SignedInRequest) -> HttpResponse:
    """`?visit=` one that was called off or missed, `?offer=` a free time, `?group=` a class with a free place.

    Or `?clinician=&site=&from=&until=`.
    """
    now = timezone.now()
    gap = _gap(request, now)
    waiting = matches.for_pages(WaitlistEntry.objects.visible_to(request.user), on=timezone.localdate(now))
    found = matches.fitting(gap, waiting, now=now) if gap else []
    refusal: Refused | None = None
    if request.method == "POST" and gap:
        try:
            return _done(request, gap, found, now)
        except Refused as no:
            refusal = no
    policy = BookingPolicy.current()
    context = {
        "active": "waitlist",
        "gap": gap,
        "hide_names": names.are_hidden(request),
        "when": _when(request, gap) if gap else "",
        "rows": _rows(request, found, policy.offers_at_once),
        "policy": policy,
        "refusal": refusal,
        "back": _day(gap) if gap else reverse("desk:today"),
    }
    return render(request, "appointments/waitlist_offer.html", context, status=REFUSED if refusal else 200)


def _when(request: SignedInRequest, gap: Gap) -> str:
    """From when until when; of a time that was found for somebody only the beginning: others stay longer or shorter."""
    if "offer" in request.GET and gap.group is None:
        return words.day_and_time(gap.starts_at.astimezone(gap.site.zone))
    return waitlist_words.gap(gap)


def _rows(request: SignedInRequest, found: list[Match], at_once: int) -> list[Row]:
    """The best as many as the clinic asks at once are ticked; after a refusal what was ticked stays so."""
    names, left = rulebook().services, at_once
    ticked = set(request.POST.getlist("entry")) if request.method == "POST" else None
    rows = []
    for match in found:
        row = Row(match, names[match.entry.service_code].name, is_ticked=False)
        may_be_asked = row.gets_mail and not match.needs_check
        is_ticked = str(match.entry.pk) in ticked if ticked is not None else may_be_asked and left > 0
        left -= is_ticked
        rows.append(Row(match, row.service, is_ticked))
    return rows


def _done(request: SignedInRequest, gap: Gap, found: list[Match], now: datetime) -> HttpResponse:
    """Offer it to the ticked; or, to whom said yes on the phone, give it. Raises `Refused`."""
    by_phone = request.POST.get("yes", "")
    ticked = {by_phone} if by_phone else set(request.POST.getlist("entry"))
    chosen = [match for match in found if str(match.entry.pk) in ticked and not match.needs_check]
    if by_phone:
        return _answered(request, on_the_phone.give(chosen, by=request.user, now=now, missed=gap.missed))
    made = offers.offer_out(chosen, by=request.user, now=now, missed=gap.missed)
    said = format_html(
        '{} {} <a href="{}">{}</a>',
        waitlist_words.offered(len(made)),
        _("The letters leave in a few minutes. The first yes has the time."),
        reverse("appointments:waitlist"),
        _("See the offers"),
    )
    messages.success(request, said)
    return redirect(_day(gap))


def _gap(request: SignedInRequest, now: datetime) -> Gap | None:
    """None for a time that has passed or is not free to offer. Raises `Http404` where the address names nothing."""
    if visit_id := request.GET.get("visit"):
        visits = Appointment.objects.visible_to(request.user).select_related("clinician", "site")
        visit = visits.filter(pk=_id(visit_id)).first()
        if visit is None:
            raise Http404
        return matches.gap_of(visit, now=now)
    if group_id := request.GET.get("group"):
        groups = GroupSession.objects.visible_to(request.user).select_related("clinician", "site")
        group = groups.prefetch_related("holds__resource__site").filter(pk=_id(group_id)).first()
        if group is None:
            raise Http404
        return places.gap(group, now=now)
    if code := request.GET.get("offer"):
        choice = availability.chosen(code)
        if choice is None:
            raise Http404
        return matches.gap_at(choice)
    return _named_gap(request, now)


def _named_gap(request: SignedInRequest, now: datetime) -> Gap | None:
    clinician = Resource.objects.in_use().clinicians().filter(pk=_id(request.GET.get("clinician"))).first()
    site = Site.objects.filter(is_active=True, pk=_id(request.GET.get("site"))).first()
    starts_at, ends_at = (_moment(request.GET.get(name, "")) for name in ("from", "until"))
    if not (clinician and site and starts_at and ends_at):
        raise Http404
    starts_at = max(starts_at, matches.next_quarter(now))
    return Gap(clinician=clinician, site=site, starts_at=starts_at, ends_at=ends_at) if starts_at < ends_at else None


def _moment(text: str) -> datetime | None:
    try:
        # A plus sign in an address is read as a blank.
        found = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _id(text: str | None) -> UUID:
    """What cannot be read names nothing that there is."""
    try:
        return UUID(text or "")
    except ValueError:
        return UUID(int=0)


def _day(gap: Gap) -> str:
    return f"{reverse('desk:day', args=[gap.day.isoformat()])}?{urlencode({'site': gap.site.pk})}"


@needs(Permission.APPOINTMENT_BOOK)
@require_POST
def answer(request: SignedInRequest, offer_id: UUID) -> HttpResponse:
    """What somebody said on the phone to an offer: yes or no. Or the desk takes the whole round back."""
    it, now = _offer(request, offer_id), timezone.now()
    said = request.POST.get("do", "")
    try:
        if said == "yes":
            return _answered(request, offers.accept(it, by=request.user, now=now))
        if said == "no":
            offers.decline(it, by=request.user, now=now)
            messages.success(
                request, _("%s said no and stays on the waitlist.") % names.said(request, it.entry.patient)
            )
        elif said == "back":
            offers.take_back(it, by=request.user, now=now)
            messages.success(request, _("The offer is taken back."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("appointments:waitlist")


def _answered(request: SignedInRequest, it: SlotOffer) -> HttpResponse:
    if it.appointment is None:
        messages.error(request, _("That time has gone. Nothing was saved; they stay on the waitlist."))
        return redirect("appointments:waitlist")
    visit = Appointment.objects.select_related("patient", "site", "clinician").get(pk=it.appointment.pk)
    messages.success(request, _("Booked: %s.") % words.booked(request, visit))
    return redirect(f"{reverse('desk:day', args=[visit.local_start.date().isoformat()])}?site={visit.site_id}")


def _offer(request: SignedInRequest, offer_id: UUID) -> SlotOffer:
    entries: Any = WaitlistEntry.objects.visible_to(request.user)
    it = SlotOffer.objects.filter(entry__in=entries, pk=offer_id).select_related("entry__patient").first()
    if it is None:
        raise Http404
    return it

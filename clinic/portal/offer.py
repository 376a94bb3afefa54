"""The link in a letter that offers a free time: yes or no, without signing in. First name, date, time, place."""

from datetime import date, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.appointments.actions import as_booked, availability, matches, offers, places
from clinic.appointments.actions.availability import Choice, Offer
from clinic.appointments.models import BookingPolicy, SlotOffer
from clinic.portal import limits
from clinic.portal.link import stopped_working
from clinic.reminders.actions import links
from people.actions import audit
from people.rules.refusal import ChangedMeanwhile, Refused
from people.web.guards import public
from programs.actions import offering

LIVES_ON = timedelta(days=1)  # after the time that was offered
OTHERS, LOOK_AHEAD = 3, 14  # more times to ask for, within days
State = SlotOffer.State


@public
def offer(request: HttpRequest, token: str) -> HttpResponse:
    """The offer as it stands now. A GET changes nothing about it: mail scanners open every link they see."""
    if limits.is_flooding(request):
        return limits.asked_to_wait(request)
    it, now = offer_behind(token), timezone.now()
    choice = availability.chosen(it.offer) if it else None
    if it is None or choice is None:
        return stopped_working(request)
    refusal = ""
    if request.method == "POST":
        try:
            _answered(request, it, now)
        except Refused as refused:
            refusal = _words(refused)
            it.refresh_from_db()
        else:
            return redirect("portal:offer", token)
    else:
        audit.record(None, "waitlist.offer_opened", it.entry, offer=str(it.pk))
    return render(request, "portal/offer.html", _context(it, choice, now) | {"refusal": refusal})


def offer_behind(token: str) -> SlotOffer | None:
    """The offer a link opens, or None: never given, too old, or the patient's record is closed."""
    now, offer_id = timezone.now(), SlotOffer.id_in_link(token)
    rows = SlotOffer.objects.select_related("entry__patient", "appointment__site")
    it = rows.filter(pk=offer_id).first() if offer_id else links.offer_behind(token, now=now)
    if it is None or it.starts_at + LIVES_ON <= now:
        return None
    patient = it.entry.patient
    return None if patient.is_archived or patient.is_dead else it


def _answered(request: HttpRequest, it: SlotOffer, now: datetime) -> None:
    """Say yes or no. Raises `Refused`."""
    if request.POST.get("do") == "yes":
        offers.accept(it, by=None, now=now)
    elif request.POST.get("do") == "no":
        offers.decline(it, by=None, now=now)


def _words(refused: Refused) -> str:
    """What a stranger may read: the clinic's own words to the desk may say that a clinician has to look."""
    if isinstance(refused, ChangedMeanwhile):
        return _("The clinic changed this a moment ago. Please look at it again.")
    return _("We could not book this time for you. Please call us.")


def _context(it: SlotOffer, choice: Choice, now: datetime) -> dict[str, object]:
    is_open = it.state in offers.MAY_BE_TAKEN and it.lapses_at > now and it.entry.closed_at is None
    is_mine = it.state == State.TAKEN and it.appointment is not None
    return {
        "it": it,
        "patient": it.entry.patient,
        "site": choice.site,
        "is_open": is_open,
        "said_no": it.state == State.DECLINED,
        "visit": it.appointment if is_mine else None,
        "others": [] if is_open or is_mine else other_times(it, choice, now),
    }


def other_times(it: SlotOffer, choice: Choice, now: datetime) -> list[Offer]:
    """Up to three more times, each on a day of its own; of a class its next meetings. They are asked for by call."""
    service = offering.current().get(it.entry.service_code)
    if service is None or not service.is_enabled or it.entry.closed_at is not None:
        return []
    earliest = now + timedelta(hours=BookingPolicy.current().portal_notice_hours)
    if service.is_class:
        meetings = places.coming([service.code], begins=earliest, ends=earliest + timedelta(days=LOOK_AHEAD))
        return [each for group in meetings[:OTHERS] if (each := places.offer_in(group))]
    later = matches.later_visits([it.entry], now=now).get(it.entry.pk)
    found = availability.free_times(
        as_booked.service_of(later) if later else service,
        patient=it.entry.patient,
        first=timezone.localtime(earliest, choice.site.zone).date(),
        days=LOOK_AHEAD,
        now=earliest,
        site=choice.site,
        moving=later,
    )
    firsts: dict[date, int] = {}
    for n, (starts_at, _clinician) in enumerate(found.starts()):
        if later and starts_at >= later.starts_at:
            break  # she waits for something sooner
        firsts.setdefault(timezone.localtime(starts_at, choice.site.zone).date(), n)
    return [found[n] for n in list(firsts.values())[:OTHERS]]

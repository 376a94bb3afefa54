"""A caller whom nobody knows: four answers, the best time, Enter. The rest they fill in themselves."""

from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from clinic.appointments.actions import availability, newcomers
from clinic.appointments.actions.newcomers import FirstVisit
from clinic.appointments.rules.refusals import NothingChosen
from clinic.appointments.web import choices, conflict, panel, times
from clinic.appointments.web.book import GONE, said_and_back_to_the_day
from patients.actions.registration import Details, PerhapsKnown
from patients.actions.twins import close_matches
from patients.rules.search import LONGEST, Wanted, read
from patients.web.forms import RegistrationForm, typed_already
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import offering
from programs.rules.services import Service

# Why they call, as far as the desk needs to know it: which visit to book. It is kept nowhere else.
REASONS = [
    ("first_assessment", _("New neck or back pain")),
    ("review", _("Goes on with care begun elsewhere")),
    ("other", _("Something else")),
]
KEPT = ("day", "clinician", "site", "say", "at", "pick")


class NewcomerForm(RegistrationForm):
    """What is asked on the phone."""

    first_fields = ("given_name", "family_name", "birth_date", "mobile", "email")
    reason = forms.ChoiceField(label=_("Why do they call?"), choices=REASONS, widget=forms.RadioSelect)

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        for name in set(self.fields) - {*self.first_fields, "reason"}:
            del self.fields[name]
        self.fields["birth_date"].help_text = ""
        self.fields["email"].widget.attrs["placeholder"] = _("for the form they fill in at home")
        unknown = next((name for name in self.first_fields if not self.initial.get(name)), "given_name")
        self.fields["given_name"].widget.attrs.pop("autofocus", None)
        self.fields[unknown].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        if not told.get("mobile") and not told.get("email") and not {"mobile", "email"} & set(self.errors):
            self.add_error("mobile", _("Ask for a number: otherwise nobody can tell them when something changes."))
        return told

    def details(self) -> Details:
        return cast(Details, {name: self.cleaned_data[name] for name in self.first_fields})


@needs(Permission.CONTACT_EDIT)
def new(request: SignedInRequest) -> HttpResponse:
    """Register somebody and book their first visit on the booking panel."""
    asked = request.POST if request.method == "POST" else request.GET
    text = asked.get("q", "")[:LONGEST]
    known = read(text, on=timezone.localdate()) if text else Wanted()
    is_sent = request.method == "POST" and "show" not in request.POST
    form = NewcomerForm(request.POST if is_sent else None, initial=typed_already(text, known) | request.POST.dict())
    key = panel.as_id(asked.get("request_key")) or uuid4()
    if not is_sent:
        return _page(request, form, key)
    if not form.is_valid():
        return _page(request, form, key, status=GONE)
    choice = availability.chosen(request.POST.get("offer", ""))
    try:
        return _registered(request, form, choice, key)
    except PerhapsKnown as known_already:
        form.add_error(None, str(known_already))
        return _page(request, form, key, status=GONE, matches=known_already.matches, is_asked_twice=True)
    except Refused as refusal:
        form.add_error(None, conflict.told(refusal, choice, now=timezone.now()))
        return _page(request, form, key, status=GONE)


@needs(Permission.CONTACT_EDIT)
@require_POST
def matches(request: SignedInRequest) -> HttpResponse:
    """Who is like the person being typed. Posted, though it changes nothing: names stay out of URLs and logs."""
    form = NewcomerForm(request.POST)
    form.is_valid()  # a half-typed field is left out, the others are compared
    return render(request, "appointments/book_new.html#matches", {"matches": close_matches(form.instance)})


def _registered(
    request: SignedInRequest, form: NewcomerForm, choice: availability.Choice | None, key: UUID
) -> HttpResponse:
    if choice is None:
        raise NothingChosen
    first = FirstVisit(
        service=_service(form.cleaned_data["reason"]),
        site=choice.site,
        starts_at=choice.starts_at,
        resources=choice.resources,
        request_key=key,
    )
    visit = newcomers.register_and_book(
        form.details(),
        first,
        by=request.user,
        now=timezone.now(),
        even_if_known="even_if_known" in request.POST,
    )
    return said_and_back_to_the_day(request, visit)


def _service(reason: str) -> Service:
    services = offering.current()
    wanted = services[reason if reason in services else panel.FIRST_VISIT]
    return wanted if wanted.is_enabled else services[panel.FIRST_VISIT]


def _page(request: SignedInRequest, form: NewcomerForm, key: UUID, *, status: int = 200, **more: Any) -> HttpResponse:
    now = timezone.now()
    asked = request.POST if request.method == "POST" else request.GET
    service = _service(asked.get("reason", ""))
    when = times.filters(asked, first=timezone.localdate(now))
    found = times.find(service, when, patient=None, now=now)
    filters = times.choices(service)
    context = {
        "active": "day",
        "new": True,
        "form": form,
        "service": service,
        "when": when,
        "times": found,
        "choices": [
            choices.choice(each, service, now=now, with_site=bool(filters["many_sites"]))
            for each in choices.telling(found.best)
        ],
        "many_sites": filters["many_sites"],
        "board": panel.board_address(service, found),
        "hidden": [("request_key", key), ("q", asked.get("q", "")), *_kept(asked)],
        "back": urlencode([("q", asked.get("q", "")), *_kept(asked)]),
        **more,
    }
    part = "#times" if request.headers.get("HX-Request") else ""
    return render(request, f"appointments/book_new.html{part}", context, status=status)


def _kept(asked: Any) -> list[tuple[str, str]]:
    return [(name, asked[name]) for name in KEPT if asked.get(name)]

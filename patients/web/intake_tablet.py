"""The form on a tablet at the desk: handed over locked, as a consent is (patients.web.consent_tablet)."""

from typing import cast
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth import logout
from django.core.signing import BadSignature, TimestampSigner
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST

from patients.actions import intake as intakes
from patients.models import Intake
from patients.web import intake_pages
from patients.web.intake_pages import Frame
from patients.web.records import open_record
from people.models import User
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs, public

HANDED = "form_handed_over"  # in the session of nobody
SALT = "form.tablet"
LASTS_SECONDS = 60 * 60  # the form takes six minutes; a waiting room takes longer
NAMES = {
    "part": "patients:tablet_form_part",
    "check": "patients:tablet_form_check",
    "sent": "patients:tablet_form_sent",
    "urgent": "patients:tablet_form_urgent",
    "home": "patients:tablet_form_end",
}


@needs(Permission.CONTACT_EDIT)
@require_POST
def hand_over(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Sign out and leave only this form on the tablet. The desk hands over an empty one: what was said stays unseen."""
    patient, by = open_record(request, patient_id), request.user
    intake = intakes.start(patient, by=by, now=timezone.now())
    sees_record = by.may(Permission.RECORD_EDIT)
    if intake.answers and not sees_record:
        messages.warning(request, _("This form is begun already. The patient goes on at home, or a clinician helps."))
        return redirect("patients:patient", patient.pk)
    page, slip = intake_pages.first_open_page(intake) or "last", uuid4()
    logout(request)
    request.session[HANDED] = {"slip": slip.hex, "intake": str(intake.pk), "by": str(by.pk), "sees": sees_record}
    token = TimestampSigner(salt=SALT).sign(slip.hex)
    return redirect("patients:tablet_form_part", token=token, part=page)


@public
@cache_control(no_store=True, private=True)
def part(request: HttpRequest, token: str, part: str) -> HttpResponse:
    intake, frame = _handed(request, token)
    return intake_pages.fill_in(_of_nobody(request), intake, part, frame)


@public
@cache_control(no_store=True, private=True)
def check(request: HttpRequest, token: str) -> HttpResponse:
    intake, frame = _handed(request, token)
    return intake_pages.check(_of_nobody(request), intake, frame)


@public
@cache_control(no_store=True, private=True)
def sent(request: HttpRequest, token: str) -> HttpResponse:
    intake, frame = _handed(request, token)
    return intake_pages.sent(_of_nobody(request), intake, frame)


@public
@cache_control(no_store=True, private=True)
def urgent(request: HttpRequest, token: str) -> HttpResponse:
    intake, frame = _handed(request, token)
    return intake_pages.urgent(_of_nobody(request), intake, frame)


@public
@cache_control(no_store=True, private=True)
def end(request: HttpRequest, token: str) -> HttpResponse:
    """Done, or later. What was kept stays kept; nobody reads it by going back. Ends only this tablet's own session."""
    if HANDED in request.session and not request.user.is_authenticated:
        request.session.flush()
    return redirect("patients:tablet_back")


def _of_nobody(request: HttpRequest) -> SignedInRequest:
    """The pages read only the clinic from it: who writes stands in the frame."""
    return cast(SignedInRequest, request)


def _handed(request: HttpRequest, token: str) -> tuple[Intake, Frame]:
    handed = request.session.get(HANDED)
    if handed is None or request.user.is_authenticated:
        raise Http404
    try:
        slip = TimestampSigner(salt=SALT).unsign(token, max_age=LASTS_SECONDS)
    except BadSignature:  # also what is too old
        raise Http404 from None
    intake = Intake.objects.select_related("patient").filter(pk=handed["intake"]).first()
    by = User.objects.filter(pk=handed["by"], is_active=True).first()
    if slip != handed["slip"] or intake is None or by is None:
        raise Http404
    frame = Frame("layouts/tablet.html", NAMES, {"token": token}, by=by, shows_known=handed["sees"])
    return intake, frame

"""Where the phone company tells what became of a text, and hands over what a patient answered.

Anybody may knock. Only what is signed with the account's secret is read; nothing of it goes into a log.
"""

import logging
import re
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from clinic.reminders.actions import answers, reports
from clinic.reminders.channels import sms
from clinic.reminders.rules import signatures
from people.web.guards import public
from people.web.tries import is_too_often

_log = logging.getLogger(__name__)
_PROVIDER: Final = "twilio"
_FORGERIES_AN_HOUR: Final = 60  # from one address; then it is not even read any more
_LONGEST: Final = 64 * 1024  # bytes; a text with all its fields has about 2,000
_SID: Final = re.compile(r"[A-Za-z0-9]{1,64}")
_NUMBER: Final = re.compile(r"\+[0-9]{5,15}")  # E.164; short codes and names cannot be answered
_NOTHING_TO_SAY: Final = '<?xml version="1.0" encoding="UTF-8"?><Response/>'

P = ParamSpec("P")
Hook = Callable[Concatenate[HttpRequest, P], HttpResponse]


def signed_by_twilio(view: Hook[P]) -> Hook[P]:
    """Only what Twilio signed reaches the view. The rest learns nothing, and soon is not listened to."""

    @wraps(view)
    def enter(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not sms.is_on() or sms.account().provider != _PROVIDER:
            raise Http404
        if len(request.body) > _LONGEST or not _is_signed(request):
            who = get_adapter().get_client_ip(request)
            if is_too_often(f"forged:{who}", times=_FORGERIES_AN_HOUR):
                return HttpResponse(status=429)
            _log.warning("A call without the phone company's signature was refused.")
            return HttpResponse(status=403)
        return view(request, *args, **kwargs)

    return enter


def _is_signed(request: HttpRequest) -> bool:
    # By the address that we gave, not by the Host header: that one the caller chooses.
    url = f"{settings.CLINIC_URL}{request.get_full_path()}"
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    signature = request.headers.get("X-Twilio-Signature", "")
    return signatures.is_twilios(sms.account().secret, url, fields, signature)


@public
@csrf_exempt  # no browser comes here: the signature says who it is
@require_POST
@signed_by_twilio
def report(request: HttpRequest, reference: str) -> HttpResponse:
    """What became of a text that we gave them."""
    told = reports.Report(
        provider=_PROVIDER,
        reference=reference,
        provider_ref=_sid(request),
        status=request.POST.get("MessageStatus", ""),
        code=_number(request.POST.get("ErrorCode", "")),
    )
    if not told.provider_ref:
        return HttpResponse(status=400)
    reports.received(told, now=timezone.now())
    return HttpResponse(status=204)


@public
@csrf_exempt  # as above
@require_POST
@signed_by_twilio
def text(request: HttpRequest) -> HttpResponse:
    """A text that somebody sent to our number."""
    provider_id = _sid(request)
    if not provider_id:
        return HttpResponse(status=400)
    sender = request.POST.get("From", "")
    answers.received(
        provider=_PROVIDER,
        provider_id=provider_id,
        number=sender if _NUMBER.fullmatch(sender) else "",
        body=request.POST.get("Body", "").replace("\x00", ""),  # PostgreSQL keeps no such letter
        now=timezone.now(),
    )
    # Twilio itself answers STOP and HELP, as the law wants it; a second answer would come twice.
    return HttpResponse(_NOTHING_TO_SAY, content_type="text/xml")


def _sid(request: HttpRequest) -> str:
    """What Twilio calls the text, or "" for what cannot be a name of theirs."""
    said = request.POST.get("MessageSid", "")
    return said if _SID.fullmatch(said) else ""


def _number(said: str) -> int:
    return int(said) if said.isascii() and said.isdigit() and len(said) < 7 else 0

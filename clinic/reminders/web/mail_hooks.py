"""Where the mail provider tells what became of a mail. Only what it signed is read; nothing of it goes into a log."""

import hashlib
import logging
from typing import Any, Final
from uuid import UUID

from allauth.account.adapter import get_adapter
from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.webhooks.base import AnymailBaseWebhookView
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from clinic.reminders.actions import mail_reports
from clinic.reminders.actions.mail_reports import MailReport
from clinic.reminders.rules import mail_reports as meaning
from clinic.reminders.rules.mail_accounts import PROVIDERS
from people.web.guards import public
from people.web.tries import is_too_often

_log = logging.getLogger(__name__)
_FORGERIES_AN_HOUR: Final = 60  # from one address; then it is not even read any more
_NONSENSE: Final = (ValueError, KeyError, TypeError, AttributeError)


@public
@csrf_exempt  # no browser comes here: the signature, or the secret, says who it is
@require_http_methods(["HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Events of the one provider that `EMAIL_URL` names. Some ask with HEAD whether we are there."""
    hook = _hook()
    if request.method == "HEAD":
        return HttpResponse()
    try:
        hook.setup(request)
        hook.run_validators(request)
        events = hook.parse_events(request)
    except AnymailWebhookValidationFailure:
        if is_too_often(f"forged-mail:{get_adapter().get_client_ip(request)}", times=_FORGERIES_AN_HOUR):
            return HttpResponse(status=429)
        _log.warning("A call without the mail provider's signature was refused.")
        return HttpResponse(status=403)
    except _NONSENSE:
        return HttpResponse(status=400)
    for event in events:
        mail_reports.received(_report(event), now=timezone.now())
    return HttpResponse()


def _hook() -> AnymailBaseWebhookView:
    """anymail's own reader of what this provider sends. Without a secret of the two of us there is no such door."""
    provider = settings.EMAIL_PROVIDER
    if not provider:
        raise Http404
    found = import_string(f"anymail.webhooks.{provider}.{PROVIDERS[provider]}TrackingWebhookView")
    if found.warn_if_no_basic_auth and not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise Http404
    try:
        hook: AnymailBaseWebhookView = found()
    except ImproperlyConfigured as error:
        raise Http404 from error
    return hook


def _report(event: Any) -> MailReport:
    what = str(event.event_type)
    reference = str(event.message_id or "")
    moment = event.timestamp.isoformat() if event.timestamp else ""
    # Some providers have no name for an event: then it is known by what it says.
    name = event.event_id or hashlib.sha256(f"{reference} {moment} {event.reject_reason}".encode()).hexdigest()
    return MailReport(
        provider=settings.EMAIL_PROVIDER,
        what=what,
        event_id=str(name),
        provider_ref=reference,
        message_id=_ours(event.metadata or {}),
        reason=meaning.reason(what, event.reject_reason or "") if what in meaning.ENDS else "",
        happened_at=event.timestamp,
    )


def _ours(metadata: dict[str, Any]) -> UUID | None:
    try:
        return UUID(str(metadata.get("message", "")))
    except ValueError:
        return None

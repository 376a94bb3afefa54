"""Writing the text of a message: the same words as by mail, with links short enough for one text."""

from django.conf import settings
from django.urls import reverse

from clinic.reminders.actions import links, words
from clinic.reminders.channels import letters
from clinic.reminders.channels.text import Text
from clinic.reminders.models import Message, ShortLink
from people.models import Clinic

Kind, Opens = Message.Kind, ShortLink.Opens
# What these lead to is read after signing in: their links open nothing by themselves.
_BEHIND_SIGN_IN = frozenset({Kind.PREPARATION, Kind.AFTERCARE})
_HAS_A_FORM = frozenset({Kind.BOOKED, Kind.FORM})
_SHORTEST_VALID = 60  # seconds


def text(message: Message, clinic: Clinic) -> Text:
    """The text, ready to hand over. `to` is empty where there is no number: the fence lets none of these pass."""
    mark, link = "", ""
    if message.kind == Kind.OFFER:
        mark = links.short(message, Opens.OFFER)
        link = _url("portal:offer", mark)
    elif message.appointment and message.kind not in _BEHIND_SIGN_IN:
        mark = links.short(message, Opens.VISIT)
        link = _url("portal:link", mark)
    form = _url("portal:form", links.short(message, Opens.FORM)) if message.kind in _HAS_A_FORM else ""
    language = words.language_of(message, clinic)
    known = letters.words_of(message, clinic, language, link=link, form_link=form)
    said = words.written(message, known, clinic=clinic, language=language)
    return Text(
        to=str(message.patient.mobile) if message.patient else "",
        body=said.text,
        mark=mark,
        report_to=_url("reminders:text_report", reference(message)),
        valid_seconds=_valid_seconds(message),
    )


def reference(message: Message) -> str:
    """What we call one try: it comes back with every report of the provider."""
    return f"{message.pk.hex}-{message.token}"


def _valid_seconds(message: Message) -> int:
    """Until it helps nobody any more, less the lease: the provider drops what it could not deliver by then."""
    if message.lease_until is None:
        return 0
    return max(_SHORTEST_VALID, int((message.not_after - message.lease_until).total_seconds()))


def _url(name: str, *arguments: object) -> str:
    return f"{settings.CLINIC_URL}{reverse(name, args=arguments)}"

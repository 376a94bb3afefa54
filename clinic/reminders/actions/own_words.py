"""The clinic's own texts: kept only if they can be sent."""

from datetime import datetime

from django.db import transaction

from clinic.reminders.models import Message, OwnWords
from clinic.reminders.rules import own_words as rules
from clinic.reminders.rules import phrases
from clinic.reminders.rules.phrases import Written
from people.actions import audit
from people.models import Clinic, User

# Alerts go to staff; what they say is not a matter of taste.
KINDS = [kind for kind in Message.Kind if kind != Message.Kind.ALERT]


@transaction.atomic
def write(kind: str, channel: str, language: str, own: Written, *, by: User, now: datetime) -> None:
    """Say it so from now on; our own words typed again are ours. Raises `UnfitWords`."""
    rules.check(kind, channel, language, own)
    ours = rules.ours_of(kind, channel, language)
    if (own.subject.strip() or ours.subject, own.text.strip()) == (ours.subject, ours.text.strip()):
        return go_back(kind, channel, language, by=by)
    said = {"subject": own.subject.strip(), "text": own.text.strip(), "by": by, "at": now}
    kept, _created = OwnWords.objects.update_or_create(kind=kind, channel=channel, language=language, defaults=said)
    audit.record(by, "messages.words_written", kept, kind=kind, channel=channel, language=language)
    return None


@transaction.atomic
def go_back(kind: str, channel: str, language: str, *, by: User) -> None:
    """To our words."""
    if OwnWords.objects.filter(kind=kind, channel=channel, language=language).delete()[0]:
        audit.record(by, "messages.words_ours_again", Clinic.objects.get(), kind=kind, channel=channel, lang=language)


def preview(kind: str, channel: str, language: str, own: Written, *, sender_name: str) -> Written:
    """As a patient would read it, with everything that may be in it. Raises `UnfitWords`."""
    rules.check(kind, channel, language, own)
    words = rules.sample(sender_name, language)
    make = {Message.Channel.SMS: phrases.text_message, Message.Channel.PUSH: phrases.on_screen}
    return make.get(Message.Channel(channel), phrases.mail)(kind, words, language=language, own=own)

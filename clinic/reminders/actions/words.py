"""Choosing the words of a message: the patient's language, and the clinic's own text where it has one."""

from dataclasses import dataclass

from clinic.reminders.models import Message, OwnWords, ReminderPolicy
from clinic.reminders.rules import phrases
from clinic.reminders.rules.phrases import Written
from clinic.reminders.rules.wording import Words
from people.models import Clinic

Channel = Message.Channel


@dataclass(frozen=True, slots=True)
class Wording:
    policy: ReminderPolicy
    own: dict[tuple[str, str, str], Written]


def wording(clinic: Clinic) -> Wording:
    """The clinic's own wording. Two queries for each `clinic` that was read, not for each message."""
    kept: Wording | None = vars(clinic).get("_wording")
    if kept is None:
        rows = OwnWords.objects.values_list("kind", "channel", "language", "subject", "text")
        own = {(kind, channel, language): Written(subject, text) for kind, channel, language, subject, text in rows}
        kept = Wording(ReminderPolicy.current(), own)
        vars(clinic)["_wording"] = kept
    return kept


def language_of(message: Message, clinic: Clinic) -> str:
    """What to speak to whoever gets it."""
    preference = getattr(message.patient, "contact_preference", None)
    chosen = preference.language if preference else ""
    language = chosen or wording(clinic).policy.language
    return language if language in phrases.LANGUAGES else phrases.LANGUAGES[0]


def written(message: Message, words: Words, *, clinic: Clinic, language: str) -> Written:
    """The message as it leaves by its channel."""
    own = wording(clinic).own.get((message.kind, message.channel, language))
    write = {Channel.SMS: phrases.text_message, Channel.PUSH: phrases.on_screen}.get(
        Channel(message.channel), phrases.mail
    )
    return write(message.kind, words, language=language, own=own)

"""Writing what shows on a locked screen: the clinic's neutral name, one line, and where a tap leads."""

import json
from typing import Final

from clinic.reminders.actions import words
from clinic.reminders.channels import letters
from clinic.reminders.channels.push import Notice
from clinic.reminders.models import Message, PushSubscription
from people.models import Clinic

_LONGEST: Final = 240  # letters of the one line; phones show fewer
_SHORTEST_KEPT: Final = 60  # seconds


def notice(message: Message, clinic: Clinic) -> Notice:
    """What every screen of the patient gets. The fence lets none pass that has no screen."""
    language = words.language_of(message, clinic)
    known = letters.words_of(message, clinic, language)
    said = words.written(message, known, clinic=clinic, language=language)
    shown = {
        "title": said.subject,
        "body": said.text[:_LONGEST],
        "url": known.form_link if message.kind == Message.Kind.FORM else known.link,
        "tag": message.pk.hex,  # given twice, the second takes the place of the first
        "lang": language,
    }
    account = message.patient.user_id if message.patient else None
    return Notice(
        screens=tuple(PushSubscription.objects.working().filter(user=account)) if account else (),
        body=json.dumps(shown, ensure_ascii=False).encode(),
        topic=message.pk.hex,
        ttl_seconds=_kept_for(message),
    )


def _kept_for(message: Message) -> int:
    """Until it helps nobody any more, less the lease: the push service drops what it could not deliver by then."""
    if message.lease_until is None:
        return _SHORTEST_KEPT
    return max(_SHORTEST_KEPT, int((message.not_after - message.lease_until).total_seconds()))

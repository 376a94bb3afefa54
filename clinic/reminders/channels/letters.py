"""Writing the mail of a message: from what we know, only the words that may be in it."""

import re
from dataclasses import replace
from email.utils import formataddr, parseaddr
from functools import cache

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import dateformat, timezone, translation
from django.utils.html import escape

from clinic.appointments.models import Appointment
from clinic.reminders.actions import stop_links, words
from clinic.reminders.channels import offer_words
from clinic.reminders.channels.clock import clock_time
from clinic.reminders.models import Message
from clinic.reminders.rules import phrases
from clinic.reminders.rules.wording import Words
from patients.models import Intake
from people.models import Clinic, Site

Kind = Message.Kind
_OPENS = {
    Kind.ALERT: "desk:alerts",
    Kind.EXERCISE: "portal:today",
    Kind.POSTURE: "portal:breaks",
    Kind.MEASURES_DUE: "portal:measures",
    Kind.NEXT_DUE: "portal:visits",
    Kind.REASSESSMENT: "portal:visits",
    Kind.RECALL: "portal:visits",
    Kind.ANSWER: "portal:messages",
}
_LINK = re.compile(r"(https?://[^\s<]*[^\s<.,;:!?)])")  # to its last letter that is not the sentence's
_SUBJECT, _TEXT = "the-subject-of-the-letter", "the-text-of-the-letter"  # where these stand in the page
_MAY_BE_SWITCHED_OFF = frozenset(Kind) - {Kind.ALERT, Kind.BOOKED, Kind.MOVED, Kind.CANCELLED}


def letter(message: Message, clinic: Clinic) -> EmailMultiAlternatives:
    """The mail, ready to hand over.

    The HTML part is made from the text, so that the two cannot say different things.
    """
    language = words.language_of(message, clinic)
    said = words.written(message, words_of(message, clinic, language), clinic=clinic, language=language)
    headers = {"Message-ID": message.mail_id, "Auto-Submitted": "auto-generated"}  # RFC 3834: no out-of-office replies
    if message.kind in _MAY_BE_SWITCHED_OFF:
        headers["List-Unsubscribe"] = f"<{_url('reminders:stop_mail', stop_links.token(message))}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058: a button of the mail program
    mail = EmailMultiAlternatives(
        subject=said.subject,
        body=f"{said.text}\n",
        from_email=formataddr((clinic.sender_name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[message.patient.email if message.patient else message.staff.email if message.staff else ""],
        headers=headers,
    )
    mail.attach_alternative(_as_page(said.subject, said.text, language), "text/html")
    return mail


def _as_page(subject: str, text: str, language: str) -> str:
    """The same in HTML: its paragraphs, and its links to press."""
    linked = _LINK.sub(r'<a href="\1">\1</a>', escape(text))
    paragraphs = "\n\n".join("<p>{}</p>".format(it.replace("\n", "<br>\n")) for it in linked.split("\n\n"))
    before, between, after = _page(language)
    return "".join([before, escape(subject), between, paragraphs, after])


@cache
def _page(language: str) -> tuple[str, str, str]:
    """What stands around a letter: Django reads its template once, and not for each."""
    page = render_to_string("mail/letter.html", {"subject": _SUBJECT, "text": _TEXT, "language": language})
    before, _, rest = page.partition(_SUBJECT)
    between, _, after = rest.partition(_TEXT)
    return before, between, after


def words_of(message: Message, clinic: Clinic, language: str, *, link: str = "", form_link: str = "") -> Words:
    """All that the message may say, in that language; `link` and `form_link` instead of the long ones."""
    with translation.override(language):
        if message.kind == Kind.OFFER:
            said = offer_words.words(message, clinic, first_name=_name(message), phone=_phone(clinic))
            return replace(said, link=link) if link else said
        return _words(message, clinic, phrases.book(language).form, link, form_link)


def _words(message: Message, clinic: Clinic, form: phrases.Form, link: str, form_link: str) -> Words:
    visit = message.appointment
    if visit is None or message.starts_at is None:
        own = _url(_OPENS.get(Kind(message.kind), "portal:today"))
        return Words(sender_name=clinic.sender_name, first_name=_name(message), link=link or own, phone=_phone(clinic))
    starts = timezone.localtime(message.starts_at, visit.site.zone)
    return Words(
        sender_name=clinic.sender_name,
        first_name=_name(message),
        link=link or _link(message, visit),
        date=dateformat.format(starts, form.date),
        short_date=dateformat.format(starts, form.short_date),
        time=clock_time(starts, clinic),
        form_link=_form_link(message, visit, form_link),
        phone=_phone(visit.site) or _phone(clinic),
    )


def _name(message: Message) -> str:
    """What to call them, on one line."""
    if message.patient:
        return " ".join(message.patient.short_name.split())
    return message.staff.name.partition(" ")[0] if message.staff else ""


def _link(message: Message, visit: Appointment) -> str:
    """What is to be read is clinical: only whoever signs in sees it."""
    if message.kind in (Kind.PREPARATION, Kind.AFTERCARE):
        return _url("portal:visit_ready", visit.pk)
    return _url("portal:link", visit.link_token)


def _form_link(message: Message, visit: Appointment, instead: str) -> str:
    """To her form, with the first news of a visit, until she has sent one."""
    if (
        message.kind not in {Kind.BOOKED, Kind.FORM}
        or Intake.objects.submitted().filter(patient=visit.patient_id).exists()
    ):
        return ""
    return instead or _url("portal:form", visit.link_token)


def _url(name: str, *arguments: object) -> str:
    return f"{settings.CLINIC_URL}{reverse(name, args=arguments)}"


def _phone(whose: Clinic | Site) -> str:
    """As it is dialled from anywhere; "" if there is none. Formatting costs more than all the rest of a letter."""
    if "_said" not in vars(whose):
        vars(whose)["_said"] = str(getattr(whose.phone, "as_international", whose.phone) or "")
    return str(vars(whose)["_said"])

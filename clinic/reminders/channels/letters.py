"""Writing the mail of a message: from what we know, only the words that may be in it."""

from dataclasses import asdict
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import dateformat, timezone

from clinic.appointments.models import Appointment
from clinic.reminders.channels import offer_words
from clinic.reminders.channels.clock import clock_time
from clinic.reminders.models import Message
from clinic.reminders.rules.wording import Words
from patients.models import Intake
from people.models import Clinic

Kind = Message.Kind


def letter(message: Message, clinic: Clinic) -> EmailMultiAlternatives:
    """The mail, ready to hand over: the first line of its template is the subject, the rest the text.

    The HTML part is made from the text, so that the two cannot say different things.
    """
    address, first_name = _recipient(message)
    words = _words(message, clinic, first_name)
    written = render_to_string(f"mail/{message.kind}.txt", asdict(words)).strip()
    subject, text = (part.strip() for part in written.split("\n", 1))
    headers = {"Message-ID": message.mail_id, "Auto-Submitted": "auto-generated"}  # RFC 3834: no out-of-office replies
    if message.kind in (Kind.REMINDER, Kind.EXERCISE):
        headers["List-Unsubscribe"] = f"<{_url('portal:settings')}>"
    mail = EmailMultiAlternatives(
        subject=subject,
        body=f"{text}\n",
        from_email=formataddr((clinic.sender_name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[address],
        headers=headers,
    )
    mail.attach_alternative(render_to_string("mail/letter.html", {"subject": subject, "text": text}), "text/html")
    return mail


def _recipient(message: Message) -> tuple[str, str]:
    """An address (empty if there is none) and what to call them."""
    if message.patient:
        return message.patient.email, message.patient.short_name
    if message.staff:
        return message.staff.email, message.staff.name.partition(" ")[0]
    return "", ""


def _words(message: Message, clinic: Clinic, first_name: str) -> Words:
    sender_name, phone = clinic.sender_name, _phone(clinic.phone)
    if message.kind == Kind.OFFER:
        return offer_words.words(message, clinic, first_name=first_name, phone=phone)
    visit = message.appointment
    if visit is None or message.starts_at is None:
        link = _url("desk:alerts" if message.kind == Kind.ALERT else "portal:today")
        return Words(sender_name=sender_name, first_name=first_name, link=link, phone=phone)
    starts = timezone.localtime(message.starts_at, visit.site.zone)
    return Words(
        sender_name=sender_name,
        first_name=first_name,
        link=_url("portal:link", visit.link_token),
        date=dateformat.format(starts, "l j F"),
        time=clock_time(starts, clinic),
        form_link=_form_link(message, visit),
        phone=_phone(visit.site.phone) or phone,
    )


def _form_link(message: Message, visit: Appointment) -> str:
    """To her form, with the first news of a visit, until she has sent one."""
    if (
        message.kind not in {Kind.BOOKED, Kind.FORM}
        or Intake.objects.submitted().filter(patient=visit.patient_id).exists()
    ):
        return ""
    return _url("portal:form", visit.link_token)


def _url(name: str, *arguments: str) -> str:
    return f"{settings.CLINIC_URL}{reverse(name, args=arguments)}"


def _phone(number: object) -> str:
    """As it is dialled from anywhere; "" if there is none."""
    return str(getattr(number, "as_international", number) or "")

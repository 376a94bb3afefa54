"""Mails to people who are asked to join. Everything else is sent by allauth or through the outbox."""

import logging
import smtplib

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from people.models import Clinic, Invitation
from people.web.adapter import from_the_clinic

log = logging.getLogger(__name__)


def join_link(token: str) -> str:
    """The whole address of the page on which an invitation is accepted."""
    path = reverse("people:join", kwargs={"token": token})
    return f"{settings.CLINIC_URL}{path}"


def send_invitation(invitation: Invitation, *, link: str, clinic: Clinic) -> bool:
    """Mail the link. Call it after the invitation is committed. False if the mail server did not take it."""
    words = {"invitation": invitation, "link": link, "clinic": clinic}
    try:
        send_mail(
            subject=render_to_string("people/mail/invitation_subject.txt", words).strip(),
            message=render_to_string("people/mail/invitation_message.txt", words),
            from_email=from_the_clinic(clinic),
            recipient_list=[invitation.email],
        )
    except (smtplib.SMTPException, OSError):
        log.exception("The mail of invitation %s could not be sent.", invitation.pk)
        return False
    return True

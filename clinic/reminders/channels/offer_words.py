"""What a letter about an offered time may say: first name, day, hour, until when, and the link."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.appointments.actions import availability
from clinic.appointments.models import SlotOffer
from clinic.reminders.channels.clock import clock_time
from clinic.reminders.models import Message
from clinic.reminders.rules import occasions
from clinic.reminders.rules.wording import Words
from people.models import Clinic


def words(message: Message, clinic: Clinic, *, first_name: str, phone: str) -> Words:
    """On the clock of the site where the visit would be."""
    offer = SlotOffer.objects.get(pk=occasions.offer_of(message.occasion))
    choice = availability.chosen(offer.offer)
    zone = choice.site.zone if choice else clinic.zone
    starts = timezone.localtime(offer.starts_at, zone)
    return Words(
        sender_name=clinic.sender_name,
        first_name=first_name,
        link=f"{settings.CLINIC_URL}{reverse('portal:offer', args=[offer.link_token])}",
        date=date_format(starts, "l j F"),
        time=clock_time(starts, clinic),
        until=_until(timezone.localtime(offer.lapses_at, zone), timezone.localtime(offer.offered_at, zone), clinic),
        phone=phone,
    )


def _until(lapses: datetime, offered: datetime, clinic: Clinic) -> str:
    at = _("12 noon") if (lapses.hour, lapses.minute) == (12, 0) else clock_time(lapses, clinic)
    if lapses.date() == offered.date():
        return _("%s today") % at
    return _("%(time)s on %(day)s") % {"time": at, "day": date_format(lapses, "l j F")}

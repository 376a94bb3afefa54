"""Why a visit does not fit the roster any more."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Why(TextChoices):
    OFF = "off", _("does not work then, or the site is closed")
    AWAY = "away", _("is away")
    RETIRED = "retired", _("is not in use any more")
    UNFIT = "unfit", _("may not be used for it any more")
    ELSEWHERE = "elsewhere", _("stands at another site now")
    SHORT = "short", _("The visit takes longer now than it was booked for")

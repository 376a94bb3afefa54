"""How pages print what is known of a patient."""

from django import template
from django.utils.translation import gettext as _

from patients.models import Patient

register = template.Library()


@register.filter
def phone_ending(patient: Patient) -> str:
    """The last four digits of the mobile, or of the other phone: enough to tell people apart, too little to call."""
    return str(patient.mobile or patient.phone or "")[-4:]


@register.filter
def age(years: int | None) -> str:
    """As the banner prints an age (NHS CUI): 48y."""
    return "" if years is None else _("%(years)dy") % {"years": years}

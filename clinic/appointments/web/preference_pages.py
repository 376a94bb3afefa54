"""How a patient would rather come: a page of its own, and a part of the patient's page."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from clinic.appointments.actions import preferences as work
from clinic.appointments.models import VisitPreference
from clinic.appointments.models.roster import Weekday
from clinic.appointments.web.preference_forms import PreferenceForm
from patients.web.records import open_record
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs


@needs(Permission.APPOINTMENT_BOOK)
def preferences(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Days, hours, site and clinician. It ranks times; it never forbids one."""
    patient = open_record(request, patient_id)
    kept = VisitPreference.objects.filter(patient=patient).select_related("site", "clinician").first()
    form = PreferenceForm(request.POST or None, kept=kept)
    if form.is_valid():
        try:
            work.set_preference(patient, form.wish, by=request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved. The best times are ranked by it."))
            return redirect("patients:patient", patient.pk)
    context = {"active": "patients", "patient": patient, "form": form, "wishes": _in_words(kept) if kept else []}
    part = "#wishes" if request.headers.get("HX-Request") else ""
    return render(request, f"appointments/preferences.html{part}", context)


def _in_words(kept: VisitPreference) -> list[str]:
    days = [str(Weekday(day).label) for day in kept.weekdays]
    said = [
        ", ".join(days),
        _("not before %(at)s") % {"at": f"{kept.earliest:%H:%M}"} if kept.earliest else "",
        _("over by %(at)s") % {"at": f"{kept.latest:%H:%M}"} if kept.latest else "",
        _("with %(who)s") % {"who": kept.clinician.name} if kept.clinician else "",
        kept.site.name if kept.site else "",
        kept.time_zone,
    ]
    return [each for each in said if each]

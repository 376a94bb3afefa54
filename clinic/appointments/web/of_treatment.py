"""The visits of one treatment that are still to come: whom it concerns when the clinic changes a rule about it."""

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from clinic.appointments.models import Appointment
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs
from programs.rules.rulebook import rulebook

VISITS_ON_A_PAGE = 50


@needs(Permission.RULE_CHANGE)
def visits_of_treatment(request: SignedInRequest, code: str) -> HttpResponse:
    """Standing visits from now on, the next first, with the technique where the plan names one."""
    treatment = rulebook().modalities.get(code)
    if treatment is None:
        raise Http404
    services = [it.code for it in rulebook().services.values() if it.modality == code]
    ahead = Appointment.objects.visible_to(request.user).expected().filter(service_code__in=services)
    ahead = ahead.filter(starts_at__gte=timezone.now()).select_related("patient", "clinician", "site", "session")
    page = Paginator(ahead.order_by("starts_at", "pk"), VISITS_ON_A_PAGE).get_page(request.GET.get("page"))
    lines = [(it, treatment.techniques.get(it.session.technique) if it.session else None) for it in page]
    context = {"active": "library", "treatment": treatment, "page": page, "lines": lines}
    return render(request, "appointments/visits_of_treatment.html", context)

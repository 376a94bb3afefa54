"""The draft of a visit: the visit it belongs to, and what became of what was sent."""

from dataclasses import dataclass
from uuid import UUID

from django.http import Http404

from clinic.appointments.models import Appointment
from clinic.desk.clinician_both import Both
from patients.actions import assessments
from patients.models import Assessment
from patients.web.assessment_first import form_of
from patients.web.assessment_tapped import VisitForm
from people.web.guards import SignedInRequest
from programs.web.treatment_forms import Treat

FIRST_VISIT = "first_assessment"
NOT_BEGUN = 0  # the revision of a page on which nothing was saved yet


@dataclass(slots=True)
class Written:
    """What became of what was sent. `refusal` is for the screen; whatever was typed is still in `form` and `treat`."""

    form: VisitForm
    treat: Treat
    revision: int
    assessment: Assessment | None
    refusal: str = ""
    is_signed: bool = False
    both: Both | None = None  # somebody else wrote meanwhile


def of(request: SignedInRequest, visit_id: UUID) -> Appointment:
    """The visit with what its page prints. Raises `Http404` for one that is not theirs to see."""
    visits = Appointment.objects.visible_to(request.user).select_related(
        "patient", "clinician", "site", "session", "assessment__author", "assessment__signed_by", "assessment__intake",
        "assessment__asked_again_by", "assessment__countersigned_by",
    )  # fmt: skip
    visit = visits.filter(pk=visit_id).first()
    if visit is None:
        raise Http404
    if visit.assessment is not None:
        visit.assessment.patient = visit.patient
    return visit


def opened(visit: Appointment) -> Written:
    """The page as it was kept."""
    assessment = visit.assessment
    treat: Treat = dict(assessment.told.get("treat", {})) if assessment else {}
    revision = assessment.revision if assessment else NOT_BEGUN
    form = form_of(kind_of(visit))(None, assessment=assessment, activity_names=_activities(visit))
    return Written(form, planned_first(visit, treat), revision, assessment)


def kind_of(visit: Appointment) -> str:
    """Every visit but the first assessment is a follow-up; one that was begun stays what it was begun as."""
    if visit.assessment is not None:
        return visit.assessment.kind
    return Assessment.Kind.FIRST if visit.service_code == FIRST_VISIT else Assessment.Kind.FOLLOW_UP


def planned_first(visit: Appointment, treat: Treat) -> Treat:
    """With the treatment that the visit was booked for, though nothing about it is tapped yet."""
    modality = visit.service.modality
    return treat if modality is None or modality in treat else {modality: {}, **treat}


def _activities(visit: Appointment) -> list[str]:
    """What the patient said last that she wants to be able to do: on a scale, else in her form. Two queries."""
    last = visit.patient.outcomes.filter(measure="psfs").order_by("-on", "-at").first()
    if last is not None:
        return list(last.answers.get("names", ()))
    form = assessments.latest_form(visit.patient)
    named = form.answers.get("goals", {}).get("activities", ()) if form else ()
    return [str(it["what"]) for it in named]

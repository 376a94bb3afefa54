"""Which record a patient looks at in the portal: one account may open several, such as a mother's and her child's."""

from django.http import Http404

from patients.models import Patient
from people.actions import wall
from people.web.guards import SignedInRequest

CHOSEN = "patient_id"  # in the session, put there where the portal asks "for whom?"


class RecordNotChosen(Http404):
    """The account opens several records and has not said which one it is about."""


def own_patient(request: SignedInRequest) -> Patient:
    """The patient this account has open: the one chosen in the session, or the only one.

    Raises `Http404` when the account has no confirmed record (an e-mail address alone opens nothing), and
    `RecordNotChosen` when it has several: a parent must never write into the wrong child's record.
    """
    # By user and not only `visible_to`: staff who open this page would otherwise be shown somebody.
    records = list(Patient.objects.visible_to(request.user).filter(user=request.user).by_name())
    chosen = str(request.session.get(CHOSEN, ""))
    for patient in records:
        if patient.portal_confirmed_at and (len(records) == 1 or str(patient.pk) == chosen):
            wall.open_only(patient.pk)
            return patient
    raise RecordNotChosen if len(records) > 1 else Http404

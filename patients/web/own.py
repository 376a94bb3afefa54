"""Which record a patient looks at in the portal: one account may open several, such as a mother's and her child's."""

from django.http import Http404

from patients.models import Patient
from people.web.guards import SignedInRequest

CHOSEN = "patient_id"  # in the session, put there where the portal asks "for whom?"


def own_patient(request: SignedInRequest) -> Patient:
    """The patient this account has open: the one chosen in the session, else the first of theirs.

    Raises `Http404` when the account has no confirmed record: an e-mail address alone opens nothing.
    """
    # By user and not only `visible_to`: staff who open this page would otherwise be shown somebody.
    mine = Patient.objects.visible_to(request.user).filter(user=request.user, portal_confirmed_at__isnull=False)
    records = list(mine.by_name())
    chosen = str(request.session.get(CHOSEN, ""))
    for patient in records:
        if str(patient.pk) == chosen:
            return patient
    if not records:
        raise Http404
    return records[0]

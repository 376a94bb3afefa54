"""Which record a patient looks at in the portal: one account may open several, such as a mother's and her child's."""

from dataclasses import dataclass

from django.http import Http404

from patients.models import Helper, Patient
from patients.rules import helping
from people.actions import wall
from people.models import User
from people.web.guards import SignedInRequest

CHOSEN = "patient_id"  # in the session, put there where the portal asks "for whom?"


class RecordNotChosen(Http404):
    """The account opens several records and has not said which one it is about."""


class ClosedToHelpers(Http404):
    """The patient has not let this helper do that. `first` is a page that is open to them; "" if there is none."""

    def __init__(self, first: str) -> None:
        super().__init__()
        self.first = first


@dataclass(frozen=True, slots=True)
class Opened:
    """A record that an account opens: its own, or as a helper."""

    patient: Patient
    helper: Helper | None

    @property
    def is_known(self) -> bool:
        """Whether the birth date was given once. An e-mail address alone opens nothing."""
        return (self.helper.confirmed_at if self.helper else self.patient.portal_confirmed_at) is not None


def opened(user: User) -> list[Opened]:
    """Every record that this account opens, known or not yet. One query, two for who helps somebody."""
    records = list(Patient.objects.opened_by(user).order_by("given_name", "birth_date"))
    helps: dict[object, Helper] = {}
    if any(it.user_id != user.pk for it in records):
        helps = {it.patient_id: it for it in Helper.objects.working().filter(user=user).select_related("patient")}
    # Somebody may also be named the helper of a record that is their own: then it is their own.
    found = [Opened(it, None if it.user_id == user.pk else helps.get(it.pk)) for it in records]
    return [it for it in found if it.helper or it.patient.user_id == user.pk]


def own_patient(request: SignedInRequest) -> Patient:
    """The patient this account has open: the one chosen in the session, or the only one.

    Raises `Http404` when the account has no known record, `RecordNotChosen` when it has several: a parent must
    never write into the wrong child's record. Raises `ClosedToHelpers` for what the patient does not let a helper do.
    """
    records = opened(request.user)
    chosen = str(request.session.get(CHOSEN, ""))
    for it in records:
        if it.is_known and (len(records) == 1 or str(it.patient.pk) == chosen):
            if it.helper:
                _refuse_unless_helping(request, it.helper)
            wall.open_only(it.patient.pk)
            request.open_record_id = it.patient.pk  # type: ignore[attr-defined]  # for what a phone keeps of it
            return it.patient
    raise RecordNotChosen if len(records) > 1 else Http404


def _refuse_unless_helping(request: SignedInRequest, helper: Helper) -> None:
    request.helping = helper  # type: ignore[attr-defined]  # for the pages, which say whom one helps
    page = request.resolver_match.view_name if request.resolver_match else ""
    if not helping.may_enter(page, helper.may, changes=request.method not in {"GET", "HEAD"}):
        raise ClosedToHelpers(helping.first_page(helper.may))

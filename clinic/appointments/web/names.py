"""Names that others could read are hidden for as long as this person wants, on this computer only."""

from django.http import HttpRequest

from patients.models import Patient

KEY = "hides_names"  # in the session


def are_hidden(request: HttpRequest) -> bool:
    return bool(request.session.get(KEY))


def listed(given: str, family: str, number: int, *, hide: bool) -> str:
    """ "Okafor, Amara"; hidden it is "A. O. 00042": enough for whoever knows, nothing for whoever looks."""
    if not hide:
        return ", ".join(part for part in (family, given) if part)  # as `Patient.list_name`, without a patient
    return " ".join([*(f"{part[0]}." for part in (given, family) if part), f"{number:05d}"])


def said(request: HttpRequest, patient: Patient) -> str:
    """In a sentence: "Amara Okafor"; where names are hidden as in a list."""
    if are_hidden(request):
        return listed(patient.given_name, patient.family_name, patient.number, hide=True)
    return patient.full_name

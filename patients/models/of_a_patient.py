"""The rule that most of what is kept about a patient is read by."""

from typing import ClassVar, Generic, Self, TypeVar

from django.db import models

from patients.models.patient import Patient
from people.models import User
from people.rules.permissions import Permission

Row = TypeVar("Row", bound=models.Model)


class OfAPatient(models.QuerySet[Row], Generic[Row]):
    """Rows with a `patient`: who may `read_all` sees everybody's, a patient those of the records they open."""

    read_all: ClassVar[Permission] = Permission.RECORD_VIEW

    def visible_to(self, user: User) -> Self:
        if user.may(self.read_all):
            return self
        if user.may(Permission.OWN_RECORD):
            return self.filter(patient__in=Patient.objects.visible_to(user))
        return self.none()

from patients.models.assessment import Addendum, Assessment
from patients.models.fact import Fact
from patients.models.intake import Intake
from patients.models.patient import Identifier, Patient
from patients.models.red_flag import RedFlag

__all__ = ["Addendum", "Assessment", "Fact", "Identifier", "Intake", "Patient", "RedFlag"]

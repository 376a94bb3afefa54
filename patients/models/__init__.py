from patients.models.assessment import Addendum, Assessment
from patients.models.consent import Consent
from patients.models.fact import Fact
from patients.models.intake import Intake
from patients.models.outcome import Outcome
from patients.models.patient import Identifier, Patient
from patients.models.red_flag import RedFlag

__all__ = ["Addendum", "Assessment", "Consent", "Fact", "Identifier", "Intake", "Outcome", "Patient", "RedFlag"]

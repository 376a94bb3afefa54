from patients.models.assessment import Addendum, Assessment
from patients.models.consent import Consent
from patients.models.fact import Fact
from patients.models.intake import Intake
from patients.models.outcome import Outcome
from patients.models.patient import Helper, Identifier, Patient
from patients.models.record_request import Correction, Erasure, RecordPolicy
from patients.models.red_flag import RedFlag
from patients.models.thread import Attachment, Post, Thread

__all__ = [
    "Addendum",
    "Assessment",
    "Attachment",
    "Consent",
    "Correction",
    "Erasure",
    "Fact",
    "Helper",
    "Identifier",
    "Intake",
    "Outcome",
    "Patient",
    "Post",
    "RecordPolicy",
    "RedFlag",
    "Thread",
]

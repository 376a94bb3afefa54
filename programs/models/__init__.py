from programs.models.exercise import ExerciseDone, PlanExercise, PlanPostureItem
from programs.models.plan import Phase, Plan, PlannedSession
from programs.models.safety import Override, SafetyDecision
from programs.models.service_setting import ServiceSetting
from programs.models.treatment import TreatmentGiven

__all__ = [
    "ExerciseDone",
    "Override",
    "Phase",
    "Plan",
    "PlanExercise",
    "PlanPostureItem",
    "PlannedSession",
    "SafetyDecision",
    "ServiceSetting",
    "TreatmentGiven",
]

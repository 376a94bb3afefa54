from programs.models.at_home import BreaksOfDay, DoseChange, PostureCheck, WorklistAction
from programs.models.exercise import ExerciseDone, PlanExercise, PlanPostureItem
from programs.models.plan import Phase, Plan, PlannedSession
from programs.models.plan_history import Checkpoint, PlanPause, PlanVersion
from programs.models.plan_template import PlanTemplate
from programs.models.rule_change import RuleChange
from programs.models.safety import Override, SafetyDecision
from programs.models.service_setting import ServiceSetting
from programs.models.treatment import AdverseEvent, TreatmentGiven

__all__ = [
    "AdverseEvent",
    "BreaksOfDay",
    "Checkpoint",
    "DoseChange",
    "ExerciseDone",
    "Override",
    "Phase",
    "Plan",
    "PlanExercise",
    "PlanPause",
    "PlanPostureItem",
    "PlanTemplate",
    "PlanVersion",
    "PlannedSession",
    "PostureCheck",
    "RuleChange",
    "SafetyDecision",
    "ServiceSetting",
    "TreatmentGiven",
    "WorklistAction",
]

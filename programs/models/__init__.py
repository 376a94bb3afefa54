from programs.models.exercise import ExerciseDone, PlanExercise, PlanPostureItem
from programs.models.plan import Phase, Plan, PlannedSession
from programs.models.service_setting import ServiceSetting

__all__ = ["ExerciseDone", "Phase", "Plan", "PlanExercise", "PlanPostureItem", "PlannedSession", "ServiceSetting"]

from programs.models.exercise import ExerciseDone, PlanExercise, PlanPostureItem
from programs.models.plan import Phase, Plan, PlannedSession

__all__ = ["ExerciseDone", "Phase", "Plan", "PlanExercise", "PlanPostureItem", "PlannedSession"]

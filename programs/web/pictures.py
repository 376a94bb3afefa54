"""Which drawing of templates/programs/pictures.html stands for which exercise."""

from programs.rules.rulebook import rulebook

BY_CODE = {
    "ex_rotation_arom": "turn",
    "ex_towel_rotation": "turn",
    "ex_self_snag_c1c2": "turn",
    "ex_isometric_rotation": "turn",
    "ex_joint_position": "turn",
    "ex_side_bend_arom": "tilt",
    "ex_upper_trap_stretch": "tilt",
    "ex_levator_stretch": "tilt",
    "ex_isometric_side": "tilt",
    "ex_shoulder_rolls": "squeeze",
    "ex_wall_angel": "wall",
    "ex_lateral_raise_andersen": "wall",
    "ex_prone_y": "wall",
    "ex_walk": "walk",
}
BY_CATEGORY = {
    "motor_control": "tuck",
    "endurance": "tuck",
    "isometric": "tuck",
    "posture": "tuck",
    "scapular": "squeeze",
    "resistance": "squeeze",
    "breathing": "breathe",
    "relaxation": "breathe",
}
NEUTRAL = "figure"


def drawing_of(code: str) -> str:
    """The drawing of that exercise, else that of its kind, else a neutral figure."""
    exercise = rulebook().exercises.get(code)
    return BY_CODE.get(code) or BY_CATEGORY.get(exercise.category if exercise else "", NEUTRAL)

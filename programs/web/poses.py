"""How each exercise looks: where the body begins, where it ends, and what it needs. Head and shoulders here."""

from collections.abc import Mapping
from typing import Final

from programs.web.figures import BAND, FACE, Drawing, Head, arrow, line, ring

STRAIGHT = Head()
LEFT_HAND_LOW = ((16, 68), (10, 82), (14, 95))

HEADS: Final[Mapping[str, Drawing]] = {
    "ex_rotation_arom": Drawing(
        Head(turn=1), before=[arrow((50, 58), (80, 42), bend=7), arrow((50, 58), (20, 42), bend=-7)]
    ),
    "ex_side_bend_arom": Drawing(
        Head(tilt=24), STRAIGHT, before=[arrow((52, 6), (81, 20), bend=-4), arrow((40, 7), (18, 20), bend=3)]
    ),
    "ex_flexion_extension_arom": Drawing(
        Head(is_side=True, tilt=-28), Head(is_side=True, tilt=22), before=[arrow((66, 8), (24, 14), bend=-5)]
    ),
    "ex_shoulder_rolls": Drawing(
        STRAIGHT,
        before=[
            arrow((11, 62), (25, 70), bend=-11),
            arrow((25, 78), (10, 76), bend=-6),
            arrow((89, 62), (75, 70), bend=11),
            arrow((75, 78), (90, 76), bend=6),
        ],
    ),
    "ex_chin_tuck_sitting": Drawing(
        Head(is_side=True, forward=6),
        Head(is_side=True, forward=-9),
        before=[arrow((8, 40), (28, 40)), line((10, 28), (24, 28), how=BAND)],
    ),
    "ex_isometric_flexion": Drawing(
        Head(is_side=True, arms=(((48, 76), (20, 62), (31, 24)),)),
        before=[arrow((62, 6), (44, 6)), arrow((10, 24), (24, 24))],
    ),
    "ex_isometric_extension": Drawing(
        Head(is_side=True, arms=(((58, 72), (86, 58), (74, 28)),)),
        before=[arrow((42, 6), (62, 6)), arrow((96, 28), (82, 28))],
    ),
    "ex_isometric_side": Drawing(
        Head(arms=(((84, 72), (94, 50), (70, 30)),)), before=[arrow((40, 6), (60, 6)), arrow((96, 20), (80, 24))]
    ),
    "ex_isometric_rotation": Drawing(
        Head(turn=0.4, arms=(((84, 72), (93, 54), (67, 42)),)),
        before=[arrow((36, 8), (64, 8), bend=-3), arrow((96, 34), (78, 36))],
    ),
    "ex_scapular_setting": Drawing(
        Head(is_back=True),
        before=[
            line((26, 70), (40, 72), (35, 90), how=FACE, closed=True),
            line((74, 70), (60, 72), (65, 90), how=FACE, closed=True),
            arrow((18, 74), (32, 88), bend=-2),
            arrow((82, 74), (68, 88), bend=2),
        ],
    ),
    "ex_muscle_relaxation": Drawing(
        Head(has_closed_eyes=True),
        Head(shrug=12),
        before=[arrow((22, 50), (22, 74)), arrow((78, 50), (78, 74))],
    ),
    "ex_upper_trap_stretch": Drawing(
        Head(tilt=26, arms=(((84, 70), (96, 34), (66, 10)), LEFT_HAND_LOW)),
        STRAIGHT,
        before=[line((4, 97), (26, 97)), arrow((26, 20), (42, 5), bend=-3), arrow((3, 72), (3, 90))],
    ),
    "ex_levator_stretch": Drawing(
        Head(tilt=16, turn=0.9, nod=5, arms=(((84, 70), (95, 38), (68, 13)),)),
        STRAIGHT,
        before=[arrow((70, 52), (88, 84), bend=-3)],
    ),
    "ex_scm_stretch": Drawing(
        Head(tilt=-20, turn=0.9, nod=-3, arms=(((84, 74), (72, 90), (44, 74)),)),
        STRAIGHT,
        before=[arrow((60, 5), (24, 14), bend=-4), arrow((84, 46), (80, 22), bend=3)],
    ),
    "ex_towel_rotation": Drawing(
        Head(turn=-0.9, arms=(((16, 72), (8, 58), (14, 42)), ((84, 74), (90, 88), (68, 84)))),
        before=[
            line((14, 42), (36, 38), (60, 47), (68, 84), how=FACE),
            line((16, 46), (36, 43), (57, 51), (64, 84), how=FACE),
            arrow((68, 10), (26, 12), bend=-4),
        ],
    ),
    "ex_self_snag_c1c2": Drawing(
        Head(is_side=True, arms=(((52, 78), (34, 74), (12, 40)),)),
        before=[
            line((12, 40), (62, 44), (69, 36), how=FACE),
            line((12, 43), (62, 48), (70, 39), how=FACE),
            arrow((14, 28), (3, 28)),
            arrow((72, 10), (34, 8), bend=-5),
        ],
    ),
    "ex_eye_head_coordination": Drawing(
        Head(turn=0.7),
        STRAIGHT,
        before=[
            ring((93, 29), 3, FACE),
            line((66, 29), (86, 29), how=BAND),
            arrow((36, 6), (64, 6), bend=-3),
            arrow((20, 22), (20, 44)),
            arrow((20, 44), (20, 20)),
        ],
    ),
    "ex_joint_position": Drawing(
        Head(has_closed_eyes=True),
        Head(turn=1, tilt=4, forward=4),
        before=[
            line((46, 2), (54, 10), how=FACE),
            line((54, 2), (46, 10), how=FACE),
            arrow((62, 6), (86, 18), bend=-4),
            arrow((80, 32), (70, 14), bend=3),
        ],
    ),
    "ex_band_external_rotation": Drawing(
        Head(arms=(((80, 68), (82, 87), (92, 72)), ((18, 68), (14, 86), (36, 86)))),
        before=[
            line((36, 86), (62, 83), (90, 74), how=BAND),
            arrow((60, 76), (82, 62), bend=-4),
        ],
    ),
}

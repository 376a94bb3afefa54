"""How each exercise looks that needs the whole body: lying, standing, on hands and knees, on the way."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from programs.web.figures import BAND, BODY, FACE, Drawing, Whole, arrow, capsule, line, ring

FLOOR: Final = line((4, 80), (96, 80))
GROUND: Final = line((6, 95), (94, 95))
# On the back, knees bent, the head on the left.
LYING: Final = Whole(
    head=(15, 69), neck=(26, 72), hip=(58, 72), face=-90, legs=(((58, 72), (72, 50), (82, 76)),),
    arms=(((30, 72), (44, 76), (56, 77)),),
)  # fmt: skip
PRONE: Final = Whole(head=(16, 70), neck=(27, 72), hip=(58, 72), face=100, legs=(((58, 72), (76, 74), (93, 76)),))
FACING_US: Final = Whole(
    head=(50, 15), neck=(50, 30), hip=(50, 56), legs=(((47, 58), (44, 76), (42, 92)), ((53, 58), (56, 76), (58, 92))),
    arms=(((45, 30), (37, 44), (36, 60)), ((55, 30), (63, 44), (64, 60))),
)  # fmt: skip
FROM_THE_SIDE: Final = Whole(
    head=(52, 14), neck=(50, 29), hip=(50, 56), face=0, legs=(((50, 56), (52, 75), (50, 92), (56, 92)),)
)
ALL_FOURS: Final = Whole(
    head=(18, 52), neck=(30, 50), hip=(68, 50), face=110, legs=(((68, 50), (70, 77), (88, 77)),),
    arms=(((32, 50), (31, 64), (30, 78)),),
)  # fmt: skip
SITTING: Final = Whole(
    head=(38, 22), neck=(37, 36), hip=(36, 66), face=0, legs=(((36, 66), (60, 66), (60, 90), (68, 90)),),
    arms=(((38, 38), (42, 54), (58, 54)),),
)  # fmt: skip

WHOLE: Final[Mapping[str, Drawing]] = {
    "ex_diaphragm_breathing": Drawing(
        replace(LYING, arms=(((30, 72), (38, 62), (49, 64)),)),
        top=15,
        behind=[FLOOR, f'<path {BODY} d="M38 68 Q48 52 58 68"/>'],
        before=[arrow((48, 50), (48, 34)), arrow((36, 34), (36, 50))],
    ),
    "ex_chin_tuck_supine": Drawing(
        replace(LYING, face=-112),
        top=15,
        behind=[FLOOR, capsule((8, 79), (22, 79), 2)],
        before=[arrow((34, 52), (12, 52)), line((10, 58), (20, 58), how=BAND)],
    ),
    "ex_ccf_low_load": Drawing(
        replace(LYING, face=-70),
        replace(LYING, face=-112),
        top=15,
        behind=[FLOOR, ring((26, 77), 4)],
        before=[
            line((29, 78), (40, 88), (52, 90), how=FACE),
            ring((60, 90), 6),
            line((60, 90), (63, 87), how=FACE),
            arrow((8, 54), (26, 52), bend=-4),
        ],
    ),
    "ex_neck_flexor_endurance": Drawing(
        replace(LYING, head=(20, 57), face=-50),
        LYING,
        top=15,
        behind=[FLOOR],
        before=[arrow((6, 62), (8, 42), bend=-2)],
    ),
    "ex_neck_extensor_prone": Drawing(
        replace(PRONE, head=(15, 61), arms=(((28, 72), (20, 78), (8, 78)),)),
        replace(PRONE, head=(14, 69)),
        top=15,
        behind=[FLOOR],
        before=[arrow((30, 58), (30, 42))],
    ),
    "ex_prone_y": Drawing(
        replace(PRONE, head=(24, 68), neck=(35, 71), hip=(62, 72), arms=(((35, 70), (20, 56), (6, 46)),)),
        replace(PRONE, head=(24, 68), neck=(35, 71), hip=(62, 72), arms=(((35, 72), (18, 77), (4, 78)),)),
        top=15,
        behind=[FLOOR],
        before=[arrow((14, 40), (14, 22)), line((6, 46), (9, 40), how=FACE)],
    ),
    "ex_wall_angel": Drawing(
        replace(FACING_US, arms=(((45, 30), (30, 22), (28, 5)), ((55, 30), (70, 22), (72, 5)))),
        replace(FACING_US, arms=(((45, 30), (30, 42), (24, 26)), ((55, 30), (70, 42), (76, 26)))),
        behind=[line((12, 2), (12, 95), (88, 95), (88, 2))],
        before=[arrow((20, 40), (20, 16)), arrow((80, 40), (80, 16))],
    ),
    "ex_scapular_retraction": Drawing(
        replace(FROM_THE_SIDE, arms=(((50, 34), (30, 46), (54, 48)),)),
        replace(FROM_THE_SIDE, arms=(((50, 32), (64, 40), (78, 42)),)),
        behind=[GROUND, line((96, 4), (96, 95)), line((54, 48), (96, 44), how=BAND)],
        before=[arrow((44, 62), (18, 56), bend=-3)],
    ),
    "ex_lateral_raise_andersen": Drawing(
        replace(FACING_US, arms=(((45, 30), (28, 31), (10, 29)), ((55, 30), (72, 31), (90, 29)))),
        FACING_US,
        behind=[GROUND, line((10, 29), (42, 93), (58, 93), (90, 29), how=BAND)],
        before=[arrow((22, 58), (8, 40), bend=-3), arrow((78, 58), (92, 40), bend=3)],
    ),
    "ex_push_up_plus": Drawing(
        Whole(
            head=(52, 20),
            neck=(48, 34),
            hip=(36, 60),
            face=10,
            legs=(((36, 60), (28, 76), (18, 92), (24, 92)),),
            arms=(((49, 36), (66, 38), (88, 38)),),
        ),
        Whole(
            head=(68, 22),
            neck=(63, 35),
            hip=(42, 60),
            legs=(((42, 60), (30, 76), (18, 92)),),
            arms=(((63, 36), (74, 52), (88, 40)),),
        ),
        behind=[GROUND, line((92, 4), (92, 95))],
        before=[arrow((66, 8), (44, 8))],
    ),
    "ex_pec_doorway_stretch": Drawing(
        replace(
            FACING_US,
            arms=(((45, 31), (22, 34), (22, 14)), ((55, 31), (78, 34), (78, 14))),
            legs=(((47, 58), (40, 76), (42, 86)), ((53, 58), (60, 78), (66, 94))),
        ),
        behind=[line((17, 95), (17, 3), (83, 3), (83, 95))],
        before=[arrow((32, 40), (32, 58)), arrow((68, 40), (68, 58))],
    ),
    "ex_thoracic_extension_roll": Drawing(
        Whole(
            head=(12, 70),
            neck=(24, 66),
            hip=(58, 73),
            face=-100,
            legs=(((58, 73), (72, 50), (82, 76)),),
            arms=(((32, 66), (42, 58), (34, 54)),),
        ),
        top=15,
        behind=[FLOOR, ring((34, 75), 5)],
        before=[arrow((22, 56), (6, 52), bend=3), arrow((52, 58), (62, 40), bend=-2)],
    ),
    "ex_thread_needle": Drawing(
        replace(ALL_FOURS, head=(22, 70), neck=(34, 62), face=60, arms=(((34, 62), (50, 72), (64, 74)),)),
        ALL_FOURS,
        top=15,
        behind=[FLOOR],
        before=[arrow((30, 88), (62, 88))],
    ),
    "ex_walk": Drawing(
        Whole(
            head=(46, 14),
            neck=(45, 28),
            hip=(43, 54),
            face=0,
            legs=(((43, 54), (58, 70), (64, 91), (70, 91)), ((43, 54), (36, 74), (20, 86), (19, 92))),
            arms=(((45, 31), (58, 42), (68, 36)), ((45, 31), (30, 42), (26, 56))),
        ),
        behind=[GROUND],
        before=[arrow((76, 60), (96, 60))],
    ),
    "ex_cycle_arms": Drawing(
        Whole(
            head=(40, 12),
            neck=(38, 26),
            hip=(32, 52),
            face=0,
            legs=(((32, 52), (52, 56), (48, 76)),),
            arms=(((39, 29), (52, 38), (68, 38)),),
        ),
        behind=[
            ring((22, 80), 14),
            ring((78, 80), 14),
            ring((48, 78), 6, FACE),
            line((32, 58), (48, 78), (22, 80)),
            line((48, 78), (70, 50), (78, 80)),
            line((66, 38), (72, 40), (70, 50)),
            line((26, 58), (38, 58), how=FACE),
        ],
        before=[arrow((60, 70), (58, 88), bend=-5)],
    ),
    "ex_posture_reset": Drawing(
        SITTING,
        replace(SITTING, head=(52, 28), neck=(46, 40), arms=()),
        behind=[
            GROUND,
            line((26, 32), (26, 70), (50, 71)),
            line((30, 71), (30, 94)),
            line((48, 71), (48, 94)),
            line((54, 58), (94, 58)),
            line((90, 58), (90, 94)),
            line((82, 22), (86, 46), how=FACE),
            line((85, 46), (86, 58)),
        ],
        before=[arrow((64, 12), (46, 8), bend=3)],
    ),
}

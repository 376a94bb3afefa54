"""What the demo's patients say of themselves, and what their clinicians write. All of it made up."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Story:
    """`template` is the program the clinician chose; `before_days` how long ago the first assessment was."""

    words: str
    since_days: int
    causes: tuple[str, ...]
    symptoms: tuple[str, ...]
    regions: tuple[str, ...]
    pain: tuple[int, int, int]  # now, best, worst
    template: str
    findings: str
    impression: str


STORIES = (
    Story(
        "I sit at two screens all day. By four in the afternoon my neck locks and I cannot look over my shoulder.",
        20,
        ("hunched_computer_work", "poor_posture", "stress"),
        ("neck_pain", "muscle_tight_hard", "headache"),
        ("upper_trapezius", "posterior_cervical"),
        (5, 2, 7),
        "tpl_desk_worker_posture",
        "Rotation stiff to the right, end range pulls in the left upper trapezius. Arm strength and reflexes equal.",
        "Neck spasm from desk work. No warning signs on questioning or examination.",
    ),
    Story(
        "I woke up with it on Tuesday. I had slept on the sofa. Turning to the left is the worst.",
        5,
        ("awkward_sleep", "muscle_strain"),
        ("neck_pain", "involuntary_contraction", "long_spasm"),
        ("levator_scapulae", "posterior_cervical"),
        (6, 3, 7),
        "tpl_acute_spasm_conservative",
        "Guards the left side. Gentle movement eases it. No midline tenderness, arms normal.",
        "Acute wry neck. Keep moving, settle the spasm first.",
    ),
    Story(
        "It comes and goes for months. There are two hard knots by my shoulder blade that send pain up to my head.",
        120,
        ("muscle_knots", "overuse_neck_muscles", "muscle_fatigue"),
        ("muscle_knots", "pain_up_to_head", "headache"),
        ("upper_trapezius", "rhomboid_midscapular"),
        (4, 2, 7),
        "tpl_trigger_point_dry_needling",
        "Two active points in the right upper trapezius reproduce the headache. Neurology normal.",
        "Myofascial pain of the right upper trapezius.",
    ),
    Story(
        "Since the summer my neck aches every morning and cracks when I turn. My job is lifting boxes.",
        70,
        ("overuse_neck_muscles", "previous_injury"),
        ("neck_pain", "muscle_tight_hard"),
        ("posterior_cervical", "upper_thoracic"),
        (5, 3, 6),
        "tpl_subacute_chiropractic_exercise",
        "Segmental stiffness C5 to T2. Shoulder and arm strength full. Blood pressure 124/78.",
        "Subacute mechanical neck pain.",
    ),
    Story(
        "The headaches start at the back of my neck and come round to my eye, three or four days a week.",
        90,
        ("tension", "hunched_computer_work"),
        ("headache", "pain_up_to_head", "neck_pain"),
        ("suboccipital", "posterior_cervical"),
        (4, 1, 7),
        "tpl_headache_dominant",
        "Upper neck stiff to the right; turning it brings on the usual headache. Eyes, speech and gait normal.",
        "Headache from the upper neck.",
    ),
    Story(
        "Massage helps for a day, then the same band in my shoulder goes hard again.",
        150,
        ("muscle_fatigue", "stress"),
        ("muscle_knots", "muscle_tight_hard"),
        ("upper_trapezius", "levator_scapulae"),
        (5, 3, 7),
        "tpl_shockwave_myofascial",
        "Broad tender band in both upper trapezius muscles, left more than right. Skin whole.",
        "Long-standing myofascial neck pain, little change with exercise alone.",
    ),
    Story(
        "I have tried exercises for half a year. One spot at the side of my neck still burns when I work overhead.",
        400,
        ("previous_injury", "overuse_neck_muscles"),
        ("neck_pain", "muscle_tight_hard"),
        ("cervical_facet", "nuchal_ligament"),
        (5, 3, 7),
        "tpl_chronic_prp_series",
        "Tender over the right facet column; imaging on file reviewed. No radicular signs.",
        "Chronic tendinous and ligamentous neck pain after conservative care.",
    ),
)

WARNING = Story(
    "My legs feel heavy on the stairs and I keep dropping my cup. The neck itself is not so bad.",
    12,
    ("unknown",),
    ("neck_pain", "muscle_tight_hard"),
    ("posterior_cervical",),
    (4, 2, 6),
    "",
    "",
    "",
)

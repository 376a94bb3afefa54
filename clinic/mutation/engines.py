"""The engines, the tests that must notice a slip in them, and the slips that change nothing."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Engine:
    """One module that decides something clinical, and its own tests: the quickest first, and none needs a database."""

    path: str
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2].removesuffix(".py")

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").replace("/", ".")


@dataclass(frozen=True, slots=True)
class Harmless:
    """A slip that no patient could ever notice: the code does the same. `line` begins the source line it is made in."""

    path: str
    line: str
    became: str
    why: str


ENGINES: Final = (
    Engine("patients/rules/triage.py", ("tests/patients/test_engine_triage.py", "tests/patients/test_triage.py")),
    Engine("patients/rules/scoring.py", ("tests/patients/test_engine_scoring.py", "tests/patients/test_scoring.py")),
    Engine("patients/rules/change.py", ("tests/patients/test_engine_change.py", "tests/patients/test_scoring.py")),
    Engine("patients/rules/facts.py", ("tests/patients/test_engine_facts.py",)),
    Engine(
        "programs/rules/contraindications.py",
        ("tests/programs/test_engine_contraindications.py", "tests/programs/test_judging.py"),
    ),
    Engine("programs/rules/timing.py", ("tests/programs/test_engine_timing.py", "tests/programs/test_judging.py")),
)

HARMLESS: Final = (
    Harmless(
        "patients/rules/triage.py",
        "measured = {code: rule.answer_from(numbers)",
        "True",
        "a rule without numbers answers None, and that is left out in the next line: it only saves time",
    ),
    Harmless(
        "patients/rules/scoring.py",
        "values = dict(zip(names",
        "False",
        "six names and six values stand there; `strict` is for whoever adds a seventh",
    ),
    Harmless(
        "patients/rules/change.py",
        "size, way = abs(by)",
        "by >= 0",
        "the way is told only of a change that reached a threshold, and none of those is nought",
    ),
    Harmless(
        "patients/rules/change.py",
        "way = BETTER if mean > 0",
        "mean >= 0",
        "a mean that reached the threshold is not nought",
    ),
    Harmless(
        "programs/rules/contraindications.py",
        "Facts = Mapping[str,",
        "'another bool | float'",
        "a type",
    ),
    Harmless(
        "programs/rules/contraindications.py",
        "return frozenset.intersection(*named)",
        "self.decision == OVERRIDE_REQUIRED",
        "it is decided so only where a relative rule fired, and that one is named",
    ),
    Harmless(
        "programs/rules/contraindications.py",
        'for technique in rule.techniques or ("",):',
        "'another '",
        "a word for no technique; any that is none will do",
    ),
)

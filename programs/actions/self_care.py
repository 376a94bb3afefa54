"""What a patient may do alone, judged for this patient: the same advice is not safe for everybody."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from patients.models import Patient
from programs.actions import safety_file
from programs.rules.contraindications import BLOCKED, CAUTION, OVERRIDE_REQUIRED, Judgement
from programs.rules.entries import SelfCare
from programs.rules.rulebook import rulebook


@dataclass(frozen=True, slots=True)
class Advice:
    it: SelfCare
    judgement: Judgement

    @property
    def is_not_for_you(self) -> bool:
        """Nobody unlocks self-care by reading it at home: what a clinician would have to weigh is asked first."""
        return self.judgement.status in {BLOCKED, OVERRIDE_REQUIRED}

    @property
    def needs_care(self) -> bool:
        return self.judgement.status == CAUTION

    @property
    def reasons(self) -> list[str]:
        return [finding.rule.reason for finding in self.judgement.findings]


def advice(patient: Patient, codes: Iterable[str], *, on: date) -> list[Advice]:
    """Each item with what the rules say of it for this patient on that day. One query, however many."""
    book = rulebook()
    wanted = [code for code in dict.fromkeys(codes) if code in book.self_care]
    if not wanted:
        return []
    file = safety_file.read(patient)
    known = file.known_on(on)
    return [Advice(book.self_care[code], file.book.judge(code, known)) for code in wanted]

"""The kinds of thing a patient's record can name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from people.rules.knowledge import Claim, Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Entry):
    """Where a value comes from. `year` 0: the copy read shows no date."""

    kind: str
    title: str
    year: int
    url: str
    grade: str
    supports: str
    note: str = ""

    @property
    def is_online(self) -> bool:
        return self.url.startswith(("https://", "http://"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectedCondition(Entry):
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyRegion(Entry):
    label: str
    # A needle or a shock wave can reach the lung here (pneumothorax).
    over_lung: bool
    over_spine_or_skull: bool
    near_major_vessels: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause(Claim):
    label: str
    group: str
    plain_language: str
    linked_red_flags: tuple[str, ...]
    intake_question: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom(Claim):
    """A `warning` symptom always asks its linked red flags."""

    label: str
    kind: str
    patient_question: str
    linked_red_flags: tuple[str, ...]
    measure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientFact(Claim):
    """Something true of a patient or of a planned session, such as a condition or a medicine."""

    kind: str
    label: str
    patient_question: str
    value_type: str
    set_by: str  # intake, clinician, record or plan: who may say so
    unit: str = ""
    # How long a number or a "no" counts before it must be asked or measured again.
    holds_days: int = 30

    @property
    def is_number(self) -> bool:
        return self.value_type == "number"

    @property
    def counts_days(self) -> bool:
        """Days since something happened: it grows by itself."""
        return self.is_number and self.unit == "days"


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicineClass(Claim):
    """Medicines that the rules treat alike, by any name a patient may give them."""

    label: str
    facts: tuple[str, ...]  # that are true of whoever takes one
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeGroup(Entry):
    """Facts that the form asks together. Asked always, or only after a yes to the sign or fact `after`."""

    part: str
    title: str
    facts: tuple[str, ...]
    after: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent(Claim):
    title: str
    must_cover: tuple[str, ...]
    in_plain_words: tuple[str, ...]  # each of them, as the patient reads it
    # After so many days it must be signed again; between signing and treatment `cooling_off_days` must pass.
    valid_days: int
    reconsent_triggers: tuple[str, ...]
    cooling_off_days: int
    witness_required: bool
    requires: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure(Claim):
    """A scale that shows how the patient does: its words, and the numbers that `scoring` and `change` read."""

    name: str
    kind: str
    items: tuple[Mapping[str, Any], ...]
    score_name: str
    direction: str
    range_min: int
    range_max: int
    missing_rule: str
    rounding: str
    bands: tuple[Mapping[str, Any], ...]
    change_rule: str
    # Smallest change beyond measuring error (mdc), and the smallest a patient notices (mcid), by population.
    mdc: tuple[Mapping[str, Any], ...]
    mcid: tuple[Mapping[str, Any], ...]
    schedule: str
    licence_note: str  # what of its wording we may show at all
    thresholds: Mapping[str, Any] = field(default_factory=dict)
    formula: str = ""
    worked_example: str = ""
    notes: tuple[str, ...] = ()

    def number_codes(self) -> frozenset[str]:
        """What its single answers are called as numbers, such as `nprs_current`."""
        return frozenset(f"{self.code}_{item['code']}" for item in self.items)

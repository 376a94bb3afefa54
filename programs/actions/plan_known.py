"""What is known of a patient in the words of the programs' criteria: facts, scores, and how long it has lasted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from patients.models import Assessment, Intake, Outcome, Patient
from patients.rules.change import Change, change, change_of_activities, reduction
from patients.rules.rulebook import rulebook as patients_rulebook
from programs.actions import done_at_home, safety_file
from programs.models import Plan
from programs.rules import posture

Value = bool | float
# The score of each scale that is compared.
SCORES: Mapping[str, str] = {
    "nprs": "current",
    "ndi": "raw_equivalent",
    "psfs": "mean",
    "headache_days": "per_30",
}
COMPARED = ("nprs", "ndi", "psfs")


@dataclass(frozen=True, slots=True)
class Compared:
    """A scale at the beginning and now. `now` is None while nobody has taken it again."""

    measure: str
    before: Outcome | None
    now: Outcome | None
    change: Change | None

    def value(self, outcome: Outcome | None) -> float | None:
        return outcome.values.get(SCORES[self.measure]) if outcome else None

    @property
    def was(self) -> float | None:
        return self.value(self.before)

    @property
    def is_now(self) -> float | None:
        return self.value(self.now)


def outcomes_of(patient: Patient) -> list[Outcome]:
    """Every score, oldest first. One query."""
    return list(Outcome.objects.filter(patient=patient).order_by("on", "at"))


def compared(
    rows: Sequence[Outcome], measure: str, *, since: date, on: date, fresh_from: date | None = None
) -> Compared:
    """A scale from the day a plan began to `on`; a score from before `fresh_from` is too old to be called now."""
    own = [it for it in rows if it.measure == measure and it.on <= on and it.values.get(SCORES[measure]) is not None]
    earlier = [it for it in own if it.on <= since]
    before = earlier[-1] if earlier else own[0] if own else None
    later = [it for it in own if before and (it.on, it.at) > (before.on, before.at)]
    now = next((it for it in reversed(later) if fresh_from is None or it.on >= fresh_from), None)
    return Compared(measure, before, now, _change(measure, before, now))


def _change(measure: str, before: Outcome | None, now: Outcome | None) -> Change | None:
    if before is None or now is None or measure not in COMPARED:
        return None
    scale = patients_rulebook().measures[measure]
    if measure != "psfs":
        return change(scale, before.values[SCORES[measure]], now.values[SCORES[measure]])
    try:
        return change_of_activities(scale, _activities(before), _activities(now))
    except ValueError:  # other activities than before: nothing can be said
        return None


def _activities(it: Outcome) -> dict[str, int | None]:
    return dict(zip(it.answers.get("names", ()), it.answers.get("activities", ()), strict=False))


def known(patient: Patient, *, on: date, plan: Plan | None = None) -> dict[str, Value]:
    """By the fields of the criteria, and by the codes of facts; what is not there is unknown.

    Only with the `plan` that is followed is there a change to speak of, and something asked for at home.
    Four queries, nine with a plan.
    """
    file = safety_file.read(patient)
    found: dict[str, Value] = dict(file.known_on(on))
    if file.flags:
        found["red_flag_uncleared"] = True
    elif file.is_screened_on(on) and not file.left_open:
        found["red_flag_uncleared"] = False
    rows = outcomes_of(patient)
    found |= _scores(rows, on=on)
    found |= _at_home(patient, plan, on=on)
    if plan is not None:
        found |= _changes(rows, since=plan.starts_on, on=on)
    form = Intake.objects.filter(patient=patient, submitted_at__isnull=False).order_by("-submitted_at").first()
    story = form.answers.get("story", {}) if form else {}
    if form and form.submitted_at and story.get("since_days") is not None:
        found["symptom_days"] = story["since_days"] + max((on - form.submitted_at.date()).days, 0)
    return found


def causes_of(patient: Patient) -> frozenset[str]:
    """What the patient and the clinicians have named as causes. Two queries."""
    named: set[str] = set()
    for causes in Assessment.objects.filter(patient=patient).values_list("causes", flat=True):
        named.update(causes)
    form = Intake.objects.filter(patient=patient, submitted_at__isnull=False).order_by("-submitted_at").first()
    if form:
        named.update(form.answers.get("story", {}).get("causes", ()))
    return frozenset(named)


def _scores(rows: Sequence[Outcome], *, on: date) -> dict[str, Value]:
    last = {it.measure: it.values for it in rows if it.on <= on}
    said: dict[str, Value | None] = {
        "nprs_current": last.get("nprs", {}).get("current"),
        "ndi_raw": last.get("ndi", {}).get("raw_equivalent"),
        "groc": last.get("groc", {}).get("value"),
        "headache_days_per_30": last.get("headache_days", {}).get("per_30"),
        "chronic_headache_pattern": last.get("headache_days", {}).get("chronic_pattern"),
        "moh_possible": last.get("headache_days", {}).get("moh_possible"),
        "overuse_warning": last.get("headache_days", {}).get("overuse_warning"),
    }
    return {code: value for code, value in said.items() if value is not None}


def _at_home(patient: Patient, plan: Plan | None, *, on: date) -> dict[str, Value]:
    checked = done_at_home.posture_lately(patient, on=on, since=plan.starts_on if plan else None)
    said = {
        "adherence_percent": done_at_home.lately(plan, on=on) if plan else None,
        "posture_adherence": posture.adherence(checked, done_at_home.breaks_lately(plan, on=on) if plan else None),
    }
    return {code: value for code, value in said.items() if value is not None}


def _changes(rows: Sequence[Outcome], *, since: date, on: date) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for measure, name in (("nprs", "nprs_change"), ("ndi", "ndi_change")):
        it = compared(rows, measure, since=since, on=on)
        if it.change:
            found[name] = it.change.by
    days = compared(rows, "headache_days", since=since, on=on)
    if days.was is not None and days.is_now is not None:
        fewer = reduction(patients_rulebook().measures["headache_days"], days.was, days.is_now)
        if fewer:
            found["headache_reduction_percent"] = fewer.percent
    groc = next((it.values.get("value") for it in reversed(rows) if it.measure == "groc" and since < it.on <= on), None)
    limits = patients_rulebook().measures
    said = [
        found["nprs_change"] >= limits["nprs"].thresholds["meaningful"] if "nprs_change" in found else None,
        found["ndi_change"] >= limits["ndi"].thresholds["probable"] if "ndi_change" in found else None,
        groc >= limits["groc"].thresholds["responder"] if groc is not None else None,
    ]
    if True in said:
        found["responder"] = True
    elif None not in said:
        found["responder"] = False
    return found

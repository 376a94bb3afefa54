"""From the answers on a scale to its score. Unanswered is never nought: what is missing is said."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

from patients.rules.entries import Measure

Answers = Mapping[str, Any]
MINUTES_IN_HOUR = 60
NPRS_ANSWERS_NEEDED = 2  # of three, for their mean


class CannotBeScored(ValueError):
    """An answer that no form could have given. `code` says what is wrong, `item` where."""

    def __init__(self, code: str, item: str = "") -> None:
        super().__init__(f"{code} {item}".strip())
        self.code, self.item = code, item


@dataclass(frozen=True, slots=True)
class Score:
    """What a scale says. `values` by name, None where too little was answered; `band` is a code of the measure's."""

    values: Mapping[str, float | bool | None]
    band: str | None
    answered: int
    asked: int
    warning: str = ""

    @property
    def is_scorable(self) -> bool:
        """Whether enough was answered for the score that the bands are about."""
        return self.band is not None

    @property
    def is_complete(self) -> bool:
        return self.answered == self.asked


def score(measure: Measure, answers: Answers) -> Score:
    """Score one filled-in scale. `answers` by item as the measure lists them; a missing one is None or left out.

    Rounded half up to one decimal on exact fractions. Raises `CannotBeScored`, and `KeyError` for a measure that is
    only shown and never scored. Source: `formula`, `missing_rule` and `bands` of the measure.
    """
    return _SCORERS[measure.code](measure, answers)


def round_half_up(value: Fraction | float) -> float:
    """To one decimal: 35.55 becomes 35.6, -2.05 becomes -2.0, whatever floats make of it."""
    return float(Fraction((Fraction(value) * 10 + Fraction(1, 2)).__floor__(), 10))


def band_of(measure: Measure, value: float | None) -> str | None:
    """The band with the highest start that `value` reaches: with fractions, 14.9 is still below 15."""
    reached = [band for band in measure.bands if value is not None and value >= band["min"]]
    return str(max(reached, key=lambda band: band["min"])["code"]) if reached else None


def _checked(measure: Measure, answers: Answers) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for item in measure.items:
        value = answers.get(item["code"])
        found[item["code"]] = None if value is None else _within(value, item["min"], item["max"], item["code"])
    return found


def _within(value: Any, least: int, most: int, item: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise CannotBeScored("not_integer", item)
    if not least <= value <= most:
        raise CannotBeScored("out_of_range", item)
    return value


def _pain(measure: Measure, answers: Answers) -> Score:
    given = _checked(measure, answers)
    known = [value for value in given.values() if value is not None]
    mean = round_half_up(Fraction(sum(known), len(known))) if len(known) >= NPRS_ANSWERS_NEEDED else None
    now, best, worst = given["current"], given["best_24h"], given["worst_24h"]
    warning = ""
    if worst is not None and now is not None and worst < now:
        warning = "worst_below_current"
    elif best is not None and now is not None and best > now:
        warning = "best_above_current"
    return Score(_values(current=now, average3=mean), band_of(measure, now), len(known), len(given), warning)


def _neck_disability(measure: Measure, answers: Answers) -> Score:
    given = _checked(measure, answers)
    known = [value for value in given.values() if value is not None]
    if len(given) - len(known) > measure.thresholds["most_missing"]:
        return Score(_values(raw=None, percent=None, raw_equivalent=None), None, len(known), len(given))
    total = sum(known)
    equivalent = round_half_up(Fraction(total * 10, len(known)))
    values = _values(raw=total, percent=round_half_up(Fraction(total * 100, 5 * len(known))), raw_equivalent=equivalent)
    return Score(values, band_of(measure, equivalent), len(known), len(given))


def _patient_specific(measure: Measure, answers: Answers) -> Score:
    limits, item = measure.thresholds, measure.items[0]
    rated = list(answers.get("activities", ()))
    if len(rated) > limits["most"]:
        raise CannotBeScored("too_many_activities")
    known = [_within(value, item["min"], item["max"], item["code"]) for value in rated if value is not None]
    mean = round_half_up(Fraction(sum(known), len(known))) if known else None
    warning = "fewer_than_3" if 0 < len(known) < limits["wanted"] else ""
    return Score(_values(mean=mean, n=len(known)), band_of(measure, mean), len(known), len(rated), warning)


def _global_change(measure: Measure, answers: Answers) -> Score:
    item = measure.items[0]
    value = answers.get("value")
    if value is None:
        return Score(_values(value=None, responder=None), None, 0, 1)
    rated = _within(value, item["min"], item["max"], item["code"])
    responder = rated >= measure.thresholds["responder"]
    return Score(_values(value=rated, responder=responder), band_of(measure, rated), 1, 1)


def _headache_days(measure: Measure, answers: Answers) -> Score:
    limits, counted = measure.thresholds, ("headache_days", "simple_analgesic_days", "combo_triptan_opioid_days")
    for item in counted:
        if _exceeds(answers, item):
            raise CannotBeScored("exceeds_recorded", item)
    given = {code: value or 0 for code, value in _checked(measure, answers).items()}
    recorded, days = given["recorded_days"], [given[item] for item in counted]
    names = ("per_30", "simple_per_30", "combination_per_30", "overuse_warning", "moh_possible", "chronic_pattern")
    if recorded < limits["least_recorded"]:
        return Score(_values(**dict.fromkeys(names)), None, recorded, given["window_days"])
    # Judged before rounding: 14.96 days are not 15.
    headache, simple, combination = (Fraction(value * 30, recorded) for value in days)
    overuse = simple >= limits["overuse_simple"] or combination >= limits["overuse_combination"]
    chronic = headache >= limits["chronic"]
    per_30 = [round_half_up(value) for value in (headache, simple, combination)]
    values = dict(zip(names, [*per_30, overuse, overuse and chronic, chronic], strict=True))
    return Score(MappingProxyType(values), band_of(measure, per_30[0]), recorded, given["window_days"])


def _exceeds(answers: Answers, item: str) -> bool:
    """Asked before the range of the item: 31 days of 30 are more than the diary has, whatever the item allows."""
    recorded, value = answers.get("recorded_days"), answers.get(item)
    return isinstance(recorded, int) and isinstance(value, int) and value > recorded


def _sleep(measure: Measure, answers: Answers) -> Score:
    item = measure.items[0]
    rating = answers.get("sleep_disturbance_nrs")
    disturbance = None if rating is None else _within(rating, item["min"], item["max"], item["code"])
    nights = list(answers.get("nights", ()))
    kept = [_night(night) for night in nights if night is not None]
    values: dict[str, float | bool | None] = {"disturbance": disturbance, "efficiency": None, "mean_tst_hours": None}
    if len(kept) >= measure.thresholds["least_nights"]:
        in_bed, asleep = sum(each[0] for each in kept), sum(each[1] for each in kept)
        values["efficiency"] = round_half_up(Fraction(asleep * 100, in_bed))
        values["mean_tst_hours"] = round_half_up(Fraction(asleep, len(kept) * MINUTES_IN_HOUR))
    band = band_of(measure, values["efficiency"])
    return Score(MappingProxyType(values), band, len(kept) + (disturbance is not None), len(nights) + 1)


def _night(night: Mapping[str, int]) -> tuple[int, int]:
    """Minutes in bed and asleep."""
    awake = sum(night.get(part) or 0 for part in ("sol", "waso", "early"))
    if night["tib"] <= 0 or awake > night["tib"]:
        raise CannotBeScored("awake_exceeds_time_in_bed")
    return night["tib"], night["tib"] - awake


def _adherence(measure: Measure, answers: Answers) -> Score:
    days: Sequence[Mapping[str, Any]] = [day for day in answers.get("days", ()) if not day.get("paused")]
    told = [(day["prescribed"], day.get("done") or 0) for day in days]
    prescribed = sum(wanted for wanted, _ in told)
    # Capped day by day: extra sets today do not make up for yesterday.
    done = sum(min(made, wanted) for wanted, made in told)
    percent = round_half_up(Fraction(done * 100, prescribed)) if prescribed else None
    overdone = sum(made > wanted for wanted, made in told)
    recorded = sum(day.get("done") is not None for day in days)
    return Score(_values(percent=percent, overdone_days=overdone), band_of(measure, percent), recorded, len(days))


def _attendance(measure: Measure, answers: Answers) -> Score:
    given = {code: value or 0 for code, value in _checked(measure, answers).items()}
    eligible = given["scheduled"] - given["cancelled_by_clinic"]
    if given["attended"] > eligible:
        raise CannotBeScored("attended_exceeds_eligible")
    percent = round_half_up(Fraction(given["attended"] * 100, eligible)) if eligible else None
    return Score(_values(percent=percent), band_of(measure, percent), len(given), len(given))


def _values(**values: float | bool | None) -> Mapping[str, float | bool | None]:
    return MappingProxyType(values)


_SCORERS: Final[Mapping[str, Callable[[Measure, Answers], Score]]] = {
    "nprs": _pain,
    "ndi": _neck_disability,
    "psfs": _patient_specific,
    "groc": _global_change,
    "headache_days": _headache_days,
    "sleep": _sleep,
    "exercise_adherence": _adherence,
    "attendance": _attendance,
}

"""What makes one plan better than another: the only place where that is decided.

Hard rules are never weighed: what breaks one is no plan. Then the levels, each of them worth more than everything
below it together: soft rules broken, and in a repair visits moved, then those of them that had been moved before,
then days moved. Then the points: a point is worth
one day away from where the plan wants a gap, as in `ranking`. All are kept as whole hundredths, so that the same
problem has the same answer on every machine. From the desk's experience, not from a trial; change them here.
"""

from dataclasses import dataclass
from typing import Final

from clinic.appointments.rules.series.answer import Aim

SOFT: Final = 10**14
MOVED: Final = 10**11
MOVED_AGAIN: Final = 10**9
DAY_MOVED: Final = 10**7  # forty sessions that are each a hundred days off are worth 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Hundredths of a point."""

    off_target: int = 50  # for each day away from the day the session is due on
    off_gap: int = 100  # for each day longer or shorter than the gap that is best
    late: int = 0  # for each day after the first on which it might be
    trip: int = 300  # for each site on each day: three days of waiting save a journey
    clinician: int = 300  # for each visit with somebody else than the modality's own clinician
    staying_minute: int = 2  # from the end of the day's first visit to the end of its last
    off_quarter: int = 6  # for each quarter of an hour away from the hour the patient likes
    load: int = 5  # for each visit that the clinician has that day already


BY_AIM: Final = {
    Aim.BEST: Weights(),
    Aim.SOONER: Weights(off_target=0, off_gap=20, late=100),
    Aim.FEWER_TRIPS: Weights(trip=3000),
}

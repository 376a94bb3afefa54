"""What days one session leaves to another, and where the patient would be away too long: on bits, one for each day."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from clinic.appointments.rules.series.spacing import FAR

Ranges = tuple[tuple[int, int], ...]  # days later, from the least to the most; `FAR` is no limit
# What the days of one session leave to another: by how far they are apart, or by the days themselves, as bits.
Near = Ranges | Callable[[int], int]


def reached(domain: int, found: Ranges) -> int:
    """The days that lie so far from some day of `domain`. Beyond the last day there may be more: cut them off."""
    days = 0
    for least, most in found:
        if most >= FAR:
            days |= -1 << max((domain & -domain).bit_length() - 1 + least, 0)
        elif least <= -FAR:
            days |= (1 << max(domain.bit_length() + most, 0)) - 1
        else:
            days |= _spread(domain, least, most)
    return days


def _spread(domain: int, least: int, most: int) -> int:
    """Every day of the domain becomes a stretch of days, doubled until it is long enough."""
    ahead = max(-least, 0)
    domain <<= least + ahead
    wide, wanted = 1, most - least + 1
    while wide < wanted:
        more = min(wide, wanted - wide)
        domain |= domain << more
        wide += more
    return domain >> ahead


def narrowed(domains: list[int], near: Sequence[Sequence[tuple[int, Near]]], changed: list[int]) -> int | None:
    """Take away every day for which another session has none. The session that is left without any; None if none is."""
    while changed:
        nth = changed.pop()
        for other, found in near[nth]:
            own = domains[nth]
            left = domains[other] & (found(own) if callable(found) else reached(own, found))
            if not left:
                return other
            if left != domains[other]:
                domains[other] = left
                changed.append(other)
    return None


@dataclass(frozen=True, slots=True)
class Absence:
    """At most so many days from one visit to the next; `visits` are those that are booked anyway."""

    longest: int | None
    visits: int

    def is_hopeless(self, domains: Sequence[int]) -> bool:
        """Whether it would be longer wherever in their domains the sessions are."""
        if self.longest is None or not domains:
            return False
        # Whatever happens the first visit is no later and the last no earlier than this.
        first = min(each.bit_length() for each in domains) - 1
        last = max((each & -each).bit_length() for each in domains) - 1
        possible = self.visits
        for each in domains:
            possible |= each
        while first < last:
            ahead = possible >> first + 1 & (1 << self.longest) - 1
            if not ahead:
                return True
            first += ahead.bit_length()
        return self._are_too_few(domains)

    def _are_too_few(self, domains: Sequence[int]) -> bool:
        """Whether those without a day could not fill a hole between two that have theirs."""
        placed, free = self.visits, []
        for each in domains:
            if each & each - 1:
                free.append(each)
            else:
                placed |= each
        first = min(each.bit_length() for each in domains) - 1
        last = max((each & -each).bit_length() for each in domains) - 1
        longest = self.longest or 1
        while first < last:
            if not placed >> first & 1:
                first += 1
                continue
            rest = placed >> first + 1
            # A visit after the last session is none that ends an absence in between.
            step = min((rest & -rest).bit_length() or last - first, last - first)
            hole = (1 << step - 1) - 1 << first + 1
            if -(-step // longest) - 1 > sum(1 for each in free if each & hole):
                return True
            first += step
        return False

"""What the sessions of a plan cost, what is paid in advance, and what is still to pay."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Needed:
    """One session of a plan. `service` is what it is booked and sold as."""

    service: str
    is_done: bool
    is_optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One kind of session. Money in the clinic's currency; None where the clinic has set no price."""

    service: str
    sessions: int  # without the optional ones
    optional: int
    to_come: int
    price: Decimal | None
    prepaid: int  # sessions paid in advance and not used yet

    @property
    def total(self) -> Decimal | None:
        return None if self.price is None else self.price * self.sessions

    @property
    def covered(self) -> int:
        """Sessions to come that are paid for already."""
        return min(self.prepaid, self.to_come)

    @property
    def to_pay(self) -> Decimal | None:
        """For the sessions to come that nothing is paid for; those that were given are not asked about here."""
        left = self.to_come - self.covered
        return None if self.price is None and left else (self.price or Decimal(0)) * left


@dataclass(frozen=True, slots=True)
class Cost:
    """Every kind of session a plan asks for, in the order it first needs them."""

    lines: tuple[Line, ...]

    @property
    def total(self) -> Decimal:
        return sum((it.total for it in self.lines if it.total is not None), Decimal(0))

    @property
    def to_pay(self) -> Decimal:
        return sum((it.to_pay for it in self.lines if it.to_pay is not None), Decimal(0))

    @property
    def has_prices(self) -> bool:
        return any(it.price is not None for it in self.lines)

    @property
    def unpriced(self) -> int:
        """Sessions that the sums leave out."""
        return sum(it.sessions for it in self.lines if it.price is None)

    @property
    def prepaid(self) -> int:
        return sum(it.prepaid for it in self.lines)


def cost(sessions: Iterable[Needed], *, prices: Mapping[str, Decimal | None], prepaid: Mapping[str, int]) -> Cost:
    """Optional sessions are counted and left out of every sum: nobody pays for what may not be needed."""
    found: dict[str, list[Needed]] = {}
    for it in sessions:
        found.setdefault(it.service, []).append(it)
    return Cost(
        tuple(
            Line(
                service=service,
                sessions=sum(not it.is_optional for it in each),
                optional=sum(it.is_optional for it in each),
                to_come=sum(not (it.is_optional or it.is_done) for it in each),
                price=prices.get(service),
                prepaid=prepaid.get(service, 0),
            )
            for service, each in found.items()
        )
    )

"""Revenue beside cost, the days that they are of, and the currency that they are told in. Pure."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from portal.money.money import EXACT, round_to_minor
from portal.plans.proration import next_month
from portal.rates.cards import RateCard

RATIO = Decimal("0.0001")
MONTHS = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Days:
    """Days in UTC, half-open."""

    first: date
    until: date

    @property
    def months(self) -> Decimal:
        """How many months of the calendar: a part of one counts by its days."""
        return sum(
            (
                EXACT.divide(Decimal(part.count), Decimal(monthrange(month.year, month.month)[1]))
                for month, part in self.parts()
            ),
            Decimal(0),
        )

    @property
    def count(self) -> int:
        """How many days; none where it ends before it begins."""
        return max(0, (self.until - self.first).days)

    def parts(self) -> Iterator[tuple[date, "Days"]]:
        """The months, by their first day, with the days of each that are in it."""
        month = self.first.replace(day=1)
        while month < self.until:
            after = next_month(month)
            yield month, Days(max(self.first, month), min(self.until, after))
            month = after


@dataclass(frozen=True, slots=True)
class Figures:
    """What came in and what it cost, in one currency."""

    revenue: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(EXACT.add(self.revenue, other.revenue), EXACT.add(self.cost, other.cost))

    @property
    def gross_margin(self) -> Decimal:
        """Revenue - cost."""
        return EXACT.subtract(self.revenue, self.cost)

    @property
    def gross_margin_ratio(self) -> Decimal | None:
        """Gross margin / revenue; None without revenue."""
        return ratio(self.gross_margin, self.revenue)

    def rounded(self, currency: str) -> "Figures":
        """As they are told: each to the minor unit; the margin is the difference of what is told."""
        return Figures(round_to_minor(self.revenue, currency), round_to_minor(self.cost, currency))


@dataclass(slots=True)
class Conversion:
    """Amounts of several currencies in that of a rate card, by its exchange rates; it keeps which have none."""

    card: RateCard
    missing: set[str] = field(default_factory=set)

    def knows(self, currency: str) -> bool:
        """Whether the card has a rate for this currency."""
        return currency in {self.card.currency, *self.card.exchange_rates}

    def into_card(self, amount: Decimal, currency: str) -> Decimal:
        """The amount in the card's currency; nothing where the card has no rate."""
        rate = self._rate(currency)
        return Decimal(0) if rate is None else EXACT.divide(amount, rate)

    def from_card(self, amount: Decimal, currency: str) -> Decimal:
        """An amount of the card in another currency; nothing where the card has no rate."""
        rate = self._rate(currency)
        return Decimal(0) if rate is None else EXACT.multiply(amount, rate)

    def _rate(self, currency: str) -> Decimal | None:
        rate = Decimal(1) if currency == self.card.currency else self.card.exchange_rates.get(currency)
        if rate is None:
            self.missing.add(currency)
        return rate


def ratio(part: Decimal, whole: Decimal, grain: Decimal = RATIO) -> Decimal | None:
    """The quotient to so many decimals, half away from zero; None where it has no value."""
    return EXACT.divide(part, whole).quantize(grain, rounding=ROUND_HALF_UP, context=EXACT) if whole else None

"""What messages take of an allowance, of credits and of money: before they leave, and once they have. Pure.

A message that waits may settle on an earlier ordinal than it was accepted on, since others give theirs back. What is
reserved for it is the most that it may come to, so that a spend cap holds whatever becomes of the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from enum import StrEnum
from uuid import UUID

from portal.money.money import EXACT
from portal.pricing.bands import split
from portal.pricing.strategies import BandUsage, strategy_of
from portal.pricing.terms import AtLimit, PlanTerms, included
from portal.rates.cards import RateCard

GRAIN = Decimal("1E-12")
NOTHING = Decimal(0)


class Shortage(StrEnum):
    """What does not reach a message."""

    ALLOWANCE = "ALLOWANCE"
    CREDITS = "CREDITS"
    SPEND_CAP = "SPEND_CAP"


@dataclass(frozen=True, slots=True)
class Charge:
    """What a message takes until it settles."""

    units: int
    cost: Decimal  # by the rate card, in its currency
    price: Decimal  # the most that it may come to, in the plan's currency
    from_credits: int = 0  # of the units


NO_CHARGE = Charge(0, NOTHING, NOTHING)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a period stands: its units used, reserved and, of both together, those that credits paid for."""

    used: int
    reserved: int
    from_credits: int

    @property
    def committed(self) -> int:
        """The units that are spoken for."""
        return self.used + self.reserved


def may_cost(terms: PlanTerms, position: Position, units: int) -> bool:
    """Whether so many units more may come to any money."""
    limit = included(terms)
    return bool(terms.brackets) or (bool(terms.overage) and limit is not None and position.committed + units > limit)


class Prices:
    """The prices of a plan; each that is asked for again is known."""

    def __init__(self, terms: PlanTerms, card: RateCard) -> None:
        self.terms = terms
        self._card = card
        self._strategy = strategy_of(terms)
        self._known: dict[tuple[int, int, Decimal], Decimal] = {}

    def of(self, band: int, units: int, cost: Decimal) -> Decimal:
        """The exact price of so many units in a band; the cost is in the rate card's currency."""
        key = (band, units, cost)
        if key not in self._known:
            own = self._card.converted(cost, self.terms.currency) if self.terms.brackets else NOTHING
            self._known[key] = self._strategy.price(BandUsage(band, 1, units, own)).amount
        return self._known[key]

    def parts(self, before: int, units: int, cost: Decimal) -> list[BandUsage]:
        """A message behind the first `before` units, cut by bands: its cost by units, the last part takes the rest."""
        cut = split(self._strategy.bounds, before, units)
        shares = [_share(cost, part.units, units) for part in cut[:-1]]
        costs = [*shares, EXACT.subtract(cost, sum(shares, NOTHING))]
        return [
            BandUsage(part.band, 0 if place else 1, part.units, share)
            for place, (part, share) in enumerate(zip(cut, costs, strict=True))
        ]

    def at_most(self, used: int, before: int, units: int, cost: Decimal) -> Decimal:
        """The most that a message may come to, accepted behind `before` units of which `used` have settled."""
        if not self.terms.brackets:
            priced = [self.of(part.band, part.units, NOTHING) for part in split(self._strategy.bounds, before, units)]
            return sum(priced, NOTHING)
        (lowest,) = split(self._strategy.bounds, used, 1)
        dearest = max(self.of(band, units, cost) for band in range(lowest.band, len(self._strategy.bounds)))
        return dearest.quantize(GRAIN, rounding=ROUND_UP, context=EXACT)


class Budget:
    """What a send may take, and what it has taken so far: who comes first is served first."""

    def __init__(self, prices: Prices, position: Position, *, bought: int = 0, spend: Decimal | None = None) -> None:
        """`bought` are the units of credits; `spend` is what the cap leaves, None without one."""
        self._prices = prices
        self._position = position
        self._limit = included(prices.terms)
        self._bought = bought
        self._spend = spend
        self.units = 0
        self.from_credits = 0
        self.price = NOTHING

    def charge(self, units: int, cost: Decimal) -> Charge:
        """What one more message would take."""
        terms, position = self._prices.terms, self._position
        before = position.committed + self.units
        if self._limit is not None and before + units <= self._limit and not terms.brackets:
            return Charge(units, cost, NOTHING)
        price = self._prices.at_most(position.used, before, units, cost)
        over = units - self._room() if terms.at_limit is AtLimit.CREDITS else 0
        return Charge(units, cost, price, max(0, over))

    def shortage(self, charge: Charge) -> Shortage | None:
        """What does not reach it, or None."""
        terms = self._prices.terms
        if charge.from_credits > self._bought - self.from_credits:
            return Shortage.CREDITS
        if terms.at_limit is AtLimit.STOP and self._limit is not None and charge.units > self._room():
            return Shortage.ALLOWANCE
        if self._spend is not None and charge.price and self.price + charge.price > self._spend:
            return Shortage.SPEND_CAP
        return None

    def take(self, charge: Charge) -> None:
        """Let it have that."""
        self.units += charge.units
        self.from_credits += charge.from_credits
        self.price += charge.price

    def _room(self) -> int:
        """What the allowance has left, beside what credits paid for."""
        if self._limit is None:
            raise ValueError("without a limit there is always room")
        position = self._position
        taken = self.units - self.from_credits
        return max(0, self._limit - position.committed + position.from_credits - taken)


@dataclass(frozen=True, slots=True)
class Settling:
    """A message that has been handed over, with what it took."""

    message_id: UUID
    units: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Charged:
    """What settled: by band for the day's charges, and what each message came to."""

    bands: dict[int, BandUsage]
    prices: dict[UUID, Decimal]
    amount: Decimal


def settle(prices: Prices, used: int, messages: Sequence[Settling]) -> Charged:
    """Put messages on the ordinals behind those that are used, in their order."""
    bands: dict[int, BandUsage] = {}
    priced: dict[UUID, Decimal] = {}
    amount = NOTHING
    for message in messages:
        own = NOTHING
        for part in prices.parts(used, message.units, message.cost):
            bands[part.band] = _sum(bands.get(part.band), part)
            own = EXACT.add(own, prices.of(part.band, part.units, part.cost))
        used += message.units
        priced[message.message_id] = own.quantize(GRAIN, rounding=ROUND_DOWN, context=EXACT)
        amount = EXACT.add(amount, own)
    return Charged(bands, priced, amount)


def correction(prices: Prices, used: int, units: int, *, count: int, cost: Decimal) -> Charged:
    """The charges of messages that the provider counted and we did not; all negative: of those that only we counted.

    They are on the ordinals behind those that are used, or on the last of these. Which of them is a message of how many
    units nobody knows: messages and cost go by units, the first part takes the messages that are left over.
    """
    sign = 1 if units > 0 else -1
    cut = prices.parts(min(used, used + units), abs(units), abs(cost))
    counts = [sign * (abs(count) * part.units // abs(units)) for part in cut]
    counts[0] += count - sum(counts)
    bands = {
        part.band: BandUsage(part.band, own, sign * part.units, EXACT.multiply(sign, part.cost))
        for part, own in zip(cut, counts, strict=True)
    }
    amount = sum((prices.of(part.band, part.units, part.cost) for part in cut), NOTHING)
    return Charged(bands, {}, EXACT.multiply(sign, amount))


def _share(cost: Decimal, part: int, whole: int) -> Decimal:
    share = EXACT.divide(EXACT.multiply(cost, Decimal(part)), Decimal(whole))
    return share.quantize(GRAIN, rounding=ROUND_DOWN, context=EXACT)


def _sum(before: BandUsage | None, more: BandUsage) -> BandUsage:
    if before is None:
        return more
    cost = EXACT.add(before.cost, more.cost)
    return BandUsage(more.band, before.count + more.count, before.units + more.units, cost)

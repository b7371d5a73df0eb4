"""The five strategies: each prices the usage of a band, exactly, and says why. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from portal.money.money import EXACT, Money, shown
from portal.pricing.bands import Bounds
from portal.pricing.terms import MarginKind, PlanTerms, PricingStrategy


@dataclass(frozen=True, slots=True)
class BandUsage:
    """What settled in one band: messages, units of the allowance, and what they cost the ISV in the plan's currency."""

    band: int
    count: int
    units: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an explanation."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Priced:
    """An exact amount, and how it came about: for the tenant from its price on, for the operator from the cost."""

    amount: Decimal
    steps: tuple[Step, ...]
    operator_steps: tuple[Step, ...]


class Strategy(Protocol):
    """How a plan makes a price of usage, beside its fee. A price is linear in a band: prices of parts add up."""

    @property
    def bounds(self) -> Bounds:
        """The bands that ordinals fall into: of units of the allowance, in its period."""
        ...

    def price(self, usage: BandUsage) -> Priced:
        """The price of what settled in one band, not rounded."""
        ...


def strategy_of(terms: PlanTerms) -> Strategy:
    """The strategy that a plan's terms ask for."""
    return _STRATEGIES[terms.strategy](terms)


def at_ratio(cost: Decimal, ratio: Decimal, kind: MarginKind) -> Decimal:
    """The price that this margin or markup makes of a cost: a margin of 3 % on 100 is 103.09…, a markup 103."""
    if kind is MarginKind.MARKUP:
        return EXACT.multiply(cost, 1 + ratio)
    return EXACT.divide(cost, 1 - ratio)


def other_ratio(terms: PlanTerms) -> Decimal | None:
    """The ratio on what is no message; None: the fee covers it."""
    if terms.other_ratio is None and terms.strategy in {PricingStrategy.FIXED_MARGIN, PricingStrategy.DYNAMIC_MARGIN}:
        return terms.brackets[0].ratio
    return terms.other_ratio


@dataclass(frozen=True, slots=True)
class Margin:
    """Fixed and dynamic margin: the ordinal of a message decides its bracket, the bracket's ratio prices its cost."""

    terms: PlanTerms

    @property
    def bounds(self) -> Bounds:
        """The ends of the brackets; a fixed margin has one, which is open."""
        return tuple(bracket.up_to for bracket in self.terms.brackets)

    def price(self, usage: BandUsage) -> Priced:
        """Cost and ratio."""
        terms = self.terms
        kind = terms.margin_kind or MarginKind.MARGIN
        ratio = terms.brackets[usage.band].ratio
        amount = at_ratio(usage.cost, ratio, kind)
        steps = (Step("Messages", str(usage.count)), Step("At your price", _exact(amount, terms)))
        how = "Cost / (1 - margin)" if kind is MarginKind.MARGIN else "Cost * (1 + markup)"
        operator_steps = (
            Step("Messages", str(usage.count)),
            Step("Cost", _exact(usage.cost, terms)),
            Step("Margin" if kind is MarginKind.MARGIN else "Markup", str(ratio)),
            Step(how, _exact(amount, terms)),
        )
        return Priced(amount, steps, operator_steps)


@dataclass(frozen=True, slots=True)
class Tier:
    """Tiers, with overage or without: the fee covers the allowance, each unit over it has its price."""

    terms: PlanTerms

    @property
    def bounds(self) -> Bounds:
        """The allowance, and what is over it."""
        return (None,) if self.terms.amount is None else (self.terms.amount, None)

    def price(self, usage: BandUsage) -> Priced:
        """Nothing inside the allowance; over it units * overage."""
        terms = self.terms
        unit = terms.unit.value.lower()
        cost = Step("Cost", _exact(usage.cost, terms))
        if usage.band == 0:
            steps: tuple[Step, ...] = (Step(unit.capitalize(), str(usage.units)), Step("Covered by", "the plan's fee"))
            return Priced(Decimal(0), steps, (*steps, cost))
        overage = terms.overage or Decimal(0)
        amount = EXACT.multiply(Decimal(usage.units), overage)
        steps = (
            Step(f"{unit.capitalize()} over the allowance", str(usage.units)),
            Step("Price of each", _exact(overage, terms)),
            Step("Together", _exact(amount, terms)),
        )
        return Priced(amount, steps, (*steps, cost))


@dataclass(frozen=True, slots=True)
class Credits:
    """Credits: what is used was paid for with its pack."""

    terms: PlanTerms

    @property
    def bounds(self) -> Bounds:
        """One band."""
        return (None,)

    def price(self, usage: BandUsage) -> Priced:
        """Nothing: the lots are debited in units."""
        steps = (
            Step(self.terms.unit.value.capitalize(), str(usage.units)),
            Step("Covered by", "credits, as their statement shows"),
        )
        return Priced(Decimal(0), steps, (*steps, Step("Cost", _exact(usage.cost, self.terms))))


def _exact(amount: Decimal, terms: PlanTerms) -> str:
    return shown(Money(amount, terms.currency), exact=True)


_STRATEGIES: dict[PricingStrategy, type[Margin] | type[Tier] | type[Credits]] = {
    PricingStrategy.FIXED_MARGIN: Margin,
    PricingStrategy.DYNAMIC_MARGIN: Margin,
    PricingStrategy.TIER: Tier,
    PricingStrategy.TIER_WITH_OVERAGE: Tier,
    PricingStrategy.CREDITS: Credits,
}

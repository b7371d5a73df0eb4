"""What a plan says about money. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from portal.plans.periods import AllowancePeriod


class PricingStrategy(StrEnum):
    """How a plan makes a price."""

    FIXED_MARGIN = "FIXED_MARGIN"
    DYNAMIC_MARGIN = "DYNAMIC_MARGIN"
    TIER = "TIER"
    TIER_WITH_OVERAGE = "TIER_WITH_OVERAGE"
    CREDITS = "CREDITS"


class MarginKind(StrEnum):
    """What a ratio is of: the price (price = cost / (1 - ratio)) or the cost (price = cost * (1 + ratio))."""

    MARGIN = "MARGIN"
    MARKUP = "MARKUP"


class PlanPeriod(StrEnum):
    """What a plan's fee is for."""

    MONTH = "MONTH"
    YEAR = "YEAR"


class UsageUnit(StrEnum):
    """What an allowance counts."""

    MESSAGES = "MESSAGES"
    SEGMENTS = "SEGMENTS"


class AtLimit(StrEnum):
    """What happens when an allowance is used up."""

    STOP = "STOP"
    OVERAGE = "OVERAGE"
    CREDITS = "CREDITS"


@dataclass(frozen=True, slots=True)
class MarginBracket:
    """The margin on the messages up to an ordinal of the month; the last bracket is open (`up_to` None)."""

    up_to: int | None
    ratio: Decimal  # 0.05 is 5 percent


@dataclass(frozen=True, slots=True)
class CreditPack:
    """What can be bought: so many credits, worth so many units of the plan's allowance."""

    credits: int
    units: int
    price: Decimal
    valid_days: int | None = None  # None: they do not expire

    @property
    def units_per_credit(self) -> Decimal:
        """What one credit of this pack is worth: packs differ, so a credit has no value of its own."""
        return (Decimal(self.units) / self.credits).quantize(Decimal("1E-6")).normalize()


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """All that prices depend on; amounts are in `currency`."""

    strategy: PricingStrategy
    currency: str
    fee: Decimal = Decimal(0)
    period: PlanPeriod = PlanPeriod.MONTH
    amount: int | None = None  # of the allowance; None: no limit
    unit: UsageUnit = UsageUnit.MESSAGES
    per: AllowancePeriod = AllowancePeriod.MONTH
    at_limit: AtLimit = AtLimit.STOP
    overage: Decimal | None = None  # for each unit over the allowance
    margin_kind: MarginKind | None = None
    brackets: tuple[MarginBracket, ...] = ()
    other_ratio: Decimal | None = None  # on what is no message (calls, numbers, what comes in); None: the fee covers it
    packs: tuple[CreditPack, ...] = ()


def included(terms: PlanTerms) -> int | None:
    """The units of a period that neither overage nor credits pay for; None: no limit."""
    return 0 if terms.amount is None and terms.strategy is PricingStrategy.CREDITS else terms.amount

"""What an operator says of a plan, and the problems that it can have."""

from decimal import Decimal

import strawberry

from portal.plans.checking import PlanContent
from portal.plans.periods import AllowancePeriod
from portal.pricing.terms import (
    CreditPack,
    MarginBracket,
    MarginKind,
    PlanPeriod,
    PlanTerms,
    PricingStrategy,
    UsageUnit,
)
from portal_schema.scalars import CountryCode, CurrencyCode


@strawberry.input(description="How much a plan allows.")
class PlanAllowanceInput:
    """The plan's side of an allowance; what happens when it is used up follows from the strategy."""

    amount: int | None = strawberry.field(default=None, description="How much in a period; null: no limit.")
    unit: UsageUnit = strawberry.field(default=UsageUnit.MESSAGES, description="What is counted.")
    per: AllowancePeriod = strawberry.field(default=AllowancePeriod.MONTH, description="How often it begins anew.")


@strawberry.input(description="The margin on the messages behind the bracket before, up to an ordinal of the month.")
class PlanBracketInput:
    """A bracket; each begins where the one before it ends, so they can neither overlap nor leave a gap."""

    up_to: int | None = strawberry.field(
        default=None, description="The last message of it in a month; null: it is open, as the last one has to be."
    )
    margin_ratio: Decimal = strawberry.field(description="The margin or markup: 0.05 is 5 percent.")


@strawberry.input(description="Credits that can be bought together.")
class CreditPackInput:
    """A pack."""

    credits: int = strawberry.field(description="How many credits; no other pack of the plan has as many.")
    units: int = strawberry.field(description="What may be sent with them, in the unit of the allowance.")
    price: Decimal = strawberry.field(description="What the pack costs, net of tax, in the plan's currency.")
    valid_days: int | None = strawberry.field(
        default=None, description="For how many days after the purchase; null: for ever."
    )


@strawberry.input(
    description="All that a version of a plan says. Amounts are net of tax, in `currency`, with its decimals at most; "
    "`overage` may have 10."
)
class PlanInput:
    """A plan as it is drafted, published or tried out."""

    name: str = strawberry.field(description="Its name: 1 to 60 characters. A name that is there gets a new version.")
    description: str = strawberry.field(default="", description="What it is for: at most 500 characters.")
    strategy: PricingStrategy = strawberry.field(description="How it makes a price.")
    currency: CurrencyCode = strawberry.field(description="The currency of all of its prices.")
    fee: Decimal = strawberry.field(default=Decimal(0), description="What it costs in `period`, whatever is used.")
    period: PlanPeriod = strawberry.field(default=PlanPeriod.MONTH, description="What the fee is for.")
    allowance: PlanAllowanceInput = strawberry.field(
        default_factory=PlanAllowanceInput, description="What may be sent with it."
    )
    overage: Decimal | None = strawberry.field(
        default=None, description="What each unit over the allowance costs; for tiers with overage alone."
    )
    margin_kind: MarginKind | None = strawberry.field(
        default=None, description="What its ratios are of; for plans with ratios alone."
    )
    brackets: list[PlanBracketInput] = strawberry.field(
        default_factory=list,
        description="A fixed margin has one, which is open; a dynamic one has rising ones, the last open.",
    )
    other_ratio: Decimal | None = strawberry.field(
        default=None,
        description="The margin or markup on what is no sent message. Null: a fixed margin's own, a dynamic one's "
        "first; for all others the fee covers that.",
    )
    credit_packs: list[CreditPackInput] = strawberry.field(
        default_factory=list, description="The packs that can be bought; for plans with credits alone."
    )
    countries: list[CountryCode] = strawberry.field(
        default_factory=lambda: [CountryCode("US")],
        description="Where messages may go; to the United States alone unless given. An empty list is everywhere: "
        "give one only where that is meant.",
    )
    throughput: Decimal = strawberry.field(default=Decimal(1), description="Messages a second; at most 3 decimals.")
    features: list[str] = strawberry.field(
        default_factory=list, description="What else is in it, in words for people: at most 20 of 80 characters."
    )

    def content(self) -> PlanContent:
        """The plan as the business takes it."""
        terms = PlanTerms(
            strategy=self.strategy,
            currency=self.currency,
            fee=self.fee,
            period=self.period,
            amount=self.allowance.amount,
            unit=self.allowance.unit,
            per=self.allowance.per,
            overage=self.overage,
            margin_kind=self.margin_kind,
            brackets=tuple(MarginBracket(one.up_to, one.margin_ratio) for one in self.brackets),
            other_ratio=self.other_ratio,
            packs=tuple(CreditPack(one.credits, one.units, one.price, one.valid_days) for one in self.credit_packs),
        )
        return PlanContent(
            self.name, self.description, terms, tuple(self.countries), self.throughput, tuple(self.features)
        )

"""Money in the schema."""

from decimal import Decimal

import strawberry

from portal.money.money import Money as Amount
from portal.pricing.strategies import Step
from portal.usage.costing import PriceBasis
from portal_schema.enums import describe
from portal_schema.guards import requires
from portal_schema.scalars import CurrencyCode

describe(
    PriceBasis,
    "What a price goes by.",
    ESTIMATED="By the rate card; it changes once the carriers' price is known.",
    FINAL="By what is known for good.",
    INCLUDED="The plan's fee covers it.",
)


@strawberry.type(
    description="An amount of money. What is owed has its currency's decimals; a price of one message may have more.",
    directives=requires(),
)
class Money:
    """An amount; what the business counts with becomes it by `of`."""

    amount: Decimal = strawberry.field(description="How much, exactly.")
    currency: CurrencyCode = strawberry.field(description="Of which currency.")

    @classmethod
    def of(cls, money: Amount) -> "Money":
        """The amount in the schema."""
        return cls(amount=money.amount, currency=CurrencyCode(money.currency))


@strawberry.input(description="An amount of money to be set.")
class MoneyInput:
    """An amount; it becomes what the business counts with by `given`."""

    amount: Decimal = strawberry.field(description="How much, with no more decimals than the currency has.")
    currency: CurrencyCode = strawberry.field(description="Of which currency.")

    def given(self) -> Amount:
        """The amount as the business takes it."""
        return Amount(self.amount, self.currency)


@strawberry.type(description="One step of how an amount came about.", directives=requires())
class ExplanationStep:
    """A step; those of `portal.pricing` become it by `of`."""

    label: str = strawberry.field(description="What it is.")
    value: str = strawberry.field(description="How much, for people.")

    @classmethod
    def of(cls, step: Step) -> "ExplanationStep":
        """The step in the schema."""
        return cls(label=step.label, value=step.value)

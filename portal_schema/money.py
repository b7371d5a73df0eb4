"""Money in the schema."""

from decimal import Decimal

import strawberry

from portal.money.money import Money as Amount
from portal_schema.guards import requires
from portal_schema.scalars import CurrencyCode


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

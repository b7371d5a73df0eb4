"""Amounts of money, and the one rule by which they are rounded.

What is owed is rounded half away from zero to the currency's minor unit, once for each line of an invoice. All before
that is exact, and a total is the sum of its rounded lines.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from babel.core import get_global
from babel.numbers import format_currency, get_currency_precision

# Enough for exact sums of any costs; ROUND_HALF_UP is away from zero, so that a credit note mirrors its line.
EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency by ISO 4217."""

    amount: Decimal
    currency: str

    def rounded(self) -> "Money":
        """As it is owed."""
        return Money(round_to_minor(self.amount, self.currency), self.currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(EXACT.add(self.amount, self._of_same(other)), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(EXACT.subtract(self.amount, self._of_same(other)), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def _of_same(self, other: "Money") -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"{other.currency} cannot be added to {self.currency}")
        return other.amount


def is_currency(code: str) -> bool:
    """Whether this is a currency that is in use somewhere, by its ISO 4217 code."""
    return code in _IN_USE


def minor_unit(currency: str) -> Decimal:
    """The smallest amount that can be owed: 0.01 of USD, 1 of JPY, 0.001 of KWD."""
    return Decimal(1).scaleb(-get_currency_precision(currency))


def round_to_minor(amount: Decimal, currency: str) -> Decimal:
    """The amount as it is owed; there is no negative zero."""
    return amount.quantize(minor_unit(currency), context=EXACT) + Decimal(0)


def total(currency: str, amounts: Iterable[Decimal]) -> Money:
    """The exact sum."""
    summed = Decimal(0)
    for amount in amounts:
        summed = EXACT.add(summed, amount)
    return Money(summed, currency)


def shown(money: Money, locale: str = "en_US", *, exact: bool = False) -> str:
    """For people: $1,234.50; with `exact` all its digits, as prices of a single message need."""
    return str(format_currency(money.amount, money.currency, locale=locale, decimal_quantization=not exact))


_IN_USE = frozenset(
    code
    for used in get_global("territory_currencies").values()
    for code, _, until, is_tender in used
    if is_tender and until is None
)

"""What a day's usage really cost: the provider's price, once it is final, spread over what it was used for. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum

from portal.money.money import EXACT
from portal.plans.proration import first_instant

_GRAIN = Decimal("1E-12")
SETTLES_AFTER = timedelta(0)  # how far the provider's count has to be past the end of a day


class PriceBasis(StrEnum):
    """What a price goes by."""

    ESTIMATED = "ESTIMATED"
    FINAL = "FINAL"
    INCLUDED = "INCLUDED"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a day's usage: its units, and its cost by the rate card."""

    units: int
    estimate: Decimal


def is_final(day: date, as_of: datetime) -> bool:
    """Whether a count as of this instant holds the whole day."""
    return as_of >= first_instant(day + timedelta(days=1)) + SETTLES_AFTER


def final_costs(parts: Sequence[Part], price: Decimal | None) -> list[Decimal]:
    """What each part cost, in their order: its share of the provider's price by its estimate, without one the estimate.

    Where all estimates are nothing, shares go by units. The last part takes what rounding leaves: the sum is exact.
    """
    if price is None or not parts:
        return [part.estimate for part in parts]
    weights = [part.estimate for part in parts]
    if not sum(weights):
        weights = [Decimal(part.units) for part in parts]
    whole = sum(weights, Decimal(0))
    shares = [
        EXACT.divide(EXACT.multiply(price, weight), whole).quantize(_GRAIN, rounding=ROUND_DOWN, context=EXACT)
        if whole
        else Decimal(0)
        for weight in weights[:-1]
    ]
    return [*shares, EXACT.subtract(price, sum(shares, Decimal(0)))]

"""What rate cards need of the provider: its own price list. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

ELSEWHERE = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """The price of a segment, a minute or a piece of a category in a country, or everywhere else."""

    category: str
    country: str  # by ISO 3166-1 alpha-2, or ELSEWHERE
    price: Decimal


@dataclass(frozen=True, slots=True)
class PriceList:
    """What the provider asks the ISV for, country by country."""

    currency: str
    rates: tuple[Rate, ...]


class PriceLists(Protocol):
    """Reads the provider's price list, as it is for the ISV."""

    async def read(self, countries: Sequence[str] | None) -> PriceList:
        """The prices of these countries, or of all that there are; a country that it does not know has none.

        Raises:
            ProviderUnavailableError: the provider did not answer, or refused; try again later.
        """
        ...

"""What the portal needs of the provider's own count of usage. Pure."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from portal.messages.provider import ProviderCredentials


@dataclass(frozen=True, slots=True)
class ProviderUsage:
    """The provider's count of one category on one day, in UTC. Categories nest and overlap: never sum them all."""

    day: date
    category: str
    count: Decimal
    count_unit: str
    usage: Decimal
    usage_unit: str
    price: Decimal  # what the ISV pays
    price_unit: str  # a currency by ISO 4217, in capitals
    as_of: datetime


class UsageRecords(Protocol):
    """Reads the provider's usage records of one tenant's account, without those of any other."""

    def daily(self, credentials: ProviderCredentials, first: date, until: date) -> AsyncIterator[ProviderUsage]:
        """The records of these days, half-open: of each day that has any its `totalprice`, and what was used.

        A category that is left out of such a day has nothing, also where an earlier answer had something.

        Raises:
            ProviderUnavailableError: the provider did not answer, or refused; try again later.
        """
        ...

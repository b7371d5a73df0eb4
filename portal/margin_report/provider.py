"""What the report needs of the provider: to read an account with its subaccounts, and nothing else. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class AccountCredentials:
    """Access to an account: its SID and token, or an API key of it in their place."""

    account_sid: str
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Subaccount:
    """An account that stands for a customer."""

    sid: str
    name: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class MonthlyUsage:
    """What was counted of one category in one month, in UTC. Categories nest and overlap."""

    month: date
    category: str
    count: Decimal
    usage: Decimal
    price: Decimal  # what the ISV pays
    currency: str


class AccountUnavailableError(Exception):
    """The provider did not answer, or refused; its text says what to do and names no secret."""


class AccountUsage(Protocol):
    """Reads an account. It never changes anything there."""

    async def subaccounts(self, credentials: AccountCredentials) -> Sequence[Subaccount]:
        """All of them, without the account itself and without what is closed.

        Raises:
            AccountUnavailableError: no answer, or these credentials may not list them.
        """
        ...

    async def monthly(
        self, credentials: AccountCredentials, account_sid: str, first: date, until: date, *, with_subaccounts: bool
    ) -> Sequence[MonthlyUsage]:
        """An account's usage of these months, half-open, alone or with all below it.

        Raises:
            AccountUnavailableError: no answer, or a refusal.
        """
        ...

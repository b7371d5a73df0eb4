"""Reads an account with its subaccounts for the margin report: by GET alone, again where Twilio asks to wait."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from twilio.base.exceptions import TwilioException

from portal.margin_report.provider import AccountCredentials, AccountUnavailableError, MonthlyUsage, Subaccount
from twilio_gateway.client import ReadAccount
from twilio_gateway.http import ErrorAnswerError, PortalTwilioHttp, TwilioFailureError
from twilio_gateway.patience import Patience

_PAGE = 1_000  # the most that Twilio gives
_PATIENCE = Patience(tries=6, longest_wait=60)
_REFUSALS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


class TwilioAccountUsage:
    """Implements the port `portal.margin_report.provider.AccountUsage`."""

    def __init__(self, http: PortalTwilioHttp, patience: Patience = _PATIENCE) -> None:
        self._http = http
        self._patience = patience

    async def subaccounts(self, credentials: AccountCredentials) -> list[Subaccount]:
        """All that are not closed, without the account itself."""
        account = ReadAccount(self._http, credentials, credentials.account_sid)
        found = await self._patiently(lambda: account.accounts.list_async(page_size=_PAGE))
        return [
            Subaccount(one.sid, one.friendly_name or one.sid, str(one.status) == "active")
            for one in found  # each has its auth token beside it, which goes nowhere from here
            if one.sid != credentials.account_sid and str(one.status) != "closed"
        ]

    async def monthly(
        self, credentials: AccountCredentials, account_sid: str, first: date, until: date, *, with_subaccounts: bool
    ) -> list[MonthlyUsage]:
        """The records of these months in which there was anything."""
        account = ReadAccount(self._http, credentials, account_sid)
        found = await self._patiently(
            lambda: account.monthly_usage.list_async(
                start_date=first,
                end_date=until - timedelta(days=1),  # inclusive
                include_subaccounts=with_subaccounts,
                page_size=_PAGE,
            )
        )
        return [
            _usage(record)
            for record in found
            if record.category == "totalprice" or any(map(_number, (record.count, record.usage, record.price)))
        ]

    async def _patiently(self, read: Callable[[], Awaitable[list[Any]]]) -> list[Any]:
        try:
            return await self._patience.read(read)
        except ErrorAnswerError as error:
            if error.status in _REFUSALS:
                message = "Twilio refuses these credentials there: an API key does not reach subaccounts."
                raise AccountUnavailableError(message) from None
            raise AccountUnavailableError(f"Twilio refuses to answer: {error}.") from None
        except TwilioFailureError:
            message = f"Twilio did not answer, tried {self._patience.tries} times: try again later."
            raise AccountUnavailableError(message) from None
        except (TwilioException, ValueError, TypeError, AttributeError, ArithmeticError) as error:
            message = f"Twilio's answer makes no sense: {type(error).__name__}."
            raise AccountUnavailableError(message) from None


def _usage(record: Any) -> MonthlyUsage:
    return MonthlyUsage(
        month=date.fromisoformat(str(record.start_date)).replace(day=1),
        category=record.category,
        count=_number(record.count),
        usage=_number(record.usage),
        price=_number(record.price),
        currency=record.price_unit.upper(),
    )


def _number(value: object) -> Decimal:
    return Decimal(str(value or 0))

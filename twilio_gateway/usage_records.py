"""Reads Twilio's usage records: what it counted of a subaccount each day, and what it asks the ISV for that."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from portal.messages.provider import ProviderCredentials
from portal.usage.provider import ProviderUsage
from twilio_gateway.client import TenantAccount
from twilio_gateway.http import PortalTwilioHttp
from twilio_gateway.messages import told_unavailable
from twilio_gateway.numbers import exact
from twilio_gateway.patience import Patience

_PAGE = 1000  # the most that Twilio allows
_PATIENCE = Patience(tries=3, longest_wait=10)  # of each page: who reads many days asks for many of them
_TOTAL = "totalprice"


class TwilioUsageRecords:
    """Implements the port `portal.usage.provider.UsageRecords`."""

    def __init__(self, http: PortalTwilioHttp, patience: Patience = _PATIENCE) -> None:
        self._http = http
        self._patience = patience

    async def daily(self, credentials: ProviderCredentials, first: date, until: date) -> AsyncIterator[ProviderUsage]:
        """The records of these days, half-open: what was used, and of each day the total.

        Twilio lists some 600 categories of each day, nearly all of them empty, and includes what other accounts used
        unless it is told not to.

        Raises:
            ProviderUnavailableError: no answer, or none that makes sense.
        """
        if first >= until:
            return
        records = TenantAccount(self._http, credentials).daily_usage
        following = partial(
            records.page_async,
            start_date=first,
            end_date=until - timedelta(days=1),  # inclusive
            include_subaccounts=False,
            page_size=_PAGE,
        )
        while True:
            with told_unavailable():
                page = await self._patience.read(following)
                if page is None:
                    return
                found = _read(page)
            for usage in found:
                yield usage
            following = page.next_page_async


def _read(page: Any) -> list[ProviderUsage]:
    records = [_usage(record) for record in page]
    return [one for one in records if one.category == _TOTAL or one.count or one.usage or one.price]


def _usage(record: Any) -> ProviderUsage:
    return ProviderUsage(
        day=date.fromisoformat(str(record.start_date)),
        category=record.category,
        count=exact(record.count),
        count_unit=record.count_unit or "",
        usage=exact(record.usage),
        usage_unit=record.usage_unit or "",
        price=exact(record.price),
        price_unit=record.price_unit.upper(),
        as_of=datetime.fromisoformat(record.as_of).astimezone(UTC),
    )

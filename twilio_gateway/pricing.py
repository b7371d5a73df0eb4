"""Reads Twilio's price lists: what it asks the ISV for messages, calls and numbers, country by country."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from portal.messages.provider import ProviderUnavailableError
from portal.rates.provider import PriceList, Rate
from twilio_gateway.client import ParentAccount
from twilio_gateway.http import ErrorAnswerError, PortalTwilioHttp
from twilio_gateway.messages import told_unavailable
from twilio_gateway.numbers import exact
from twilio_gateway.patience import Patience

_AT_ONCE = 4  # Twilio does not say how many requests it bears; each country takes three
_PATIENCE = Patience(tries=4, longest_wait=5)  # an operator waits for the answer
_PAGE = 1000
_NOT_FOUND = 404
# A tenant's numbers are local ones where there are any; in some countries there are none.
_KINDS = ("local", "mobile", "national")


class TwilioPriceLists:
    """Implements the port `portal.rates.provider.PriceLists`."""

    def __init__(
        self, http: PortalTwilioHttp, parent_sid: str, parent_token: str, patience: Patience = _PATIENCE
    ) -> None:
        self._parent = ParentAccount(http, parent_sid, parent_token)
        self._patience = patience

    async def read(self, countries: Sequence[str] | None) -> PriceList:
        """The prices of these countries, or of all that Twilio lists: those in force, not the base prices.

        A message is at the highest price of the country's carriers, since it is not known which of them will be asked
        for; a call at that of the country's shortest prefix, which holds wherever no longer one does.

        Raises:
            ProviderUnavailableError: no answer, or none that makes sense.
        """
        turn = asyncio.Semaphore(_AT_ONCE)
        with told_unavailable():
            pricing = await asyncio.to_thread(lambda: self._parent.pricing)  # it imports on first touch
            if countries is None:
                every = pricing.v1.messaging.countries
                listed = await self._patience.read(lambda: every.list_async(page_size=_PAGE))
                countries = [country.iso_country for country in listed]
            tasks = [asyncio.ensure_future(self._country(pricing, country, turn)) for country in countries]
            try:
                lists = await asyncio.gather(*tasks)
            finally:
                for task in tasks:  # after a failure nobody waits for the rest
                    task.cancel()
        currencies = {currency for currency, _ in lists if currency}
        if len(currencies) != 1:
            raise ProviderUnavailableError("Twilio's prices are not in one currency")
        return PriceList(currencies.pop(), tuple(rate for _, rates in lists for rate in rates))

    async def _country(self, pricing: Any, country: str, turn: asyncio.Semaphore) -> tuple[str, list[Rate]]:
        async with turn:
            messaging = await self._found(pricing.v1.messaging.countries(country).fetch_async)
            voice = await self._found(pricing.v2.voice.countries(country).fetch_async)
            numbers = await self._found(pricing.v1.phone_numbers.countries(country).fetch_async)
        prices = {
            "sms-outbound": messaging and _highest(messaging.outbound_sms_prices),
            "sms-inbound": messaging and _of_kind(messaging.inbound_sms_prices),
            "calls-outbound": voice and _general(voice.outbound_prefix_prices),
            "calls-inbound": voice and _of_kind(voice.inbound_call_prices),
            "phonenumbers": numbers and _of_kind(numbers.phone_number_prices),
        }
        units = [one.price_unit.upper() for one in (messaging, voice, numbers) if one is not None]
        if len(set(units)) > 1:
            raise ValueError("prices of one country in two currencies")
        rates = [Rate(category, country, price) for category, price in prices.items() if price is not None]
        return (units[0] if units else ""), rates

    async def _found(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """What was asked for, or None where Twilio sells nothing of it."""
        try:
            return await self._patience.read(ask)
        except ErrorAnswerError as error:
            if error.status != _NOT_FOUND:
                raise
            return None


def _highest(carriers: Iterable[Mapping[str, Any]] | None) -> Decimal | None:
    """The highest of all carriers' prices, each for the kind of number that a tenant has."""
    prices = [price for carrier in carriers or () if (price := _of_kind(carrier["prices"])) is not None]
    return max(prices, default=None)


def _of_kind(prices: Iterable[Mapping[str, Any]] | None) -> Decimal | None:
    """The price for a local number, else for the next kind that there is."""
    by_kind = {one["number_type"]: exact(one["current_price"]) for one in prices or ()}
    known = (by_kind[kind] for kind in _KINDS if kind in by_kind)
    return next(known, max(by_kind.values(), default=None))


def _general(prices: Iterable[Mapping[str, Any]] | None) -> Decimal | None:
    """The price of the shortest prefix; of several of that length the highest."""
    found = [
        (-len(prefix), exact(one["current_price"])) for one in prices or () for prefix in one["destination_prefixes"]
    ]
    return max(found)[1] if found else None
